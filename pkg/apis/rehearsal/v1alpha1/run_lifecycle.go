package v1alpha1

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The methods of this file are the only ones that move a run from one state to another.

// Abort gives a run a reason to end, unless it has one.
func (r *RunStatus) Abort(reason string) {
	if r.AbortReason == "" {
		r.AbortReason = reason
	}
}

// MarkAttempt records that a PipelineRun was created, and when its jobs have to be done.
func (r *RunStatus) MarkAttempt(pipelineRun string, attempt int, deadline *metav1.Time) {
	r.PipelineRun, r.Attempt, r.Deadline, r.PipelineRunEnd = pipelineRun, attempt, deadline, nil
}

// MarkStarted records that a run of so many jobs has its first PipelineRun. What it has
// waited for is no more.
func (r *RunStatus) MarkStarted(at time.Time, base, baseRef string, jobs int) {
	r.State, r.Base, r.BaseRef, r.Total = RunRunning, base, baseRef, jobs
	r.StartedAt = &metav1.Time{Time: at}
	r.Message, r.Progress, r.ProgressAt, r.Since, r.HinderedSince = "", "", nil, nil, nil
}

// MarkAborting records that a run with a PipelineRun is being ended.
func (r *RunStatus) MarkAborting(at time.Time) {
	if r.State != RunAborting {
		r.State, r.Since = RunAborting, &metav1.Time{Time: at}
	}
}

// MarkHindered records that something keeps a pending run from starting.
func (r *RunStatus) MarkHindered(at time.Time) {
	if r.HinderedSince == nil {
		r.HinderedSince = &metav1.Time{Time: at}
	}
}

// MarkOver records how a run has ended that the pull request shows so.
func (r *RunStatus) MarkOver(state RunState, at time.Time) {
	r.MarkUnreported(state, at)
	r.MarkReported()
}

// MarkUnreported records how a run has ended that the pull request does not show yet.
func (r *RunStatus) MarkUnreported(state RunState, at time.Time) {
	r.State, r.Unreported = state, true
	if r.DoneAt == nil {
		r.DoneAt = &metav1.Time{Time: at}
	}
}

// MarkReported records that the pull request shows how a run has ended. What was needed
// to find that out is dropped.
func (r *RunStatus) MarkReported() {
	r.Unreported = false
	r.JobEnds, r.PipelineRunEnd, r.Since, r.HinderedSince, r.Deadline, r.Restarts = nil, nil, nil, nil, nil, 0
}

// Invalidate has the next turn read the pull request again.
func (p *PullStatus) Invalidate() { p.SpecGeneration = 0 }

// Stale says that it has to be read again.
func (p *PullStatus) Stale() bool { return p.SpecGeneration == 0 }
