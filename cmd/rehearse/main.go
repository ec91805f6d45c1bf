// Command rehearse tells authors of config-repository pull requests, before
// they push, which Prow jobs a change affects and what their rehearsals would
// look like.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"

	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// Exit statuses, which scripts may rely on.
const (
	exitDone     = 0
	exitUsage    = 1
	exitRefused  = 2
	exitConflict = 3
)

const rootExamples = `  # In a clone of a config repository: what does my branch affect, and why?
  rehearse affected
  rehearse affected --explain pull-test-infra-unit-test

  # What would the rehearsal of a job be?
  rehearse render pull-test-infra-unit-test`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	// Prow's packages log warnings that are not about what was asked.
	logrus.SetOutput(io.Discard)
	root := &cobra.Command{
		Use:           "rehearse",
		Short:         "Try the CI jobs that a change to Prow's configuration affects, before it merges",
		Example:       rootExamples,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(newAffected(), newRender())
	// Help has to fit a terminal.
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), ".FlagUsages ", ".FlagUsagesWrapped 80 "))
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w; see `%s --help`", err, cmd.CommandPath())
	})
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(errOut)
	err := root.ExecuteContext(ctx)
	switch {
	case err != nil && ctx.Err() != nil:
		_, _ = fmt.Fprintln(errOut, "rehearse: interrupted")
	case err != nil && strings.HasPrefix(err.Error(), "unknown command"):
		_, _ = fmt.Fprintln(errOut, "rehearse: "+strings.TrimSpace(err.Error())+"; see `rehearse --help`")
	case err != nil:
		_, _ = fmt.Fprintln(errOut, "rehearse: "+err.Error())
	}
	return exitStatus(err)
}

func exitStatus(err error) int {
	var (
		refused  *plan.RefusedError
		conflict *repo.ConflictError
	)
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &refused):
		return exitRefused
	case errors.As(err, &conflict):
		return exitConflict
	}
	return exitUsage
}
