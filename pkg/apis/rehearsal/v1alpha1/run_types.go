package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// RunState is the state of a run.
type RunState string

// The states of a run, in the order in which a run goes through them.
const (
	// RunPending is a run that waits to start.
	RunPending RunState = "Pending"
	// RunRunning is a run with a PipelineRun.
	RunRunning RunState = "Running"
	// RunAborting is a run that was cancelled and still has live TaskRuns or
	// ProwJobs.
	RunAborting RunState = "Aborting"
	// RunPassed, RunFailed and RunAborted are runs that have ended. The pull request
	// shows that, unless Unreported is true.
	RunPassed  RunState = "Passed"
	RunFailed  RunState = "Failed"
	RunAborted RunState = "Aborted"
	// RunRejected is a run that never started, because there was nothing to run or
	// no plan.
	RunRejected RunState = "Rejected"
)

// Done reports whether the run has ended.
func (s RunState) Done() bool {
	switch s {
	case RunPassed, RunFailed, RunAborted, RunRejected:
		return true
	}
	return false
}

// RunStatus is one run, started by one command.
type RunStatus struct {
	// ID is the ID of the command that requested the run.
	ID string `json:"id"`
	// Head is the full SHA of the pull request's commit that is rehearsed.
	Head string `json:"head"`
	// Base is the full SHA of the commit of the base branch that the head is merged
	// into. Empty until the run has started.
	// +optional
	Base string `json:"base,omitempty"`
	// BaseRef is the name of the base branch.
	// +optional
	BaseRef string `json:"baseRef,omitempty"`
	// By is the login of the person who requested the run.
	By string `json:"by"`
	// PipelineRun is the name of the latest PipelineRun of the run, in the
	// namespace of the Rehearsal. Empty until the run has started.
	// +optional
	PipelineRun string `json:"pipelineRun,omitempty"`
	// Attempt is the number of PipelineRuns so far. Jobs that one PipelineRun never
	// started continue in the next. 0 or missing until the run has started.
	// +optional
	Attempt int `json:"attempt,omitempty"`
	// Comment is GitHub's ID of the comment of the run. 0 or missing while the run
	// has none.
	// +optional
	Comment int64 `json:"comment,omitempty"`
	// State is Pending while the run waits to start, Running while it has a
	// PipelineRun, and Aborting while the PipelineRun or a ProwJob is being stopped.
	// A run ends as Passed, Failed, Aborted or Rejected.
	State RunState `json:"state"`
	// AbortReason says why the run is being aborted, or was aborted. Empty
	// otherwise.
	// +optional
	AbortReason string `json:"abortReason,omitempty"`
	// ProgressAt is when the comment of the unfinished run was last edited, by the
	// controller's clock.
	// +optional
	ProgressAt *metav1.Time `json:"progressAt,omitempty"`
	// Progress is a hash that changes whenever the comment has to be updated.
	// +optional
	Progress string `json:"progress,omitempty"`
	// Message says why the run waits, or why it was rejected. Empty otherwise.
	// +optional
	Message string `json:"message,omitempty"`
	// Total is the number of jobs of the run. 0 or missing until it is known.
	// +optional
	Total int `json:"total,omitempty"`
	// Passed is the number of jobs that passed.
	// +optional
	Passed int `json:"passed,omitempty"`
	// Failed is the number of jobs that ended, and neither passed nor were aborted.
	// +optional
	Failed int `json:"failed,omitempty"`
	// Since is when the run became pending or, later, aborting, by the controller's
	// clock.
	// +optional
	Since *metav1.Time `json:"since,omitempty"`
	// HinderedSince is when errors began to prevent a pending run from starting.
	// Empty while there are none.
	// +optional
	HinderedSince *metav1.Time `json:"hinderedSince,omitempty"`
	// Restarts is how often the run was planned again just before its start, because
	// the base branch had moved.
	// +optional
	Restarts int `json:"restarts,omitempty"`
	// StartedAt is when the first PipelineRun was created, by the controller's
	// clock. Empty until then.
	// +optional
	StartedAt *metav1.Time `json:"startedAt,omitempty"`
	// Deadline is when the jobs of the run have to be done. Empty until the run has
	// started, and again once it has ended.
	// +optional
	Deadline *metav1.Time `json:"deadline,omitempty"`
	// DoneAt is when the run ended, by the controller's clock. Empty until then.
	// +optional
	DoneAt *metav1.Time `json:"doneAt,omitempty"`
	// Cleaned is true once the PipelineRuns of an ended run and their manifests are
	// deleted. The result and the page stay.
	// +optional
	Cleaned bool `json:"cleaned,omitempty"`
	// Unreported is true when the run has ended, but the pull request does not show
	// yet how.
	// +optional
	Unreported bool `json:"unreported,omitempty"`
	// PipelineRunEnd is how the latest PipelineRun ended. It is recorded as soon as
	// it is observed, because the PipelineRun can be deleted at any time. Empty
	// again once the run has ended.
	// +optional
	PipelineRunEnd *PipelineRunEnd `json:"pipelineRunEnd,omitempty"`
	// JobEnds are the outcomes of jobs, by the names of their ProwJobs. They are
	// recorded because ProwJobs can be deleted as well. At most 500 are kept for all
	// runs together. Empty again once the run has ended.
	// +optional
	JobEnds map[string]JobEnd `json:"jobEnds,omitempty"`
}

// PipelineRunEnd is how a PipelineRun ended.
type PipelineRunEnd struct {
	// At is when the PipelineRun ended, by Tekton's clock if Tekton reports it.
	At metav1.Time `json:"at"`
	// Reported is true when the finally task of the PipelineRun wrote the report.
	// +optional
	Reported bool `json:"reported,omitempty"`
	// FromOutside is true when somebody cancelled the PipelineRun, or it timed out.
	// +optional
	FromOutside bool `json:"fromOutside,omitempty"`
	// Unscheduled are the names of the ProwJobs whose tasks the PipelineRun never
	// started.
	// +optional
	Unscheduled []string `json:"unscheduled,omitempty"`
}

// JobEnd is how a job ended.
type JobEnd struct {
	// Verdict is how the job ended, in the word that the report uses.
	Verdict string `json:"verdict"`
	// StartedAt is when Prow started the job, by Prow's clock. Empty when Prow did
	// not report it.
	// +optional
	StartedAt metav1.Time `json:"startedAt,omitempty"`
	// DoneAt is when the job ended, by Prow's clock.
	DoneAt metav1.Time `json:"doneAt"`
}
