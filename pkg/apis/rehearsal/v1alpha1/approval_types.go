package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// AckState is the state of an Acknowledgement.
//
// +kubebuilder:validation:Enum=Required;Acknowledged;Held;Withdrawn
type AckState string

// The states of an Acknowledgement.
const (
	// StateRequired is the first state of a pull request that affects jobs.
	StateRequired AckState = "Required"
	// StateAcknowledged means that the head is acknowledged.
	StateAcknowledged AckState = "Acknowledged"
	// StateHeld means that an older head was acknowledged, and that the plan of the
	// new head is not known yet.
	StateHeld AckState = "Held"
	// StateWithdrawn means that the acknowledgement is no longer valid.
	StateWithdrawn AckState = "Withdrawn"
)

// AckReason is the reason for the state of an Acknowledgement.
type AckReason string

// The reasons why a pull request is acknowledged, or no longer is.
const (
	AckByCommand AckReason = "Ack"
	AckSkipped   AckReason = "Skip"
	AckAuto      AckReason = "AutoAck"
	AckNothing   AckReason = "NothingToRehearse"
	AckRejected  AckReason = "Reject"
	AckPushed    AckReason = "Push"
	AckRetarget  AckReason = "Retarget"
)

// Acknowledgement records whether a head of the pull request is acknowledged,
// by whom, and for which reason.
type Acknowledgement struct {
	// State is Required while the head is not acknowledged, Acknowledged while it
	// is, Held while an older head was acknowledged and the plan of the new head is
	// not known yet, and Withdrawn when the acknowledgement is no longer valid.
	State AckState `json:"state"`
	// Reason is the reason for the state. For Acknowledged: Ack or Skip (a command),
	// AutoAck (all jobs passed of a run that was asked to acknowledge), or
	// NothingToRehearse. For Withdrawn: Reject (a command), Push (the new head has
	// other effects), or Retarget (the base branch was changed). Empty while the
	// state is Required.
	// +optional
	Reason AckReason `json:"reason,omitempty"`
	// By is the GitHub login of the person who acknowledged the head, or withdrew
	// the acknowledgement. Empty when there is nothing to rehearse, or nobody has
	// acknowledged yet.
	// +optional
	By string `json:"by,omitempty"`
	// Given is the full SHA of the older head that was acknowledged, when the
	// acknowledgement has survived a push. Empty when the current head itself was
	// acknowledged.
	// +optional
	Given string `json:"given,omitempty"`
	// Head is the full SHA of the head that the acknowledgement now applies to.
	Head string `json:"head"`
	// BaseRef is the name of the branch to merge into. The acknowledgement is not
	// valid for any other branch.
	BaseRef string `json:"baseRef"`
	// Command is the ID in spec.commands of the command that acknowledged the head.
	// Empty when no command did.
	// +optional
	Command string `json:"command,omitempty"`
	// Rendered is the value of status.plan.rendered that was acknowledged. The
	// acknowledgement survives a push when the new head has the same value. Empty
	// while the value is not known.
	// +optional
	Rendered string `json:"rendered,omitempty"`
	// Runs are the IDs in status.runs of the runs of this head that had passed.
	// Empty when none had passed.
	// +listType=atomic
	// +optional
	Runs []string `json:"runs,omitempty"`
	// At is the time of the command, by GitHub's clock. It is kept when the
	// acknowledgement is withdrawn, because the later of two commands counts. Empty
	// when there was no command.
	// +optional
	At *metav1.Time `json:"at,omitempty"`
	// Labelled is true once the label on the pull request matches the state.
	// +optional
	Labelled bool `json:"labelled,omitempty"`
}

// Approval is a person's permission for one head, given after reviewing it.
type Approval struct {
	// By is the GitHub login of the person who approved.
	By string `json:"by"`
	// Command is the ID in spec.commands of the command that approved.
	Command string `json:"command"`
	// Head is the full SHA of the head that is approved. A push voids the approval.
	Head string `json:"head"`
	// BaseRef is the name of the branch to merge into. A change of the base branch
	// voids the approval.
	BaseRef string `json:"baseRef"`
	// Asks is the value of status.plan.asks when the privileges were approved. The
	// approval is void when jobs request other privileges. Empty in
	// status.headApproval, which is not about privileges.
	// +optional
	Asks string `json:"asks,omitempty"`
	// At is the time of the command, by GitHub's clock.
	At metav1.Time `json:"at"`
	// Jobs are the jobs that may have the privileges that they request. Empty means
	// all jobs.
	// +listType=atomic
	// +optional
	Jobs []AllowedJob `json:"jobs,omitempty"`
}

// AllowedJob is a job that may have the privileges that it requests.
type AllowedJob struct {
	AskingJob `json:",inline"`
	// By is the GitHub login of the person who allowed the privileges.
	By string `json:"by"`
}

// AskingJob is a job that requests privileges that the base branch does not
// grant it.
type AskingJob struct {
	// Job is the name of the job in commands. It is name@branch when several
	// affected jobs have the same name.
	Job string `json:"job"`
	// Asks is a hash of the job and of the privileges that it requests.
	Asks string `json:"asks"`
}
