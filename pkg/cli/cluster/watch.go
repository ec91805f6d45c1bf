package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/cli/program"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/rehearsal/resources"
)

const watchHelp = `Watch running rehearsals.

With a pull request, its active runs are shown until the last of them has
ended; with the name or id of a run, that run. A run that has already ended is shown
once. Without arguments, all running rehearsals are shown until Ctrl-C.

On a terminal the table is redrawn in place; elsewhere each change is a line. A
table that does not fit is shortened to what matters most. Arrows, j and k, PgUp and
PgDn, g and G scroll through all of it; s shortens it again. q or Ctrl-C stops
watching, not the rehearsal; rehearse abort does that.

` + pullHelp + `

` + program.ExitHelp

const watchExamples = `  # Everything that is running
  rehearse watch

  # One pull request, to its end
  rehearse watch acme/release#1234

  # In a script
  rehearse watch acme/release#1234 >log && echo passed`

func newWatch() *cobra.Command {
	var a Address
	cmd := &cobra.Command{
		Use:     "watch [PULL|RUN]",
		Short:   "Watch running rehearsals",
		Long:    watchHelp,
		Example: watchExamples,
		Args:    atMost(1, "one pull request or run"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect()
			if err != nil {
				return err
			}
			if len(args) == 0 {
				return c.watchAll(cmd.Context(), cmd.OutOrStdout())
			}
			rh, id, err := c.findRun(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			var chosen []string
			if id != "" {
				chosen = []string{id}
			}
			return c.watchRuns(cmd.Context(), cmd.OutOrStdout(), rh, chosen)
		},
		ValidArgsFunction: completePull(&a),
	}
	a.Add(cmd)
	return cmd
}

// findRun returns the Rehearsal of a pull request or a run. For a run it also returns its
// id.
func (c *cluster) findRun(ctx context.Context, argument string) (*v1alpha1.Rehearsal, string, error) {
	if _, err := parsePull(argument); err == nil || argument == here || strings.ContainsAny(argument, "/#") {
		rh, err := c.find(ctx, argument)
		return rh, "", err
	}
	all, err := c.all(ctx)
	if err != nil {
		return nil, "", err
	}
	for i := range all {
		for _, r := range all[i].Status.Runs {
			if argument == r.ID || argument == r.PipelineRun || argument == resources.RunName(&all[i], r.ID) {
				return &all[i], r.ID, nil
			}
		}
	}
	return nil, "", fmt.Errorf("%q is neither a pull request (ORG/REPO#NUMBER) nor a known run; `rehearse list` shows the running ones", argument)
}

// watchRuns shows the chosen runs of a pull request until they are over. Without a choice
// it takes the runs in progress, or else the latest.
func (c *cluster) watchRuns(ctx context.Context, out io.Writer, rh *v1alpha1.Rehearsal, chosen []string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w, err := c.lookAfter(ctx, rh)
	if err != nil {
		return interrupted(ctx, err)
	}
	d := newDisplay(out, w)
	defer d.close()
	for {
		s := w.look()
		if len(s.rehearsals) == 0 {
			return errors.New("the Rehearsal was deleted")
		}
		now := s.rehearsals[0]
		chosen = widen(now, chosen)
		var runs []runView
		over := len(chosen) > 0
		for _, r := range now.Status.Runs {
			if slices.Contains(chosen, r.ID) {
				runs = append(runs, s.viewRun(now, r))
				over = over && r.State.Done()
			}
		}
		if len(chosen) == 0 && !expected(now) {
			return fmt.Errorf("nothing has been run for %s yet; `rehearse run %s` runs a sample of what it affects", nameOf(now.Spec.Pull), nameOf(now.Spec.Pull))
		}
		if err := d.showRuns(now, runs, over); err != nil {
			return err
		}
		if over {
			return endOf(statusesOf(runs)...)
		}
		if err := d.wait(ctx); err != nil {
			return err
		}
	}
}

func statusesOf(runs []runView) []v1alpha1.RunStatus {
	var all []v1alpha1.RunStatus
	for _, r := range runs {
		all = append(all, r.RunStatus)
	}
	return all
}

// widen chooses runs if none are chosen: those in progress, or else the latest, unless a
// new run may start in a moment.
func widen(rh *v1alpha1.Rehearsal, chosen []string) []string {
	if len(chosen) > 0 {
		return chosen
	}
	for _, r := range rh.Status.Runs {
		if !r.State.Done() {
			chosen = append(chosen, r.ID)
		}
	}
	if n := len(rh.Status.Runs); len(chosen) == 0 && n > 0 && !expected(rh) {
		chosen = []string{rh.Status.Runs[n-1].ID}
	}
	return chosen
}

// expected reports whether a command without a decision may still start a run.
func expected(rh *v1alpha1.Rehearsal) bool {
	return slices.ContainsFunc(rh.Spec.Commands, func(c v1alpha1.Command) bool {
		return verdictOf(rh, c.ID) == nil && time.Since(c.At.Time) < event.MaxAge
	})
}

func verdictOf(rh *v1alpha1.Rehearsal, id string) *v1alpha1.CommandStatus {
	for i := range rh.Status.Commands {
		if rh.Status.Commands[i].ID == id {
			return &rh.Status.Commands[i]
		}
	}
	return nil
}

// watchAll shows the runs in progress until the user stops it.
func (c *cluster) watchAll(ctx context.Context, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w, err := c.lookAt(ctx, "")
	if err != nil {
		return interrupted(ctx, err)
	}
	d := newDisplay(out, w)
	defer d.close()
	for {
		if err := d.showAll(active(w.look().rehearsals)); err != nil {
			return err
		}
		if err := d.wait(ctx); err != nil {
			return err
		}
	}
}

// interrupted returns ExitInterrupted if a call failed because its context ended.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return &program.Outcome{Status: program.ExitInterrupted}
	}
	return err
}

// endOf returns the error for runs that are over, with the worst exit status.
func endOf(runs ...v1alpha1.RunStatus) error {
	worst := program.ExitDone
	for _, r := range runs {
		switch r.State {
		case v1alpha1.RunFailed, v1alpha1.RunRejected:
			worst = program.ExitFailed
		case v1alpha1.RunAborted:
			if worst == program.ExitDone {
				worst = program.ExitAborted
			}
		}
	}
	if worst == program.ExitDone {
		return nil
	}
	return &program.Outcome{Status: worst}
}
