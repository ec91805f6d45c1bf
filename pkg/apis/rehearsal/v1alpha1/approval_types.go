package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// AckState is where an Acknowledgement stands.
//
// +kubebuilder:validation:Enum=Required;Acknowledged;Held;Withdrawn
type AckState string

// The states of an Acknowledgement.
const (
	// StateRequired is where a pull request begins that affects jobs.
	StateRequired     AckState = "Required"
	StateAcknowledged AckState = "Acknowledged"
	// StateHeld was acknowledged for an older head, and waits for the plan of
	// the new one.
	StateHeld      AckState = "Held"
	StateWithdrawn AckState = "Withdrawn"
)

// AckReason is how an Acknowledgement came to its state.
type AckReason string

// Why a pull request is acknowledged, or not any more.
const (
	AckByCommand AckReason = "Ack"
	AckSkipped   AckReason = "Skip"
	AckAuto      AckReason = "AutoAck"
	AckNothing   AckReason = "NothingToRehearse"
	AckRejected  AckReason = "Reject"
	AckPushed    AckReason = "Push"
	AckRetarget  AckReason = "Retarget"
)

// Acknowledgement says who vouched for a head of the pull request, or that
// nobody does.
type Acknowledgement struct {
	// State is Required while nobody has vouched for the head, Acknowledged
	// while somebody has, Held while it was given for an older head and the plan
	// of the new one has still to show whether it holds, and Withdrawn when it
	// holds no longer.
	State AckState `json:"state"`
	// Reason is how it came to that state. Acknowledged: Ack or Skip (a
	// command), AutoAck (all jobs of a run passed that was asked to
	// acknowledge), NothingToRehearse. Withdrawn: Reject (a command), Push (the
	// new head does something else), Retarget (the base branch was changed).
	// Empty while it is Required.
	// +optional
	Reason AckReason `json:"reason,omitempty"`
	// By is the login on GitHub of who vouched, or took it back. Empty when
	// nobody had to: there is nothing to rehearse, or nobody has vouched yet.
	// +optional
	By string `json:"by,omitempty"`
	// Given is the full SHA of the older head for which it was given, when it
	// has outlived a push. Empty when it was given for the head itself.
	// +optional
	Given string `json:"given,omitempty"`
	// Head is the full SHA that it is for now.
	Head string `json:"head"`
	// BaseRef is the branch to merge into. For another branch it does not hold.
	BaseRef string `json:"baseRef"`
	// Command is the id of the command that gave it, as in spec.commands. Empty
	// when it was not a command.
	// +optional
	Command string `json:"command,omitempty"`
	// Rendered is status.plan.rendered of what was acknowledged: while a new
	// head has the same, the acknowledgement outlives the push. Empty while that
	// is not known.
	// +optional
	Rendered string `json:"rendered,omitempty"`
	// Runs are the ids of the runs of this head that had passed, as in
	// status.runs. Empty when none had.
	// +listType=atomic
	// +optional
	Runs []string `json:"runs,omitempty"`
	// At is when the command was given, by GitHub's clock. Of two, the later one
	// counts, and so it stays when an acknowledgement is withdrawn. Empty when
	// no command was.
	// +optional
	At *metav1.Time `json:"at,omitempty"`
	// Labelled is true once the label on the pull request says the same.
	// +optional
	Labelled bool `json:"labelled,omitempty"`
}

// Approval is somebody's permission for one head, given after looking at it.
type Approval struct {
	// By is the login on GitHub of who gave it.
	By string `json:"by"`
	// Command is the id of the command that gave it, as in spec.commands.
	Command string `json:"command"`
	// Head is the full SHA that it is for. A push voids it.
	Head string `json:"head"`
	// BaseRef is the branch to merge into. Another base branch voids it.
	BaseRef string `json:"baseRef"`
	// Asks is status.plan.asks of the privileges that were approved. When jobs
	// ask for others, the approval is void. Empty in status.headApproval, which
	// is not about privileges.
	// +optional
	Asks string `json:"asks,omitempty"`
	// At is when the command was given, by GitHub's clock.
	At metav1.Time `json:"at"`
	// Jobs are the jobs that may have what they ask for. Empty means all of
	// them.
	// +listType=atomic
	// +optional
	Jobs []AllowedJob `json:"jobs,omitempty"`
}

// AllowedJob is a job that may have the privileges that it asks for.
type AllowedJob struct {
	AskingJob `json:",inline"`
	// By is the login on GitHub of who allowed it.
	By string `json:"by"`
}

// AskingJob is a job that asks for privileges beyond those that base grants
// it.
type AskingJob struct {
	// Job is what to call it in a command: its name, or name@branch where
	// several affected jobs have that name.
	Job string `json:"job"`
	// Asks is a hash of the job and of the privileges that it asks for.
	Asks string `json:"asks"`
}
