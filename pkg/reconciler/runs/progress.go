package runs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/conversation"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
	"github.com/rehearsal-dev/rehearsal/pkg/requeue"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
	"github.com/rehearsal-dev/rehearsal/pkg/secrets"
)

// attend handles a run that goes on: it aborts jobs that are to be aborted, and reports
// progress.
func (t *Runner) attend(ctx context.Context, r *v1alpha1.RunStatus, s situation) error {
	if r.State != v1alpha1.RunRunning {
		if sentence := t.Queue.waits[r.ID]; sentence != "" {
			return t.Queue.tellWaiting(ctx, r, r.Total, sentence)
		}
		return s.wait()
	}
	errs := []error{t.Aborts.endJobs(ctx, r, s), s.wait()}
	if s.live() {
		errs = append(errs, t.reporter.tellProgress(ctx, r, s))
	}
	return errors.Join(errs...)
}

// tellProgress edits the comment of a run if there is news, at most once per interval. Once
// the finally task has started, it writes the comment.
func (t *reporter) tellProgress(ctx context.Context, r *v1alpha1.RunStatus, s situation) error {
	var later error
	m := s.manifest
	if s.obstacles.again > 0 {
		later = &requeue.Later{After: s.obstacles.again, Reason: "tasks of run " + r.ID + " may yet start"}
	}
	trouble := s.obstacles.digest(s.outcomes)
	digest := progress(s.outcomes, trouble)
	if s.collating && s.obstacles.report == "" || r.Comment == 0 || r.Progress == digest {
		return later
	}
	last := r.StartedAt
	if r.ProgressAt != nil {
		last = r.ProgressAt
	}
	interval := t.Settings.ProgressInterval
	if trouble != "" || slices.ContainsFunc(s.outcomes, notRun) {
		interval = min(interval, obstacleInterval)
	}
	interval, err := t.progressInterval(interval)
	if err != nil {
		return errors.Join(later, err)
	}
	if wait := interval - t.Now.Sub(last.Time); wait > 0 {
		return errors.Join(later, &requeue.Later{After: wait, Reason: "run " + r.ID + " has news"})
	}
	if why := s.obstacles.report; why != "" {
		m.Notes = append(slices.Clip(m.Notes), "The report of this run is late: "+secrets.Censor(why, t.Secrets())+".")
	}
	comment, err := t.Talk.Upsert(github.Later(ctx), v1alpha1.CommentStatus{ID: r.Comment}, report.Run(t.runView(r, m, s.outcomes)))
	if err != nil && !t.Talk.IsRefused(err) {
		return t.Talk.Reporting(err)
	}
	if err == nil {
		r.Comment = comment.ID
	}
	r.Progress, r.ProgressAt = digest, &metav1.Time{Time: t.Now}
	return later
}

// notRun reports whether Prow did not run a job, and never will: somebody has to act.
func notRun(o run.Outcome) bool {
	return o.Verdict == run.Errored || o.Verdict == run.Unschedulable
}

// runView returns the view of a run that goes on.
func (t *Pass) runView(r *v1alpha1.RunStatus, m run.Manifest, outcomes []run.Outcome) report.RunView {
	return report.RunView{
		Manifest: m, Outcomes: outcomes, AbortReason: r.AbortReason,
		PipelineRun: r.PipelineRun, Namespace: t.Rehearsal.Namespace, Now: t.Now,
	}
}

// Secrets returns values that must never be shown.
func (t *Pass) Secrets() []string {
	if t.Logs == nil || t.Logs.Secrets == nil {
		return nil
	}
	return t.Logs.Secrets()
}

// progress returns a hash that changes when a job gets another verdict, or another
// obstacle.
func progress(outcomes []run.Outcome, trouble string) string {
	var all strings.Builder
	for _, o := range outcomes {
		all.WriteString(o.ProwJob + " " + string(o.Verdict) + "\n")
	}
	return conversation.Hash(all.String() + trouble)
}

// progressShare is the time between two edits for a single active run. All runs together
// use at most four ninths of the writes that are allowed per hour.
func progressShare(perHour int) time.Duration {
	return time.Hour * 9 / time.Duration(4*max(perHour, 1))
}

// progressInterval returns the time between two edits of the comment of an active run. It
// grows with the number of active runs.
func (t *reporter) progressInterval(interval time.Duration) (time.Duration, error) {
	if t.Lister == nil {
		return interval, nil
	}
	all, err := t.Lister.List(labels.Everything())
	if err != nil {
		return 0, fmt.Errorf("listing the Rehearsals: %w", err)
	}
	going := 0
	for _, rh := range all {
		for i := range rh.Status.Runs {
			if rh.Status.Runs[i].State == v1alpha1.RunRunning {
				going++
			}
		}
	}
	return max(interval, time.Duration(going)*progressShare(t.Settings.GitHub.Writes.PerHour)), nil
}
