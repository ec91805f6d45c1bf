package cluster

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/cli/screen"
	"github.com/rehearsal-dev/rehearsal/pkg/terminal"
)

// activeRun is a row in the list of runs.
type activeRun struct {
	pull v1alpha1.Pull
	run  runView
}

// active returns the runs that are not over, sorted like the Rehearsals.
func active(all []*v1alpha1.Rehearsal) []activeRun {
	var rows []activeRun
	for _, rh := range all {
		for _, r := range rh.Status.Runs {
			if !r.State.Done() {
				rows = append(rows, activeRun{rh.Spec.Pull, runView{RunStatus: r, pull: rh.Spec.Pull}})
			}
		}
	}
	return rows
}

// latest returns the last run of each pull request, over or not. A pull request without
// runs gets a row without one.
func latest(all []v1alpha1.Rehearsal) []activeRun {
	var rows []activeRun
	for _, rh := range all {
		row := activeRun{pull: rh.Spec.Pull}
		row.run.pull = rh.Spec.Pull
		if n := len(rh.Status.Runs); n > 0 {
			row.run.RunStatus = rh.Status.Runs[n-1]
		} else if rh.Status.Pull != nil {
			row.run.Head = rh.Status.Pull.Head
		}
		rows = append(rows, row)
	}
	return rows
}

// listFrame returns a table of runs.
func listFrame(all []activeRun, width int, now time.Time) *screen.Frame {
	f := &screen.Frame{Width: width, Now: now}
	if len(all) == 0 {
		f.Add(nothingGoesOn)
		return f
	}
	rows := [][]string{{"PULL", "HEAD", "BY", "TIME", "STATE"}}
	for _, a := range all {
		state, by := "nothing run yet", "-"
		if a.run.ID != "" {
			state, by = a.run.state(), terminal.Plain(a.run.By)
		}
		rows = append(rows, []string{nameOf(a.pull), screen.OrDash(fmt.Sprintf("%.10s", a.run.Head)), by, span(a.run.lasted(now)), state})
	}
	columns := screen.ColumnsOf(rows)
	f.Head = 1
	for n, row := range rows {
		f.Add("%s", columns.Row(row))
		if n > 0 && all[n-1].run.ID != "" {
			state := all[n-1].run.State
			f.Paint(string(state), columns.Total(), stateColour(state))
		}
	}
	return f
}

func newList() *cobra.Command {
	var a Address
	var everything bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the running rehearsals, or all known pull requests",
		Long:  "List the running rehearsals. With --all, list every known pull request with its\nlatest run.",
		Args:  atMost(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.connect()
			if err != nil {
				return err
			}
			all, err := c.all(cmd.Context())
			if err != nil {
				return err
			}
			rows := latest(all)
			if !everything {
				rows = active(pointers(all))
			}
			out := cmd.OutOrStdout()
			for _, l := range listFrame(rows, screen.Width(out), time.Now()).Lines {
				if _, err := fmt.Fprintln(out, l.Text); err != nil {
					return err
				}
			}
			return nil
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	a.Add(cmd)
	cmd.Flags().BoolVarP(&everything, "all", "A", false, "list every known pull request")
	return cmd
}

func pointers[T any](all []T) []*T {
	out := make([]*T, len(all))
	for i := range all {
		out[i] = &all[i]
	}
	return out
}
