// Command prowjob is the step of the Task for one job of a run: it creates or adopts the
// job's ProwJob, prints its states and its log, and exits with its verdict.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/rehearsal-dev/rehearsal/pkg/prowjob"
	"github.com/rehearsal-dev/rehearsal/pkg/terminal"
)

const help = `prowjob creates a ProwJob, or adopts it if it already exists, and follows it
to its end. ConfigMaps that the job reads with the content of the pull request
are created first. It prints what is checked out, each change of the state
and the log of the pod as it is written, and exits with 0 when the job succeeded,
with 143 when a signal came before there was a ProwJob, and with 1 otherwise.

In the first PipelineRun of a run, it also creates the ProwJobs of other jobs whose
tasks have not started yet, so that no job waits for the pod of its task.

A signal aborts the ProwJob, unless $TASKRUN names a TaskRun that nobody
cancelled, that the controller cancelled, or whose run has joined the ProwJob of
another one: then the job continues, or the controller aborts it.

  prowjob --job CONFIGMAP/PROWJOB [flags]

The ConfigMap holds the ProwJob as JSON under the key that is its name.

`

func main() { os.Exit(start(os.Args[1:])) }

func start(args []string) int {
	var (
		places prowjob.Places
		t      task
	)
	flags := flag.NewFlagSet("prowjob", flag.ContinueOnError)
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), help) //nolint:errcheck // there is no one to report it to
		flags.PrintDefaults()
	}
	job := flags.String("job", "", "the ConfigMap and the name of the ProwJob in it, as CONFIGMAP/PROWJOB (required)")
	flags.StringVar(&t.taskRun, "taskrun", os.Getenv("TASKRUN"), "the TaskRun that this is a step of [$TASKRUN]")
	flags.StringVar(&t.pipelineRun, "pipelinerun", os.Getenv("PIPELINERUN"), "the PipelineRun that this belongs to [$PIPELINERUN]")
	places.AddFlags(flags)
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	var err error
	if t.configMap, t.name, err = splitJob(*job); err != nil || flags.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "prowjob: %v\nSee prowjob --help.\n", usageError(err, flags.Args()))
		return 2
	}
	if t.Connection, err = places.Connect(); err != nil {
		fmt.Fprintln(os.Stderr, "prowjob:", terminal.Lines(err.Error()))
		return 1
	}
	t.namespace, t.out = places.Namespace, os.Stdout

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	return t.exitCode(t.run(ctx), ctx.Err() != nil)
}

func usageError(err error, rest []string) error {
	if err != nil {
		return err
	}
	return fmt.Errorf("unexpected argument %q", rest[0])
}
