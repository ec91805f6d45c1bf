// Command collate is the step of a run's finally task: it waits for the ProwJobs that are
// still running, and writes the outcomes of all jobs into the run's comment and its own
// log.
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
	"github.com/rehearsal-dev/rehearsal/pkg/ratelimit"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
	"github.com/rehearsal-dev/rehearsal/pkg/terminal"
)

const help = `collate reports a run: it waits for the ProwJobs of the run that are still going,
prints the result of each, with the lines of the logs that say why it failed,
and writes the same into the run's comment on the pull request.

It exits with 0 when the run was reported, whatever the verdict, else with 1.

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
		fmt.Fprint(flags.Output(), help) //nolint:errcheck // there is no one to report it to
		flags.PrintDefaults()
	}
	flags.StringVar(&c.run, "run", "", "the first ConfigMap of the run (required)")
	flags.Int64Var(&c.comment, "comment", 0, "the id of the run's comment (required)")
	flags.StringVar(&c.pipelineRun, "pipelinerun", os.Getenv("PIPELINERUN"), "the PipelineRun that this is a task of [$PIPELINERUN]")
	flags.DurationVar(&c.finalGrace, "final-grace", 30*time.Second, "how long to wait for the ProwJobs of an aborted run")
	credentials := flags.String("github-credentials", prowjob.Env("GITHUB_CREDENTIALS", "/etc/github"), "directory with the file token, or with private-key and app-id of a GitHub App [$GITHUB_CREDENTIALS]")
	places.AddFlags(flags)
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	if c.run == "" || c.comment <= 0 || flags.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "collate: --run and --comment are required, and nothing else is allowed. See collate --help.")
		return 2
	}
	if err := c.connect(places, *credentials); err != nil {
		fmt.Fprintln(os.Stderr, "collate:", terminal.Lines(err.Error()))
		return 1
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := c.collate(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "collate: the run was not reported:", terminal.Lines(err.Error()))
		return 1
	}
	return 0
}

func (c *collator) connect(places prowjob.Places, credentials string) error {
	var err error
	if c.Connection, err = places.Connect(); err != nil {
		return err
	}
	c.newEditor = func(m run.Manifest) (editor, error) {
		gh, err := c.gitHub(m, credentials)
		if err != nil {
			return nil, fmt.Errorf("connecting to GitHub: %w", err)
		}
		c.Logs.Secrets = gh.Secrets
		return gh, nil
	}
	c.namespace, c.out, c.now, c.interval = places.Namespace, os.Stdout, time.Now, 3*time.Second
	c.backoff = time.Second
	return nil
}

// gitHub creates the client for GitHub. As an App it uses tokens that can only comment in
// the run's repository.
func (c *collator) gitHub(m run.Manifest, credentials string) (*github.Client, error) {
	token, app, err := github.Credentials(credentials, m.GitHubAppID)
	if err != nil {
		return nil, err
	}
	if app != nil {
		app.Permissions = map[string]string{"metadata": "read", "issues": "write", "pull_requests": "write"}
	}
	return github.New(github.Options{
		Endpoint: m.GitHubEndpoint, Token: token, App: app, UserAgent: "rehearsal-collate",
		Windows: &ratelimit.Store{ConfigMaps: c.Kube.CoreV1().ConfigMaps(c.namespace)},
		Writes:  &ratelimit.WriteCounter{ConfigMaps: c.Kube.CoreV1().ConfigMaps(c.namespace)},
		Most:    github.Pace{PerMinute: m.WritesPerMinute, PerHour: m.WritesPerHour},
	})
}
