package v1alpha1

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Only the methods of this file change the state of a run.

// Abort requests the abort of a run. The first reason is kept.
func (r *RunStatus) Abort(reason string) {
	if r.AbortReason == "" {
		r.AbortReason = reason
	}
}

// MarkAttempt records that a PipelineRun was created, and the deadline of its jobs.
func (r *RunStatus) MarkAttempt(pipelineRun string, attempt int, deadline *metav1.Time) {
	r.PipelineRun, r.Attempt, r.Deadline, r.PipelineRunEnd = pipelineRun, attempt, deadline, nil
}

// MarkStarted records that a run has its first PipelineRun, and how many jobs it has. It
// clears what described the wait.
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

// MarkHindered records since when errors prevent a pending run from starting.
func (r *RunStatus) MarkHindered(at time.Time) {
	if r.HinderedSince == nil {
		r.HinderedSince = &metav1.Time{Time: at}
	}
}

// MarkOver records how a run ended, when the pull request already shows it.
func (r *RunStatus) MarkOver(state RunState, at time.Time) {
	r.MarkUnreported(state, at)
	r.MarkReported()
}

// MarkUnreported records how a run ended, when the pull request does not show it yet.
func (r *RunStatus) MarkUnreported(state RunState, at time.Time) {
	r.State, r.Unreported = state, true
	if r.DoneAt == nil {
		r.DoneAt = &metav1.Time{Time: at}
	}
}

// MarkReported records that the pull request shows how a run ended. It clears what was
// needed to determine that.
func (r *RunStatus) MarkReported() {
	r.Unreported = false
	r.JobEnds, r.PipelineRunEnd, r.Since, r.HinderedSince, r.Deadline, r.Restarts = nil, nil, nil, nil, nil, 0
}

// Invalidate makes the next reconcile read the pull request again.
func (p *PullStatus) Invalidate() { p.SpecGeneration = 0 }

// Stale reports whether the pull request has to be read again.
func (p *PullStatus) Stale() bool { return p.SpecGeneration == 0 }
