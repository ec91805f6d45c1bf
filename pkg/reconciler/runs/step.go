package runs

import (
	"time"

	pipelinev1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"knative.dev/pkg/apis"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/deadline"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// MaxAttempts is the maximum number of PipelineRuns of a run. Each after the first runs the
// jobs that the one before never started.
const MaxAttempts = 3

// resumePause is the time before the second attempt. Each later attempt waits that much
// longer.
const resumePause = 15 * time.Second

// step is the next step of a run.
type step string

const (
	// stepNone: the run is over.
	stepNone step = "None"
	// stepWait: Tekton, Prow or the planner has to finish first.
	stepWait step = "Wait"
	// stepStart: store the ProwJobs, comment, and create the PipelineRun.
	stepStart step = "Start"
	// stepReject: there is no plan to run.
	stepReject step = "Reject"
	// stepDrop: the run was aborted, or may no longer start.
	stepDrop step = "Drop"
	// stepAbort: cancel the PipelineRun, and abort all ProwJobs.
	stepAbort step = "Abort"
	// stepContinue: create another PipelineRun for the jobs that never started.
	stepContinue step = "Continue"
	// stepPublish: write the report that the finally task did not write, then finish.
	stepPublish step = "Publish"
	// stepFinish: the report is on the pull request; record the result.
	stepFinish step = "Finish"
)

// situation is everything that the next step of a run depends on.
type situation struct {
	run *v1alpha1.RunStatus
	// planned says that there is a plan, planError why there is none. Both are empty while
	// planning goes on.
	planned   bool
	planError string
	// barred is why a run that has not started must not start any more.
	barred string
	// manifest is the manifest of the run; lost is why the run cannot go on without its
	// jobs.
	manifest run.Manifest
	lost     string
	// begun is a PipelineRun that status does not mention.
	begun *pipelinev1.PipelineRun
	// pipelineRun is nil if it is gone.
	pipelineRun *pipelinev1.PipelineRun
	// collating says that the finally task exists, reported that it succeeded.
	collating, reported bool
	outcomes            []run.Outcome
	// obstacles keep tasks from starting.
	obstacles obstacles
	// unscheduled are the jobs whose tasks the PipelineRun never started.
	unscheduled []run.Job
	// deadline is when the run is due.
	deadline time.Time
	now      time.Time
	// observed says that all of this is known.
	observed bool
}

// next decides the next step of a run.
func next(s situation) step {
	switch {
	case s.run.State.Done():
		return stepNone
	case s.run.State == v1alpha1.RunPending:
		return nextPending(s)
	case s.run.AbortReason != "":
		return nextAborting(s)
	case s.live():
		return stepWait
	case s.neverStarted() && s.run.Attempt < MaxAttempts && s.now.Before(s.deadline):
		if s.now.Before(s.resumeAt()) {
			return stepWait
		}
		return stepContinue
	case s.unsettled():
		return stepWait
	case !s.reported, run.Count(s.outcomes).NotStarted > 0:
		// The finally task does not report a final result while another attempt might run
		// jobs.
		return stepPublish
	}
	return stepFinish
}

// resumeAt returns when to retry the jobs that a PipelineRun never started. The pause grows
// with each attempt, because an obstacle may take a while to go away.
func (s situation) resumeAt() time.Time {
	var ended *metav1.Time
	if s.pipelineRun != nil {
		ended = s.pipelineRun.Status.CompletionTime
	} else if s.run.PipelineRunEnd != nil {
		ended = &s.run.PipelineRunEnd.At
	}
	if ended == nil {
		return s.now
	}
	return ended.Add(time.Duration(s.run.Attempt) * resumePause)
}

// overdue reports whether a run has used all its time.
func (s situation) overdue() bool {
	return s.run.State == v1alpha1.RunRunning && !s.now.Before(s.deadline) && (s.live() || s.unsettled())
}

// live reports whether Tekton is still working on the PipelineRun.
func (s situation) live() bool { return s.pipelineRun != nil && !s.pipelineRun.IsDone() }

func nextPending(s situation) step {
	switch {
	case s.run.AbortReason != "", s.barred != "":
		return stepDrop
	case s.planError != "":
		return stepReject
	case s.planned:
		return stepStart
	}
	return stepWait
}

func nextAborting(s situation) step {
	switch {
	case (s.live() || s.unsettled()) && s.now.Before(s.deadline.Add(deadline.AbortTime)):
		return stepAbort
	case !s.reported:
		return stepPublish
	}
	return stepFinish
}

// neverStarted reports whether the PipelineRun ended by itself before all of its tasks were
// scheduled.
func (s situation) neverStarted() bool {
	if s.pipelineRun == nil {
		return s.run.PipelineRunEnd != nil && !s.run.PipelineRunEnd.FromOutside && len(s.unscheduled) > 0
	}
	return !endedFromOutside(s.pipelineRun) && len(s.unscheduled) > 0
}

// endedFromOutside reports whether somebody cancelled the PipelineRun, or it timed out.
func endedFromOutside(pr *pipelinev1.PipelineRun) bool {
	if pr.Spec.Status != "" {
		return true
	}
	condition := pr.Status.GetCondition(apis.ConditionSucceeded)
	return condition != nil && condition.Reason == pipelinev1.PipelineRunReasonTimedOut.String()
}

// unsettled reports whether Prow is still working on an existing ProwJob.
func (s situation) unsettled() bool {
	for _, o := range s.outcomes {
		if o.Verdict != run.NotStarted && !o.Settled() {
			return true
		}
	}
	return false
}
