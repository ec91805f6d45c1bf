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

// attend is what there is to do about a run while it goes on: end the jobs that
// somebody wants to end, and tell how far it is.
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

// tellProgress edits the comment of a run when there is more to tell, at most
// once in an interval. From the start of the finally task on, that writes it.
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

// notRun says that Prow did not run a job, and never will: somebody has to see to it.
func notRun(o run.Outcome) bool {
	return o.Verdict == run.Errored || o.Verdict == run.Unschedulable
}

// runView is a run that goes on.
func (t *Pass) runView(r *v1alpha1.RunStatus, m run.Manifest, outcomes []run.Outcome) report.RunView {
	return report.RunView{
		Manifest: m, Outcomes: outcomes, AbortReason: r.AbortReason,
		PipelineRun: r.PipelineRun, Namespace: t.Rehearsal.Namespace, Now: t.Now,
	}
}

// Secrets are values that are never shown.
func (t *Pass) Secrets() []string {
	if t.Logs == nil || t.Logs.Secrets == nil {
		return nil
	}
	return t.Logs.Secrets()
}

// progress changes whenever a job of the run gets another verdict, or something
// else keeps it from starting.
func progress(outcomes []run.Outcome, trouble string) string {
	var all strings.Builder
	for _, o := range outcomes {
		all.WriteString(o.ProwJob + " " + string(o.Verdict) + "\n")
	}
	return conversation.Hash(all.String() + trouble)
}

// progressShare is the time between two edits if one run went on: all together take no
// more than four ninths of what may be written in an hour.
func progressShare(perHour int) time.Duration {
	return time.Hour * 9 / time.Duration(4*max(perHour, 1))
}

// progressInterval is the time between two edits of the comment of a run that goes
// on: the more runs there are, the longer it is.
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
