package runs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tektoncd/pipeline/pkg/apis/pipeline"
	pipelinev1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"knative.dev/pkg/apis"
	"knative.dev/pkg/logging"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
	prowclient "sigs.k8s.io/prow/pkg/client/clientset/versioned/typed/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/prowjob"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/deadline"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/judging"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/rehearsal/resources"
	"github.com/rehearsal-dev/rehearsal/pkg/requeue"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// AbortPause is the time between two rounds of aborting.
const AbortPause = 2 * time.Second

// SettlePause is the time between two looks at ProwJobs that nobody watches.
const SettlePause = 10 * time.Second

// Advance takes every run that is not over one step further. A run that
// fails to advance does not hold up the others.
func (t *Turn) Advance(ctx context.Context) error {
	var errs []error
	for _, r := range t.Rehearsal.Status.ActiveRuns() {
		if err := t.advance(ctx, r); err != nil {
			errs = append(errs, err)
		}
	}
	errs = append(errs, t.endWaits(ctx), t.reportLate(ctx))
	return errors.Join(errs...)
}

// advance takes a run further. What it fails with ends no later what is due.
func (t *Turn) advance(ctx context.Context, r *v1alpha1.RunStatus) error {
	deadline.Begin(r, t.Now)
	s, manifest, err := t.observe(ctx, r)
	if err == nil {
		err = t.take(ctx, r, s, manifest)
	}
	if r.State == v1alpha1.RunPending {
		err = t.pending(ctx, r, err)
	} else {
		err = t.inTime(ctx, r, s, err)
	}
	t.comeBackFor(r)
	// Each by itself: settle takes apart what is joined, and nothing below a name.
	var errs []error
	for _, err := range requeue.Flatten([]error{err}) {
		errs = append(errs, fmt.Errorf("run %s: %w", r.ID, err))
	}
	return errors.Join(errs...)
}

// comeBackFor has the next turn come when a run is due, and when it has to end.
func (t *Turn) comeBackFor(r *v1alpha1.RunStatus) {
	at := deadline.Due(r)
	if !at.IsZero() && !at.After(t.Now) {
		at = at.Add(deadline.AbortTime)
	}
	if !at.IsZero() {
		t.Later = append(t.Later, &requeue.Later{After: at.Sub(t.Now), Reason: "run " + r.ID + " is due"})
	}
}

// take takes the next step of a run.
func (t *Turn) take(ctx context.Context, r *v1alpha1.RunStatus, s situation, manifest run.Manifest) (err error) {
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
		err = t.reject(ctx, r, "there is no plan for this head; the comment on the affected jobs says why")
	case stepDrop:
		r.Abort(s.barred)
		err = t.drop(ctx, r)
	case stepAbort:
		err = t.abort(ctx, r, s)
	case stepContinue:
		err = t.createPipelineRun(ctx, r, manifest, s.unscheduled, r.Attempt+1)
	case stepPublish:
		err = t.publish(ctx, r, s, manifest)
	case stepFinish:
		err = t.conclude(ctx, r, s, manifest)
	case stepWait:
		err = t.attend(ctx, r, s, manifest)
	case stepNone:
	}
	return err
}

// wait says when to look again at a run that is not ours to move.
func (s situation) wait() error {
	switch {
	case s.run.State == v1alpha1.RunPending:
		return nil
	case s.live():
		return &requeue.Later{After: s.deadline.Sub(s.now), Reason: "run " + s.run.ID + " goes on"}
	}
	return &requeue.Later{After: SettlePause, Reason: "ProwJobs of run " + s.run.ID + " are still going"}
}

// observe gathers what the next step depends on, and counts.
func (t *Turn) observe(ctx context.Context, r *v1alpha1.RunStatus) (situation, run.Manifest, error) {
	s := situation{run: r, now: t.Now}
	if err := t.adopt(ctx, r); err != nil {
		return s, run.Manifest{}, err
	}
	if r.State == v1alpha1.RunPending {
		if (t.Plan.Known() && !t.Plan.Outlived() || t.waits[r.ID] != "") && !t.Rehearsal.Status.Pull.Stale() {
			s.barred = judging.Barred(t.Rehearsal, t.Repository.Labels.Untrusted)
			s.planned = t.Plan.Known() && t.Plan.Err == nil
			if t.Plan.Err != nil {
				s.planError = t.Plan.Err.Error()
			}
		}
		return s, run.Manifest{}, nil
	}
	manifest, err := t.Manifest(ctx, r)
	if err != nil {
		return s, manifest, err
	}
	s.deadline = deadline.Due(r)
	if s.pipelineRun, err = t.pipelineRun(ctx, r.PipelineRun); err != nil {
		return s, manifest, err
	}
	taskRuns, err := t.taskRuns(r.PipelineRun)
	if err != nil {
		return s, manifest, err
	}
	s.collating, s.reported = taskRuns[run.CollateTask] != nil, reported(taskRuns)
	if end := r.PipelineRunEnd; end != nil && s.pipelineRun == nil {
		s.reported = end.Reported
	}
	if s.outcomes, err = t.outcomes(ctx, r, manifest, s.pipelineRun); err != nil {
		return s, manifest, err
	}
	s.unscheduled = slices.DeleteFunc(unscheduled(r, s.pipelineRun, taskRuns, s.outcomes), func(job run.Job) bool { return t.isAborted(r, job) })
	s.obstacles = findObstacles(s.pipelineRun, taskRuns, s.outcomes, t.Now)
	s.obstacles.explain(s.outcomes, t.Secrets())
	remember(r, s, MaxJobEnds-jobEnds(t.Rehearsal))
	noticeInterference(r, s.pipelineRun, s.outcomes)
	tally := run.Count(s.outcomes)
	r.Total, r.Passed, r.Failed = tally.Total, tally.Passed, tally.Failed
	s.observed = true
	return s, manifest, nil
}

// adopt finds the PipelineRun of a run that has one although status, which may
// be older, does not say so. A run must not end as "not started" while it goes
// on, so the API server is asked.
func (t *Turn) adopt(ctx context.Context, r *v1alpha1.RunStatus) error {
	if r.State != v1alpha1.RunPending {
		return nil
	}
	pr, err := t.pipelineRun(ctx, resources.PipelineRunName(resources.RunName(t.Rehearsal, r.ID), 1))
	if err != nil || pr == nil {
		return err
	}
	m, err := t.Manifest(ctx, r)
	if err != nil {
		return err
	}
	r.Comment = resources.Comment(pr)
	t.Talk.Doubt() // status was lost, perhaps more than once
	r.MarkAttempt(pr.Name, 1, resources.Deadline(pr))
	r.MarkStarted(t.Now, m.Base, m.BaseRef, len(m.Jobs))
	return nil
}

// pipelineRun returns nil when it is gone for sure: the informer may not have
// seen yet what was just created.
func (t *Turn) pipelineRun(ctx context.Context, name string) (*pipelinev1.PipelineRun, error) {
	pr, err := t.PipelineRuns.PipelineRuns(t.Rehearsal.Namespace).Get(name)
	if apierrors.IsNotFound(err) {
		pr, err = t.Tekton.TektonV1().PipelineRuns(t.Rehearsal.Namespace).Get(ctx, name, metav1.GetOptions{})
	}
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading PipelineRun %s: %w", name, err)
	}
	return pr, ofAnother(t.Rehearsal, "PipelineRun", pr)
}

// reported says whether the finally task of a PipelineRun succeeded.
func reported(taskRuns map[string]*pipelinev1.TaskRun) bool {
	tr := taskRuns[run.CollateTask]
	return tr != nil && tr.Status.GetCondition(apis.ConditionSucceeded).IsTrue()
}

// unscheduled are the jobs without a ProwJob whose tasks never had a pod, or one that
// was killed: after a failed task Tekton schedules no others. A ProwJob that is gone
// although its task ran to its end was deleted by somebody, and is not made again.
// TaskRuns go with their PipelineRun; what was seen of them before counts then.
func unscheduled(r *v1alpha1.RunStatus, pr *pipelinev1.PipelineRun, taskRuns map[string]*pipelinev1.TaskRun, outcomes []run.Outcome) []run.Job {
	var jobs []run.Job
	for _, o := range outcomes {
		tr := taskRuns[o.Task]
		never := tr == nil || tr.Status.PodName == "" || killed(tr)
		if pr == nil {
			never = r.PipelineRunEnd != nil && slices.Contains(r.PipelineRunEnd.Unscheduled, o.ProwJob)
		}
		if o.Verdict == run.NotStarted && never {
			jobs = append(jobs, o.Job)
		}
	}
	return jobs
}

// bySignal is what exit codes of processes begin with that a signal has ended.
const bySignal = 128

// killed says that the step of a task did not come to its end by itself.
func killed(tr *pipelinev1.TaskRun) bool {
	return slices.ContainsFunc(tr.Status.Steps, func(s pipelinev1.StepState) bool {
		return s.Terminated != nil && s.Terminated.ExitCode > bySignal
	})
}

// taskRuns are the TaskRuns of a PipelineRun by the names of their tasks.
func (t *Turn) taskRuns(pipelineRun string) (map[string]*pipelinev1.TaskRun, error) {
	list, err := t.TaskRuns.ByIndex(ByPipelineRun, t.Rehearsal.Namespace+"/"+pipelineRun)
	if err != nil {
		return nil, fmt.Errorf("looking up the TaskRuns of %s: %w", pipelineRun, err)
	}
	byTask := map[string]*pipelinev1.TaskRun{}
	for _, o := range list {
		if tr, ok := o.(*pipelinev1.TaskRun); ok {
			byTask[tr.Labels[pipeline.PipelineTaskLabelKey]] = tr
		}
	}
	return byTask, nil
}

// outcomes reads the ProwJobs of a run. All are read from the API server where the
// informer does not know one of which it matters whether it exists, or where one is
// not complete although nobody saw how the PipelineRun ended.
func (t *Turn) outcomes(ctx context.Context, r *v1alpha1.RunStatus, m run.Manifest, pr *pipelinev1.PipelineRun) ([]run.Outcome, error) {
	over := pr == nil || pr.IsDone()
	unseen := r.PipelineRunEnd == nil && (pr == nil || !pr.DeletionTimestamp.IsZero())
	known := make([]*prowapi.ProwJob, len(m.Jobs))
	doubtful := func(pj *prowapi.ProwJob) bool { return over && pj == nil || unseen && pj != nil && !pj.Complete() }
	for i, job := range m.Jobs {
		var err error
		if known[i], err = t.knownProwJob(job.ProwJob); err != nil {
			return nil, err
		}
	}
	if slices.ContainsFunc(known, doubtful) {
		live, _, err := prowjob.List(ctx, t.prowJobs(), m)
		if err != nil {
			return nil, err
		}
		for i, job := range m.Jobs {
			if doubtful(known[i]) {
				known[i] = live[job.ProwJob]
			}
		}
	}
	outcomes := make([]run.Outcome, 0, len(m.Jobs))
	for i, job := range m.Jobs {
		outcomes = append(outcomes, prowjob.Observe(job, known[i]))
	}
	recall(r, outcomes)
	return outcomes, nil
}

func (t *Turn) prowJobs() prowclient.ProwJobInterface {
	return t.Prow.ProwV1().ProwJobs(t.Settings.Prow.ProwJobNamespace)
}

// ofRun selects what belongs to a run.
func ofRun(rh *v1alpha1.Rehearsal, name string) metav1.ListOptions {
	return metav1.ListOptions{LabelSelector: labels.Set{run.LabelRehearsalUID: string(rh.UID), run.LabelRun: name}.String()}
}

// OfRehearsal selects what belongs to a Rehearsal.
func OfRehearsal(rh *v1alpha1.Rehearsal) metav1.ListOptions {
	return metav1.ListOptions{LabelSelector: labels.Set{run.LabelRehearsalUID: string(rh.UID)}.String()}
}

// knownProwJob returns nil for a ProwJob that the informer does not know.
func (t *Turn) knownProwJob(name string) (*prowapi.ProwJob, error) {
	pj, err := t.ProwJobs.ProwJobs(t.Settings.Prow.ProwJobNamespace).Get(name)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading ProwJob %s: %w", name, err)
	}
	return pj, nil
}

// conclude ends a run whose report is on the pull request.
func (t *Turn) conclude(ctx context.Context, r *v1alpha1.RunStatus, s situation, m run.Manifest) error {
	overwritten, err := t.overwritten(ctx, r)
	if err != nil {
		return err
	}
	if overwritten {
		return t.publish(ctx, r, s, m)
	}
	return t.finish(ctx, r, s, m)
}

// finish records the result of a run that the pull request shows already, and
// acknowledges the pull request if that was asked for.
func (t *Turn) finish(ctx context.Context, r *v1alpha1.RunStatus, s situation, m run.Manifest) error {
	if err := t.storeResult(ctx, m, s.outcomes); err != nil {
		return err
	}
	r.MarkOver(endState(r, run.Count(s.outcomes)), t.Now)
	if m.AutoAck && t.Rehearsal.Status.Pull != nil {
		command, _ := t.commandOf(r)
		judging.VouchByRun(t.Rehearsal, r, metav1.NewTime(judging.GivenAt(command, t.Rehearsal.Status.VerdictOn(r.ID))))
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

// own makes a Rehearsal the owner of what it stores for its tasks.
func own(cm *corev1.ConfigMap, namespace string, owner metav1.OwnerReference) *corev1.ConfigMap {
	cm.Namespace = namespace
	cm.OwnerReferences = []metav1.OwnerReference{owner}
	return cm
}
