package runs

import (
	"context"
	"fmt"
	"slices"

	"github.com/tektoncd/pipeline/pkg/apis/pipeline"
	pipelinev1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"knative.dev/pkg/apis"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
	prowclient "sigs.k8s.io/prow/pkg/client/clientset/versioned/typed/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/prowjob"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/deadline"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/judging"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/rehearsal/resources"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// observer reads the current state of runs. It writes nothing.
type observer struct {
	*Pass
	Aborts *Aborts
	Queue  *Queue
}

// observe gathers everything that the next step of a run depends on.
func (t *observer) observe(ctx context.Context, r *v1alpha1.RunStatus) (situation, error) {
	s := situation{run: r, now: t.Now}
	var err error
	if r.State == v1alpha1.RunPending {
		t.observePending(&s)
		s.begun, err = t.pipelineRun(ctx, resources.PipelineRunName(resources.RunName(t.Rehearsal, r.ID), 1))
		if err == nil && s.begun != nil {
			s.manifest, s.lost, err = t.findManifest(ctx, r)
		}
		return s, err
	}
	if s.manifest, s.lost, err = t.findManifest(ctx, r); err != nil {
		return s, err
	}
	s.deadline = deadline.Due(r)
	if s.pipelineRun, err = t.pipelineRun(ctx, r.PipelineRun); err != nil {
		return s, err
	}
	taskRuns, err := t.taskRuns(r.PipelineRun)
	if err != nil {
		return s, err
	}
	s.collating, s.reported = taskRuns[run.CollateTask] != nil, reported(taskRuns)
	if end := r.PipelineRunEnd; end != nil && s.pipelineRun == nil {
		s.reported = end.Reported
	}
	if s.outcomes, err = t.outcomes(ctx, r, s.manifest, s.pipelineRun); err != nil {
		return s, err
	}
	s.unscheduled = slices.DeleteFunc(unscheduled(r, s.pipelineRun, taskRuns, s.outcomes), func(job run.Job) bool { return t.Aborts.include(r, job) })
	s.obstacles = findObstacles(s.pipelineRun, taskRuns, s.outcomes, t.Now)
	s.obstacles.explain(s.outcomes, t.Secrets())
	s.observed = true
	return s, nil
}

// observePending sets what a run that has not started waits for.
func (t *observer) observePending(s *situation) {
	known := t.Plan.Known() && !t.Plan.Outlived() || t.Queue.waits[s.run.ID] != ""
	if !known || t.Rehearsal.Status.Pull.Stale() {
		return
	}
	s.barred = judging.Barred(t.Rehearsal, t.Repository.Labels.Untrusted)
	s.planned = t.Plan.Known() && t.Plan.Err == nil
	if t.Plan.Err != nil {
		s.planError = t.Plan.Err.Error()
	}
}

// pipelineRun returns nil only if the API server says that the PipelineRun is gone: the
// informer may not show a new one yet.
func (t *Pass) pipelineRun(ctx context.Context, name string) (*pipelinev1.PipelineRun, error) {
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

// reported reports whether the finally task of a PipelineRun succeeded.
func reported(taskRuns map[string]*pipelinev1.TaskRun) bool {
	tr := taskRuns[run.CollateTask]
	return tr != nil && tr.Status.GetCondition(apis.ConditionSucceeded).IsTrue()
}

// unscheduled returns the jobs without a ProwJob whose tasks never had a pod, or whose pod
// was killed: after a failed task Tekton schedules no others. If the task ended by itself,
// somebody deleted the ProwJob, and it is not created again. TaskRuns are deleted with
// their PipelineRun; then the list that status keeps is used.
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

// bySignal is the base of exit codes of processes that a signal ended: 128 plus the signal.
const bySignal = 128

// killed reports whether a step of a task was ended by a signal.
func killed(tr *pipelinev1.TaskRun) bool {
	return slices.ContainsFunc(tr.Status.Steps, func(s pipelinev1.StepState) bool {
		return s.Terminated != nil && s.Terminated.ExitCode > bySignal
	})
}

// taskRuns returns the TaskRuns of a PipelineRun, by the names of their tasks.
func (t *observer) taskRuns(pipelineRun string) (map[string]*pipelinev1.TaskRun, error) {
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

// outcomes reads the ProwJobs of a run. They are read from the API server if the informer
// does not have one although the PipelineRun is over, or if one is not complete and nobody
// saw the PipelineRun end.
func (t *observer) outcomes(ctx context.Context, r *v1alpha1.RunStatus, m run.Manifest, pr *pipelinev1.PipelineRun) ([]run.Outcome, error) {
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

func (t *Pass) prowJobs() prowclient.ProwJobInterface {
	return t.Prow.ProwV1().ProwJobs(t.Settings.Prow.ProwJobNamespace)
}

// knownProwJob returns a ProwJob from the informer; nil if the informer does not have it.
func (t *Pass) knownProwJob(name string) (*prowapi.ProwJob, error) {
	pj, err := t.ProwJobs.ProwJobs(t.Settings.Prow.ProwJobNamespace).Get(name)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading ProwJob %s: %w", name, err)
	}
	return pj, nil
}
