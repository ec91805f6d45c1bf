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
	// ID is the id of the command.
	ID string `json:"id"`
	// Head and Base are the SHAs that it runs; Base is set once it is planned.
	Head string `json:"head"`
	Base string `json:"base,omitempty"`
	// BaseRef is the branch that Base is a commit of.
	BaseRef string `json:"baseRef,omitempty"`
	By      string `json:"by"`
	// PipelineRun is the name of the latest PipelineRun of the run.
	PipelineRun string `json:"pipelineRun,omitempty"`
	// Attempt counts the PipelineRuns from 1: jobs that one never started are
	// continued in another.
	Attempt int `json:"attempt,omitempty"`
	// Comment is the id of the run's comment.
	Comment int64    `json:"comment,omitempty"`
	State   RunState `json:"state"`
	// AbortReason says why a run is being aborted, or was.
	AbortReason string `json:"abortReason,omitempty"`
	// ProgressAt is when the run's comment was last edited while it went on.
	// +optional
	ProgressAt *metav1.Time `json:"progressAt,omitempty"`
	// Progress changes whenever there is more to tell.
	Progress string `json:"progress,omitempty"`
	// Message says why a run was rejected, or what is in its way.
	Message string `json:"message,omitempty"`
	Total   int    `json:"total,omitempty"`
	Passed  int    `json:"passed,omitempty"`
	Failed  int    `json:"failed,omitempty"`
	// Since is when the run came to be pending, or aborting.
	// +optional
	Since *metav1.Time `json:"since,omitempty"`
	// HinderedSince is when errors began to keep a pending run from starting.
	// +optional
	HinderedSince *metav1.Time `json:"hinderedSince,omitempty"`
	// Restarts counts how often the run was about to start and was planned anew.
	Restarts int `json:"restarts,omitempty"`
	// +optional
	StartedAt *metav1.Time `json:"startedAt,omitempty"`
	// Deadline is when the jobs of a run that has started have to be done.
	// +optional
	Deadline *metav1.Time `json:"deadline,omitempty"`
	// +optional
	DoneAt *metav1.Time `json:"doneAt,omitempty"`
	// Cleaned is set once the PipelineRuns of a run that is over, and what they were
	// to run, are deleted. The result and the page stay.
	Cleaned bool `json:"cleaned,omitempty"`
	// Unreported is set on a run that is over while the pull request does not show
	// how it ended.
	Unreported bool `json:"unreported,omitempty"`
	// PipelineRunEnd is how the latest PipelineRun ended, as soon as that was
	// seen: it may be deleted at any time. It goes when the run is over.
	// +optional
	PipelineRunEnd *PipelineRunEnd `json:"pipelineRunEnd,omitempty"`
	// JobEnds are how jobs ended, by the names of their ProwJobs, which may be
	// deleted as well. They go when the run is over.
	// +optional
	JobEnds map[string]JobEnd `json:"jobEnds,omitempty"`
}

// PipelineRunEnd is how a PipelineRun ended.
type PipelineRunEnd struct {
	// At is when.
	At metav1.Time `json:"at"`
	// Reported is set when its finally task wrote the report.
	Reported bool `json:"reported,omitempty"`
	// FromOutside is set when somebody cancelled it or its time was up.
	FromOutside bool `json:"fromOutside,omitempty"`
	// Unscheduled are the names of the ProwJobs whose tasks it never got to.
	// +optional
	Unscheduled []string `json:"unscheduled,omitempty"`
}

// JobEnd is how a job ended.
type JobEnd struct {
	// Verdict is what the report calls it.
	Verdict string `json:"verdict"`
	// StartedAt and DoneAt are Prow's times.
	// +optional
	StartedAt metav1.Time `json:"startedAt,omitempty"`
	DoneAt    metav1.Time `json:"doneAt"`
}
