// Package cli is the command line of Rehearsal. The commands are in the packages below
// it.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"

	"github.com/rehearsal-dev/rehearsal/pkg/cli/checkconfig"
	"github.com/rehearsal-dev/rehearsal/pkg/cli/cluster"
	"github.com/rehearsal-dev/rehearsal/pkg/cli/local"
	"github.com/rehearsal-dev/rehearsal/pkg/cli/program"
	"github.com/rehearsal-dev/rehearsal/pkg/terminal"
)

const rootExamples = `  # In a clone of a config repository: what does my branch affect, and why?
  rehearse affected
  rehearse affected --explain pull-test-infra-unit-test

  # What would the rehearsal of a job be?
  rehearse render pull-test-infra-unit-test

  # With access to the cluster: rehearse a sample of a pull request's jobs
  rehearse run acme/release#1234 --watch`

// Execute runs the command line and returns the exit status. The first argument is the
// name that the program was called by.
func Execute(ctx context.Context, args []string, out, errOut io.Writer) int {
	// Prow's packages log warnings that have nothing to do with the command.
	logrus.SetOutput(io.Discard)
	out, errOut = terminal.NewGuard(out), terminal.NewGuard(errOut)
	root := newRoot()
	program.Prepare(root, args)
	root.SetOut(out)
	root.SetErr(errOut)
	err := root.ExecuteContext(ctx)
	if words := complaint(err, ctx.Err() != nil); words != "" {
		_, _ = fmt.Fprintln(errOut, root.DisplayName()+": "+program.Speak(root, words))
	}
	return program.Status(err)
}

// complaint returns the message for an error; "" if there is nothing left to print.
func complaint(err error, interrupted bool) string {
	var outcome *program.Outcome
	switch {
	case err == nil:
		return ""
	case errors.As(err, &outcome):
		return outcome.Words
	case interrupted:
		return "interrupted"
	case strings.HasPrefix(err.Error(), "unknown command"):
		return strings.TrimSpace(err.Error()) + "; see `rehearse --help`"
	}
	// The error may contain names from a repository.
	return terminal.Lines(err.Error())
}

// newRoot returns the root command with all commands.
func newRoot() *cobra.Command {
	cmd := &cobra.Command{
		Use:           "rehearse",
		Short:         "Try the CI jobs that a change to Prow's configuration affects, before it merges",
		Example:       rootExamples,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	addGroup(cmd, "local", "In a clone of a config repository:", append(local.Commands(), checkconfig.New())...)
	addGroup(cmd, "cluster", "On the cluster that runs the rehearsals:", cluster.Commands()...)
	addGroup(cmd, "verbs", "Commands on a pull request there, as in a comment:", cluster.Verbs()...)
	// The help must fit a terminal.
	cmd.SetUsageTemplate(strings.ReplaceAll(cmd.UsageTemplate(), ".FlagUsages ", ".FlagUsagesWrapped 80 "))
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w; see `rehearse%s --help`", err, strings.TrimPrefix(cmd.CommandPath(), cmd.Root().CommandPath()))
	})
	return cmd
}

// addGroup adds commands, which the help lists under a title.
func addGroup(root *cobra.Command, id, title string, commands ...*cobra.Command) {
	root.AddGroup(&cobra.Group{ID: id, Title: title})
	for _, cmd := range commands {
		cmd.GroupID = id
	}
	root.AddCommand(commands...)
}
