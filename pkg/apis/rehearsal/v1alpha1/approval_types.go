package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// The states of an Acknowledgement.
const (
	// StateRequired is where a pull request begins that affects jobs.
	StateRequired     = "Required"
	StateAcknowledged = "Acknowledged"
	// StateHeld was acknowledged for an older head, and waits for the plan of the
	// new one.
	StateHeld      = "Held"
	StateWithdrawn = "Withdrawn"
)

// Why a pull request is acknowledged, or not any more.
const (
	AckByCommand = "ack"
	AckSkipped   = "skip"
	AckAuto      = "auto"
	AckNothing   = "nothing to rehearse"
	AckRejected  = "reject"
	AckPushed    = "push"
	AckRetarget  = "retarget"
)

// Acknowledgement is who vouched for which head, or that nobody does.
type Acknowledgement struct {
	State string `json:"state"`
	// Reason is one of the Ack constants; empty while it is required.
	Reason string `json:"reason,omitempty"`
	// By is the login of who did it; empty when it followed from the plan or a
	// push.
	By string `json:"by,omitempty"`
	// Given is the SHA that it was said of, where it has outlived a push.
	Given string `json:"given,omitempty"`
	// Head is the SHA that it is for, BaseRef the branch to merge it into.
	Head    string `json:"head"`
	BaseRef string `json:"baseRef"`
	// Command is the id of the command that it follows from.
	Command string `json:"command,omitempty"`
	// Rendered is PlanStatus.Rendered of what was acknowledged.
	Rendered string `json:"rendered,omitempty"`
	// Runs are the ids of the runs that it rests on: those of the head that had
	// passed.
	Runs []string `json:"runs,omitempty"`
	// +optional
	At *metav1.Time `json:"at,omitempty"`
	// Labelled is set once the label of the pull request says the same.
	Labelled bool `json:"labelled,omitempty"`
}

// Approval is somebody's word for one head, given after looking at it.
type Approval struct {
	// By is the login of who gave it, Command the id of the command.
	By      string `json:"by"`
	Command string `json:"command"`
	// Head is the full SHA that it is for, BaseRef the branch to merge it into.
	Head    string `json:"head"`
	BaseRef string `json:"baseRef"`
	// Asks is PlanStatus.Asks of what was approved; empty for a HeadApproval.
	Asks string      `json:"asks,omitempty"`
	At   metav1.Time `json:"at"`
	// Jobs are those whose privileges are allowed, where that is not all of them.
	// +optional
	Jobs []AllowedJob `json:"jobs,omitempty"`
}

// AllowedJob is a job that may have what it asks for beyond what base grants it.
type AllowedJob struct {
	AskingJob `json:",inline"`
	// By is the login of who allowed it.
	By string `json:"by"`
}

// AskingJob is a job that asks for privileges beyond those that base grants it.
type AskingJob struct {
	// Job is what to call it in a command: name, or name@branch.
	Job string `json:"job"`
	// Asks is of the job itself and of what it asks for.
	Asks string `json:"asks"`
}
