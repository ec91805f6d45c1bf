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

	"github.com/rehearsal-dev/rehearsal/pkg/cli/program"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/terminal"
)

const runHelp = `Rehearse jobs that a pull request affects, like the same command in a comment.

The command is stored in the log of the pull request under your Kubernetes user
name. The controller treats it like a comment by the GitHub login that the
settings give for you. Its decision is printed; with --watch or
--wait, the rehearsal is followed to its end.

Jobs are named as in rehearse describe or on the pull request: JOB, JOB@BRANCH, or
either with asterisks. Without any, a sample is run.

` + pullHelp + `

` + program.ExitHelp

const runExamples = `  # A sample of what the pull request affects, watched to its end
  rehearse run acme/release#1234 --watch

  # Some jobs, of the pull request that is checked out here
  rehearse run . pull-widget-unit 'pull-widget-e2e-*'

  # What did not pass the last time
  rehearse run acme/release#1234 --selection failed

  # As many jobs as a command may choose; acknowledge if all pass
  rehearse run acme/release#1234 --selection max --auto-ack`

// selections are the words of the grammar that select jobs without naming them.
var selections = selectionsOf(event.Table())

func selectionsOf(table []event.Row) []string {
	var all []string
	for _, row := range table {
		if row.Effect == event.Starts && !row.AutoAck && row.Selection != event.Named {
			all = append(all, string(row.Selection))
		}
	}
	return all
}

// asking holds the flags of commands that write to the command log and wait for the
// decision.
type asking struct {
	Address
	timeout time.Duration
}

func (a *asking) add(cmd *cobra.Command) {
	a.Address.Add(cmd)
	cmd.Flags().DurationVar(&a.timeout, "timeout", 30*time.Second, "how `long` to wait for the controller's answer")
}

// ask writes a command for a pull request and shows the decision.
func (a *asking) ask(cmd *cobra.Command, pull string, words ...string) (*said, error) {
	c, err := a.connect()
	if err != nil {
		return nil, err
	}
	ctx := cmd.Context()
	rh, err := c.find(ctx, pull)
	if err != nil {
		return nil, err
	}
	s, err := c.say(ctx, rh, words...)
	if err != nil {
		return nil, err
	}
	verdict, run, err := s.decided(ctx, a.timeout)
	if ctx.Err() != nil {
		return nil, &program.Outcome{Status: program.ExitInterrupted, Words: "interrupted; the command is stored, and will be carried out"}
	}
	if err != nil {
		return nil, fmt.Errorf("the command is stored, but its outcome cannot be read: %w", err)
	}
	text, err := s.answer(verdict, run)
	if err != nil {
		return nil, err
	}
	_, err = io.WriteString(cmd.OutOrStdout(), program.Speak(cmd, text))
	return s, err
}

func newRun() *cobra.Command {
	var (
		a           asking
		selection   string
		autoAck     bool
		wait, watch bool
	)
	cmd := &cobra.Command{
		Use:     "run PULL [JOB...]",
		Short:   "Rehearse jobs that a pull request affects",
		Long:    runHelp,
		Example: runExamples,
		Args:    atLeastPull,
		RunE: func(cmd *cobra.Command, args []string) error {
			words, err := runWords(args[1:], selection, autoAck)
			if err != nil {
				return err
			}
			s, err := a.ask(cmd, args[0], words...)
			if err != nil || !wait && !watch {
				return err
			}
			out := cmd.OutOrStdout()
			if _, err := io.WriteString(out, "\n"); err != nil {
				return err
			}
			if wait {
				out = quiet{out}
			}
			return s.cluster.watchRuns(cmd.Context(), out, s.rh, []string{s.command.ID})
		},
		ValidArgsFunction: completePullThenJobs(&a.Address, affectedJobs),
	}
	a.add(cmd)
	flags := cmd.Flags()
	flags.StringVar(&selection, "selection", "", "`which` jobs, if none are named: "+strings.Join(selections, ", "))
	flags.BoolVar(&autoAck, "auto-ack", false, "acknowledge the pull request if all jobs pass")
	flags.BoolVar(&wait, "wait", false, "wait for the end, and print each change as a line")
	flags.BoolVarP(&watch, "watch", "w", false, "watch to the end, as rehearse watch does")
	cmd.MarkFlagsMutuallyExclusive("wait", "watch")
	completeFlag(cmd, "selection", func(context.Context) ([]string, error) { return selections, nil })
	return cmd
}

// runWords returns the words of the grammar for the given flags and arguments.
func runWords(jobs []string, selection string, autoAck bool) ([]string, error) {
	var words []string
	if autoAck {
		words = append(words, "auto-ack")
	}
	switch {
	case selection != "" && len(jobs) > 0:
		return nil, errors.New("--selection selects the jobs, so do not name any")
	case selection != "" && !slices.Contains(selections, selection):
		return nil, fmt.Errorf("--selection %s: must be one of %s", selection, strings.Join(selections, ", "))
	case selection != "" && selection != string(event.Sample):
		words = append(words, selection)
	}
	words = append(words, jobs...)
	prefix := event.DefaultPrefixes()
	said := event.Parse(prefix[0]+" "+strings.Join(words, " "), prefix)
	switch {
	case said.Verb == event.Unknown:
		return nil, fmt.Errorf("%s: %s", terminal.Plain(strings.Join(words, " ")), plainText(said.Reason))
	case said.Kind().Effect != event.Starts:
		return nil, fmt.Errorf("%s is not a selection of jobs; try `rehearse %s`, or a comment on the pull request", words[0], words[0])
	}
	return words, nil
}
