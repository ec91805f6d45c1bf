package cluster

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rehearsal-dev/rehearsal/pkg/event"
)

const abortHelp = `Abort the running jobs of a pull request, or only the named ones.

` + pullHelp

func newAbort() *cobra.Command {
	var a asking
	cmd := &cobra.Command{
		Use:     "abort PULL [JOB...]",
		Short:   "Abort the running jobs of a pull request, or some of them",
		Long:    abortHelp,
		Example: "  rehearse abort acme/release#1234\n  rehearse abort acme/release#1234 '*-e2e-*'",
		Args:    atLeastPull,
		RunE: func(cmd *cobra.Command, args []string) error {
			_, err := a.ask(cmd, args[0], append([]string{string(event.Abort)}, args[1:]...)...)
			return err
		},
		ValidArgsFunction: completePullThenJobs(&a.Address, runningJobs),
	}
	a.add(cmd)
	return cmd
}

// Commands returns the commands that follow pull requests and their runs.
func Commands() []*cobra.Command {
	return []*cobra.Command{newRun(), newWatch(), newDescribe(), newList(), newAbort()}
}

// Verbs returns a command for every word of the grammar that the command line offers.
func Verbs() []*cobra.Command {
	var all []*cobra.Command
	for _, row := range event.Table() {
		if row.Place == event.OnCommandLine {
			all = append(all, newVerb(row))
		}
	}
	return all
}

func newVerb(row event.Row) *cobra.Command {
	var a asking
	cmd := &cobra.Command{
		Use:   row.Word + " PULL",
		Short: first(plainText(row.Does)),
		Long:  plainText(row.Does) + ".\n\n" + pullHelp,
		Args:  atLeastPull,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return fmt.Errorf("only a pull request can follow %s", cmd.Name())
			}
			_, err := a.ask(cmd, args[0], row.Word)
			return err
		},
		ValidArgsFunction: completePull(&a.Address),
	}
	a.add(cmd)
	return cmd
}

// atLeastPull requires a pull request as the first argument.
func atLeastPull(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("name a pull request: ORG/REPO#NUMBER, its URL, its NUMBER, or \".\" for the one checked out here")
	}
	return nil
}

// atMost accepts at most n arguments; what names them in the error.
func atMost(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > n {
			return fmt.Errorf("%s takes %s, not %d; see `%s --help`", cmd.CommandPath(), what, len(args), cmd.CommandPath())
		}
		return nil
	}
}

// first returns the part of a sentence before the first semicolon.
func first(sentence string) string {
	sentence, _, _ = strings.Cut(sentence, ";")
	return sentence
}
