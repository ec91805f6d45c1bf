package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	pipelinev1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/prowjob"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
	"github.com/rehearsal-dev/rehearsal/pkg/terminal"
)

const (
	// patience is how long the API server may be unreachable.
	patience = 5 * time.Minute
	// publishing bounds all attempts to write the comment.
	publishing = 6 * time.Minute
	// longestPause bounds the wait between two attempts.
	longestPause = 15 * time.Second
)

// editor edits comments.
type editor interface {
	EditComment(ctx context.Context, org, repo string, id int64, body string) (*github.Comment, error)
}

// collator reports one run.
type collator struct {
	*prowjob.Connection
	// newEditor creates the editor for the comment of a run.
	newEditor func(run.Manifest) (editor, error)
	editor    editor
	out       io.Writer
	now       func() time.Time
	// interval is the time between two looks at the ProwJobs, backoff the wait after the
	// first failed call to GitHub.
	interval time.Duration
	backoff  time.Duration

	namespace   string
	run         string
	comment     int64
	pipelineRun string
	finalGrace  time.Duration
}

// collate waits for the run, reports it, and returns an error if it could not.
func (c *collator) collate(ctx context.Context) error {
	var manifest run.Manifest
	err := prowjob.Persist(ctx, patience, func(ctx context.Context) (err error) {
		manifest, err = run.ReadManifest(ctx, c.Kube.CoreV1().ConfigMaps(c.namespace), c.run)
		return err
	})
	if err != nil {
		return err
	}
	c.Find(manifest.ProwJobNamespace, manifest.PodNamespace)
	if c.editor, err = c.newEditor(manifest); err != nil {
		return err
	}
	view, jobs, err := c.await(ctx, manifest)
	if err != nil {
		return err
	}
	collector := prowjob.Collector{ProwJobs: c.ProwJobs, Logs: c.Logs}
	collector.Explain(ctx, view.Outcomes, jobs)
	c.say("%s", report.Text(view))
	c.storePage(ctx, &view)
	if err := c.publish(ctx, manifest, report.Run(view)); err != nil {
		return err
	}
	c.say("Written to comment %d of %s/%s#%d.", c.comment, manifest.Org, manifest.Repo, manifest.Number)
	return nil
}

// unknownTime is how long we wait for a run whose manifest, from another version, has no
// Time. Its PipelineRun times out before.
const unknownTime = 48 * time.Hour

// await returns the run once all of its ProwJobs have ended, or its time is over.
func (c *collator) await(ctx context.Context, m run.Manifest) (report.RunView, []*prowapi.ProwJob, error) {
	following := prowjob.Follow(c.ProwJobs, m)
	defer following.Stop()
	started, told := c.now(), ""
	limit := started.Add(cmp.Or(m.Time, unknownTime))
	for {
		view, jobs, err := c.look(ctx, m, &limit, following.Look)
		if err != nil {
			return view, nil, err
		}
		if view.AbortReason != "" {
			limit = started.Add(c.finalGrace)
		}
		late := !c.now().Before(limit)
		if late || len(goingOn(view.Outcomes)) == 0 {
			// The report must have the final state from the API server, not an earlier one
			// from a watch.
			collector := prowjob.Collector{ProwJobs: c.ProwJobs}
			view, jobs, err = c.look(ctx, m, &limit, func(ctx context.Context) ([]run.Outcome, []*prowapi.ProwJob, error) {
				return collector.Read(ctx, m)
			})
			if err != nil {
				return view, nil, err
			}
		}
		view.Over, view.Now = late || view.AbortReason != "", c.now()
		going := goingOn(view.Outcomes)
		if late || len(going) == 0 {
			return view, jobs, nil
		}
		if s := strings.Join(going, ", "); s != told {
			told = s
			c.say("Waiting until %s for: %s", limit.UTC().Format(time.RFC3339), s)
		}
		if err := following.Wait(ctx, c.interval); err != nil {
			return view, nil, fmt.Errorf("waiting for %s: %w", told, err)
		}
	}
}

// lookup reads the outcomes of a run.
type lookup = func(context.Context) ([]run.Outcome, []*prowapi.ProwJob, error)

// look reads whether the run is being aborted, its deadline, and the outcomes of its
// jobs.
func (c *collator) look(ctx context.Context, m run.Manifest, limit *time.Time, read lookup) (report.RunView, []*prowapi.ProwJob, error) {
	view := report.RunView{Manifest: m, PipelineRun: c.pipelineRun, Namespace: c.namespace}
	var jobs []*prowapi.ProwJob
	err := prowjob.Persist(ctx, patience, func(ctx context.Context) error {
		pr, err := c.readPipelineRun(ctx)
		if err != nil {
			return err
		}
		view.AbortReason = abortReason(pr)
		if at, err := time.Parse(time.RFC3339, pr.Annotations[run.AnnotationDeadline]); err == nil {
			*limit = at
		}
		view.Outcomes, jobs, err = read(ctx)
		return err
	})
	return view, jobs, err
}

// goingOn names the jobs whose ProwJob Prow has not finished.
func goingOn(outcomes []run.Outcome) []string {
	var names []string
	for _, o := range outcomes {
		if o.Verdict != run.NotStarted && !o.Settled() {
			names = append(names, o.Name)
		}
	}
	return names
}

// readPipelineRun reads the PipelineRun of this task; it is empty if the name is not set.
func (c *collator) readPipelineRun(ctx context.Context) (*pipelinev1.PipelineRun, error) {
	if c.pipelineRun == "" {
		return &pipelinev1.PipelineRun{}, nil
	}
	pr, err := c.Tekton.TektonV1().PipelineRuns(c.namespace).Get(ctx, c.pipelineRun, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("reading the PipelineRun %s: %w", c.pipelineRun, err)
	}
	return pr, nil
}

// abortReason says why the run is being aborted; empty if it is not.
func abortReason(pr *pipelinev1.PipelineRun) string {
	if reason := pr.Annotations[run.AnnotationAbortReason]; reason != "" {
		return reason
	}
	if pr.IsCancelled() || pr.IsGracefullyCancelled() || pr.IsGracefullyStopped() {
		return "the PipelineRun was cancelled"
	}
	return ""
}

// publish writes the comment. It retries errors that may pass.
func (c *collator) publish(ctx context.Context, m run.Manifest, body string) error {
	deadline := c.now().Add(publishing)
	ctx, cancel := context.WithTimeout(ctx, publishing)
	defer cancel()
	for pause := c.backoff; ; pause = min(2*pause, longestPause) {
		_, err := c.editor.EditComment(ctx, m.Org, m.Repo, c.comment, body)
		if err == nil || hopeless(err) {
			return err
		}
		wait := pause
		var limited *github.RateLimitedError
		if errors.As(err, &limited) {
			wait = max(limited.Until.Sub(c.now()), pause)
		}
		if c.now().Add(wait).After(deadline) {
			return fmt.Errorf("%w (given up after %s)", err, publishing)
		}
		c.say("%v; trying again in %s", err, wait.Round(time.Millisecond))
		if stopped := prowjob.Sleep(ctx, wait); stopped != nil {
			return fmt.Errorf("%w (%w)", err, stopped)
		}
	}
}

// hopeless reports whether the error is permanent.
func hopeless(err error) bool {
	var notFound *github.NotFoundError
	var refused *github.RefusedError
	return errors.As(err, &notFound) || errors.As(err, &refused)
}

func (c *collator) say(format string, args ...any) {
	fmt.Fprintln(c.out, terminal.Lines(fmt.Sprintf(format, args...))) //nolint:errcheck // there is no one to report it to
}
