// Command rehearse tells authors of config-repository pull requests, before
// they push, which Prow jobs a change affects and what their rehearsals would
// look like; and it runs, watches and aborts rehearsals on a cluster. Called
// kubectl-rehearse, it is a plugin of kubectl.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"

	"github.com/rehearsal-dev/rehearsal/pkg/terminal"
)

// The groups of commands in the help.
const (
	groupLocal   = "local"
	groupCluster = "cluster"
	groupVerbs   = "verbs"
)

const rootExamples = `  # In a clone of a config repository: what does my branch affect, and why?
  rehearse affected
  rehearse affected --explain pull-test-infra-unit-test

  # What would the rehearsal of a job be?
  rehearse render pull-test-infra-unit-test

  # With access to the cluster: rehearse a sample of a pull request's jobs
  rehearse run acme/release#1234 --watch`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := execute(ctx, os.Args, os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// execute does what the arguments say, of which the first is what we were called as.
func execute(ctx context.Context, args []string, out, errOut io.Writer) int {
	// Prow's packages log warnings that are not about what was asked.
	logrus.SetOutput(io.Discard)
	out, errOut = terminal.NewGuard(out), terminal.NewGuard(errOut)
	called := callerOf(args[0])
	root := newRoot()
	called.dress(root)
	root.SetArgs(called.arguments(args[1:]))
	root.SetOut(out)
	root.SetErr(errOut)
	err := root.ExecuteContext(ctx)
	if words := complaint(err, ctx.Err() != nil); words != "" {
		_, _ = fmt.Fprintln(errOut, called.display()+": "+called.speak(words))
	}
	return exitStatus(err)
}

// complaint is what to say about an error, if anything is left to say.
func complaint(err error, interrupted bool) string {
	var outcome *outcomeError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &outcome):
		return outcome.words
	case interrupted:
		return "interrupted"
	case strings.HasPrefix(err.Error(), "unknown command"):
		return strings.TrimSpace(err.Error()) + "; see `rehearse --help`"
	}
	// Names from a repository may be in it.
	return terminal.Lines(err.Error())
}

// newRoot is the whole command line.
func newRoot() *cobra.Command {
	cmd := &cobra.Command{
		Use:           "rehearse",
		Short:         "Try the CI jobs that a change to Prow's configuration affects, before it merges",
		Example:       rootExamples,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	cmd.AddGroup(
		&cobra.Group{ID: groupLocal, Title: "In a clone of a config repository:"},
		&cobra.Group{ID: groupCluster, Title: "On the cluster that rehearses:"},
		&cobra.Group{ID: groupVerbs, Title: "To say about a pull request there what a comment could say:"},
	)
	cmd.AddCommand(newAffected(), newRender(), newCheckConfig(), newRun(), newWatch(), newDescribe(), newList(), newAbort())
	cmd.AddCommand(newVerbs()...)
	// Help has to fit a terminal.
	cmd.SetUsageTemplate(strings.ReplaceAll(cmd.UsageTemplate(), ".FlagUsages ", ".FlagUsagesWrapped 80 "))
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w; see `rehearse%s --help`", err, strings.TrimPrefix(cmd.CommandPath(), cmd.Root().CommandPath()))
	})
	return cmd
}
