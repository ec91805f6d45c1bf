package runs

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"knative.dev/pkg/logging"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/deadline"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/judging"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/rehearsal/resources"
	"github.com/rehearsal-dev/rehearsal/pkg/requeue"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// AbortPause is the time between two attempts to abort what is left.
const AbortPause = 2 * time.Second

// SettlePause is the time between two looks at the ProwJobs of a run whose PipelineRun is
// over.
const SettlePause = 10 * time.Second

// Advance takes every run that is not over one step further. A run that fails to advance
// does not hold up the others.
func (t *Runner) Advance(ctx context.Context) error {
	var errs []error
	for _, r := range t.Rehearsal.Status.ActiveRuns() {
		if err := t.advance(ctx, r); err != nil {
			errs = append(errs, err)
		}
	}
	errs = append(errs, t.Queue.endWaits(ctx), t.reportLate(ctx))
	return errors.Join(errs...)
}

// advance takes a run further. An error never delays the end of a run that is due.
func (t *Runner) advance(ctx context.Context, r *v1alpha1.RunStatus) error {
	deadline.Begin(r, t.Now)
	s, err := t.observer.observe(ctx, r)
	if err == nil && s.begun != nil {
		t.adopt(r, s)
		s, err = t.observer.observe(ctx, r)
	}
	if err == nil {
		t.note(r, s)
		err = t.take(ctx, r, s)
	}
	if r.State == v1alpha1.RunPending {
		err = t.pending(ctx, r, err)
	} else {
		err = t.inTime(ctx, r, s, err)
	}
	t.comeBackFor(r)
	// Each error gets the name of the run: settle takes joined errors apart, but does not
	// look into wrapped ones.
	var errs []error
	for _, err := range requeue.Flatten([]error{err}) {
		errs = append(errs, fmt.Errorf("run %s: %w", r.ID, err))
	}
	return errors.Join(errs...)
}

// adopt goes on with a run that has a PipelineRun although its status, which may be older,
// does not say so.
func (t *Runner) adopt(r *v1alpha1.RunStatus, s situation) {
	r.Comment = resources.Comment(s.begun)
	t.Talk.Doubt() // status was lost, perhaps more than once
	r.MarkAttempt(s.begun.Name, 1, resources.Deadline(s.begun))
	r.MarkStarted(t.Now, s.manifest.Base, s.manifest.BaseRef, len(s.manifest.Jobs))
}

// note records in status what was observed of a started run.
func (t *Runner) note(r *v1alpha1.RunStatus, s situation) {
	if !s.observed {
		return
	}
	if s.lost != "" {
		r.Abort(s.lost)
	}
	remember(r, s, MaxJobEnds-jobEnds(t.Rehearsal))
	noticeInterference(r, s.pipelineRun, s.outcomes)
	tally := run.Count(s.outcomes)
	r.Total, r.Passed, r.Failed = tally.Total, tally.Passed, tally.Failed
}

// comeBackFor schedules the passes in which a run is due, and in which it has to end.
func (t *Runner) comeBackFor(r *v1alpha1.RunStatus) {
	at := deadline.Due(r)
	if !at.IsZero() && !at.After(t.Now) {
		at = at.Add(deadline.AbortTime)
	}
	if !at.IsZero() {
		t.Later = append(t.Later, &requeue.Later{After: at.Sub(t.Now), Reason: "run " + r.ID + " is due"})
	}
}

// take takes the next step of a run.
func (t *Runner) take(ctx context.Context, r *v1alpha1.RunStatus, s situation) (err error) {
	if s.overdue() {
		r.Abort(TimeIsUp)
	}
	step := next(s)
	if step != stepWait && step != stepNone {
		logging.FromContext(ctx).Infow("Run", "run", r.ID, "state", r.State, "step", step)
	}
	switch step {
	case stepStart:
		err = t.start(ctx, r)
	case stepReject:
		err = t.reject(ctx, r, "there is no plan for this head; the comment with the affected jobs says why")
	case stepDrop:
		r.Abort(s.barred)
		err = t.drop(ctx, r)
	case stepAbort:
		err = t.Aborts.endRun(ctx, r, s)
	case stepContinue:
		err = t.starter.createPipelineRun(ctx, r, s.manifest, s.unscheduled, r.Attempt+1)
	case stepPublish:
		err = t.publish(ctx, r, s)
	case stepFinish:
		err = t.conclude(ctx, r, s)
	case stepWait:
		err = t.attend(ctx, r, s)
	case stepNone:
	}
	return err
}

// wait returns when to look again at a run that Tekton or Prow is working on.
func (s situation) wait() error {
	switch {
	case s.run.State == v1alpha1.RunPending:
		return nil
	case s.live():
		return &requeue.Later{After: s.deadline.Sub(s.now), Reason: "run " + s.run.ID + " goes on"}
	}
	return &requeue.Later{After: SettlePause, Reason: "ProwJobs of run " + s.run.ID + " are still going"}
}

// ofRun selects the objects of a run.
func ofRun(rh *v1alpha1.Rehearsal, name string) metav1.ListOptions {
	return metav1.ListOptions{LabelSelector: labels.Set{run.LabelRehearsalUID: string(rh.UID), run.LabelRun: name}.String()}
}

// ofRehearsal selects the objects of a Rehearsal.
func ofRehearsal(rh *v1alpha1.Rehearsal) metav1.ListOptions {
	return metav1.ListOptions{LabelSelector: labels.Set{run.LabelRehearsalUID: string(rh.UID)}.String()}
}

// conclude ends a run whose report is on the pull request.
func (t *Runner) conclude(ctx context.Context, r *v1alpha1.RunStatus, s situation) error {
	overwritten, err := t.reporter.overwritten(ctx, r)
	if err != nil {
		return err
	}
	if overwritten {
		return t.publish(ctx, r, s)
	}
	return t.finish(ctx, r, s)
}

// finish records the result of a run that is already reported, and acknowledges the pull
// request if the command asked for that.
func (t *Runner) finish(ctx context.Context, r *v1alpha1.RunStatus, s situation) error {
	if err := t.reporter.storeResult(ctx, s.manifest, s.outcomes); err != nil {
		return err
	}
	r.MarkOver(endState(r, run.Count(s.outcomes)), t.Now)
	if s.manifest.AutoAck && t.Rehearsal.Status.Pull != nil {
		command, _ := t.commandOf(r)
		judging.AcknowledgeByRun(t.Rehearsal, r, metav1.NewTime(judging.GivenAt(command, t.Rehearsal.Status.VerdictOn(r.ID))))
	}
	logging.FromContext(ctx).Infow("Run is over", "run", r.ID, "state", r.State, "passed", r.Passed, "failed", r.Failed)
	return nil
}

func ignoreExists(err error) error {
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

// own makes a Rehearsal the owner of a ConfigMap for its tasks.
func own(cm *corev1.ConfigMap, namespace string, owner metav1.OwnerReference) *corev1.ConfigMap {
	cm.Namespace = namespace
	cm.OwnerReferences = []metav1.OwnerReference{owner}
	return cm
}
