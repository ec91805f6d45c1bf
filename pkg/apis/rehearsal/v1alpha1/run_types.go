package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// RunState is where a run stands.
type RunState string

// The states of a run, in the order in which a run passes them.
const (
	// RunPending waits for a plan.
	RunPending RunState = "Pending"
	// RunRunning has a PipelineRun.
	RunRunning RunState = "Running"
	// RunAborting was cancelled and still has live TaskRuns or ProwJobs.
	RunAborting RunState = "Aborting"
	// RunPassed, RunFailed and RunAborted are over, and reported unless Unreported
	// says otherwise.
	RunPassed  RunState = "Passed"
	RunFailed  RunState = "Failed"
	RunAborted RunState = "Aborted"
	// RunRejected never started: nothing to run, or no plan.
	RunRejected RunState = "Rejected"
)

// Done says that nothing will happen to the run any more.
func (s RunState) Done() bool {
	switch s {
	case RunPassed, RunFailed, RunAborted, RunRejected:
		return true
	}
	return false
}

// RunStatus is one run: the answer to one command that asked for one.
type RunStatus struct {
	// ID is the id of the command that asked for the run.
	ID string `json:"id"`
	// Head is the full SHA of the pull request's commit that is rehearsed.
	Head string `json:"head"`
	// Base is the full SHA of the base branch that the head is merged into.
	// Empty until the run has started.
	// +optional
	Base string `json:"base,omitempty"`
	// BaseRef is the branch that base is a commit of.
	// +optional
	BaseRef string `json:"baseRef,omitempty"`
	// By is the login of who asked for the run.
	By string `json:"by"`
	// PipelineRun is the name of the latest PipelineRun of the run, in the
	// namespace of the Rehearsal. Empty until the run has started.
	// +optional
	PipelineRun string `json:"pipelineRun,omitempty"`
	// Attempt counts the PipelineRuns, from 1: jobs that one never started are
	// continued in another. 0, or missing, until the run has started.
	// +optional
	Attempt int `json:"attempt,omitempty"`
	// Comment is GitHub's id of the run's comment. 0, or missing, while it has
	// none.
	// +optional
	Comment int64 `json:"comment,omitempty"`
	// State is Pending while the run waits to start; Running while it has a
	// PipelineRun; Aborting while that, or a ProwJob, is being stopped; and in
	// the end Passed, Failed, Aborted or Rejected.
	State RunState `json:"state"`
	// AbortReason says why the run is being aborted, or was. Empty otherwise.
	// +optional
	AbortReason string `json:"abortReason,omitempty"`
	// ProgressAt is when the run's comment was last edited while it went on, by
	// the controller's clock.
	// +optional
	ProgressAt *metav1.Time `json:"progressAt,omitempty"`
	// Progress is a hash that changes whenever there is more to say in the
	// comment.
	// +optional
	Progress string `json:"progress,omitempty"`
	// Message says why the run waits, or was rejected. Empty otherwise.
	// +optional
	Message string `json:"message,omitempty"`
	// Total is how many jobs the run has. 0, or missing, until that is known.
	// +optional
	Total int `json:"total,omitempty"`
	// Passed is how many of them have passed.
	// +optional
	Passed int `json:"passed,omitempty"`
	// Failed is how many of them have ended and neither passed nor were aborted.
	// +optional
	Failed int `json:"failed,omitempty"`
	// Since is when the run came to be pending or, later, aborting, by the
	// controller's clock.
	// +optional
	Since *metav1.Time `json:"since,omitempty"`
	// HinderedSince is when errors began to keep a pending run from starting.
	// Empty while none do.
	// +optional
	HinderedSince *metav1.Time `json:"hinderedSince,omitempty"`
	// Restarts counts how often the run was about to start and was planned
	// again, because the base branch had moved.
	// +optional
	Restarts int `json:"restarts,omitempty"`
	// StartedAt is when the first PipelineRun was created, by the controller's
	// clock. Empty until then.
	// +optional
	StartedAt *metav1.Time `json:"startedAt,omitempty"`
	// Deadline is when the jobs of the run have to be done. Empty until it has
	// started, and again when it is over.
	// +optional
	Deadline *metav1.Time `json:"deadline,omitempty"`
	// DoneAt is when the run ended, by the controller's clock. Empty until then.
	// +optional
	DoneAt *metav1.Time `json:"doneAt,omitempty"`
	// Cleaned is true once the PipelineRuns of a run that is over, and what they
	// were to run, are deleted. The result and the page stay.
	// +optional
	Cleaned bool `json:"cleaned,omitempty"`
	// Unreported is true on a run that is over while the pull request does not
	// show how it ended.
	// +optional
	Unreported bool `json:"unreported,omitempty"`
	// PipelineRunEnd is how the latest PipelineRun ended, as soon as that was
	// seen, because it may be deleted at any time. Empty again when the run is
	// over.
	// +optional
	PipelineRunEnd *PipelineRunEnd `json:"pipelineRunEnd,omitempty"`
	// JobEnds are how jobs ended, by the names of their ProwJobs, because those
	// may be deleted as well. At most 500 are kept for all runs together. Empty
	// again when the run is over.
	// +optional
	JobEnds map[string]JobEnd `json:"jobEnds,omitempty"`
}

// PipelineRunEnd is how a PipelineRun ended.
type PipelineRunEnd struct {
	// At is when, by Tekton's clock where it says so.
	At metav1.Time `json:"at"`
	// Reported is true when its finally task wrote the report.
	// +optional
	Reported bool `json:"reported,omitempty"`
	// FromOutside is true when somebody cancelled it, or its time was up.
	// +optional
	FromOutside bool `json:"fromOutside,omitempty"`
	// Unscheduled are the names of the ProwJobs whose tasks it never got to.
	// +optional
	Unscheduled []string `json:"unscheduled,omitempty"`
}

// JobEnd is how a job ended.
type JobEnd struct {
	// Verdict is what the report calls it.
	Verdict string `json:"verdict"`
	// StartedAt is when Prow started the job, by its clock. Empty when it did
	// not say.
	// +optional
	StartedAt metav1.Time `json:"startedAt,omitempty"`
	// DoneAt is when the job ended, by Prow's clock.
	DoneAt metav1.Time `json:"doneAt"`
}
