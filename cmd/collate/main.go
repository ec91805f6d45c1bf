// Command collate is the step of the finally Task of a run: it waits for the
// ProwJobs that are still going, and writes what became of all of them into the
// run's comment and its own log.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/prowjob"
)

const help = `collate reports a run: it waits for the ProwJobs of the run that are still going,
prints what became of each, with the lines of the logs that say why one failed,
and writes the same into the run's comment on the pull request.

It exits with 0 when that was reported, whatever the verdict, else with 1.

  collate --run CONFIGMAP --comment ID [flags]

The ConfigMap is the first of the run; it holds the list of its jobs.

`

func main() { os.Exit(start(os.Args[1:])) }

func start(args []string) int {
	var (
		places prowjob.Places
		c      collator
	)
	flags := flag.NewFlagSet("collate", flag.ContinueOnError)
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), help) //nolint:errcheck // nobody is left to tell
		flags.PrintDefaults()
	}
	flags.StringVar(&c.run, "run", "", "the first ConfigMap of the run (required)")
	flags.Int64Var(&c.comment, "comment", 0, "the id of the run's comment (required)")
	flags.StringVar(&c.pipelineRun, "pipelinerun", os.Getenv("PIPELINERUN"), "the PipelineRun that this is a task of [$PIPELINERUN]")
	flags.DurationVar(&c.finalGrace, "final-grace", 30*time.Second, "how long to wait for the ProwJobs of an aborted run")
	tokenPath := flags.String("github-token-path", prowjob.Env("GITHUB_TOKEN_PATH", "/etc/github/token"), "file with the GitHub token [$GITHUB_TOKEN_PATH]")
	places.AddFlags(flags)
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	if c.run == "" || c.comment <= 0 || flags.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "collate: --run and --comment are required, and there is nothing else. See collate --help.")
		return 2
	}
	if err := c.connect(places, *tokenPath); err != nil {
		fmt.Fprintln(os.Stderr, "collate:", err)
		return 1
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := c.collate(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "collate: the run was not reported:", err)
		return 1
	}
	return 0
}

func (c *collator) connect(places prowjob.Places, tokenPath string) error {
	var err error
	if c.Connection, err = places.Connect(); err != nil {
		return err
	}
	token := github.TokenFile(tokenPath)
	c.newEditor = func(endpoint string) (editor, error) {
		return github.New(github.Options{Endpoint: endpoint, Token: token, UserAgent: "rehearsal-collate"})
	}
	c.Logs.Secrets = token.Secrets
	c.namespace, c.out, c.now, c.interval = places.Namespace, os.Stdout, time.Now, 3*time.Second
	c.backoff = time.Second
	return nil
}
