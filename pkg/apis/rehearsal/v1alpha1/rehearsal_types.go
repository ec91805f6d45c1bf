package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	duckv1 "knative.dev/pkg/apis/duck/v1"
)

// Rehearsal is one pull request on a config repository: what was said about it
// and what became of that.
//
// +genclient
// +genreconciler
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=rh
// +kubebuilder:printcolumn:name="Pull",type=string,JSONPath=`.status.summary.pull`
// +kubebuilder:printcolumn:name="Head",type=string,JSONPath=`.status.summary.head`
// +kubebuilder:printcolumn:name="Affected",type=integer,JSONPath=`.status.plan.affected`
// +kubebuilder:printcolumn:name="Run",type=string,JSONPath=`.status.summary.run`
// +kubebuilder:printcolumn:name="Passed",type=integer,JSONPath=`.status.summary.passed`
// +kubebuilder:printcolumn:name="Failed",type=integer,JSONPath=`.status.summary.failed`
// +kubebuilder:printcolumn:name="State",type=string,JSONPath=`.status.summary.state`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type Rehearsal struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec RehearsalSpec `json:"spec"`
	// +optional
	Status RehearsalStatus `json:"status,omitempty"`
}

// RehearsalList is a list of Rehearsals.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
// +kubebuilder:object:root=true
type RehearsalList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata"`

	Items []Rehearsal `json:"items"`
}

// RehearsalSpec is the log of what was heard about the pull request.
type RehearsalSpec struct {
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="a Rehearsal belongs to one pull request for life"
	Pull Pull `json:"pull"`

	// Observed is the latest event heard. It only wakes the controller, which
	// reads the truth from GitHub.
	// +optional
	Observed *Observed `json:"observed,omitempty"`

	// Commands are appended, never changed; the controller removes those older
	// than a week, and what those who may not command have written at once. The
	// bounds keep the whole object far from etcd's 1.5 MiB, where a character may
	// take six bytes. One person, whose entry is the last, can take half of it;
	// what makes the log no longer is never refused.
	// +listType=map
	// +listMapKey=id
	// +kubebuilder:validation:MaxItems=500
	// +kubebuilder:validation:XValidation:rule="size(self) <= size(oldSelf) || self.map(c, size(c.text)).sum() <= 98304",reason=FieldValueForbidden,message="the log is full: it holds 98304 characters at most"
	// +kubebuilder:validation:XValidation:rule="size(self) <= size(oldSelf) || size(self.filter(c, c.by == self[size(self)-1].by)) <= 200",reason=FieldValueForbidden,message="the log is full for the author of the last entry: it holds 200 entries of one person at most"
	// +kubebuilder:validation:XValidation:rule="size(self) <= size(oldSelf) || self.filter(c, c.by == self[size(self)-1].by).map(c, size(c.text)).sum() <= 49152",reason=FieldValueForbidden,message="the log is full for the author of the last entry: it holds 49152 characters of one person at most"
	// +optional
	Commands []Command `json:"commands,omitempty"`
}

// Pull names a pull request.
type Pull struct {
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=100
	Org string `json:"org"`
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=100
	Repo string `json:"repo"`
	// +kubebuilder:validation:Minimum=1
	Number int `json:"number"`
}

// Observed is an event that was heard.
type Observed struct {
	// Event is the webhook's action (opened, synchronize, edited, reopened,
	// closed, created) or "sweep".
	// +kubebuilder:validation:MaxLength=40
	Event string `json:"event"`
	// Head is the head SHA that the event spoke of; empty for comments.
	// +kubebuilder:validation:MaxLength=64
	// +optional
	Head string `json:"head,omitempty"`
	// At is GitHub's time of the event.
	At metav1.Time `json:"at"`
}

// Command is one line that somebody wrote to us.
type Command struct {
	// ID is comment-<comment id>-<n>, body-<hash>-<n> or cli-<uuid>-<n>, where
	// n counts the command lines of one text from zero.
	// +kubebuilder:validation:Pattern=`^[a-z]+-[a-z0-9]([a-z0-9-]*[a-z0-9])?-[0-9]+$`
	// +kubebuilder:validation:MaxLength=80
	ID string `json:"id"`
	// Text is the line as it was written.
	// +kubebuilder:validation:MaxLength=2048
	Text string `json:"text"`
	// By is the login of who wrote it.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=100
	By string `json:"by"`
	// At is when it was written, by GitHub's clock.
	At metav1.Time `json:"at"`
	// Head is the full SHA that its author looked at. Only the command line knows
	// it: what is written in a comment is for the head of its time.
	// +kubebuilder:validation:MaxLength=64
	// +optional
	Head string `json:"head,omitempty"`
}

// RehearsalStatus is what the controller made of the spec.
type RehearsalStatus struct {
	duckv1.Status `json:",inline"`

	// Pull is the pull request as GitHub last told it.
	// +optional
	Pull *PullStatus `json:"pull,omitempty"`
	// Plan is the outcome of the last planning.
	// +optional
	Plan *PlanStatus `json:"plan,omitempty"`
	// Commands are the verdicts on spec.commands.
	// +listType=map
	// +listMapKey=id
	// +optional
	Commands []CommandStatus `json:"commands,omitempty"`
	// Runs are the runs that were asked for, oldest first.
	// +listType=map
	// +listMapKey=id
	// +optional
	Runs []RunStatus `json:"runs,omitempty"`
	// Acknowledgement says whether somebody, or a run, vouched for the head.
	// +optional
	Acknowledgement *Acknowledgement `json:"acknowledgement,omitempty"`
	// NetworkAccess says whether somebody allowed rehearsals of the head to use
	// the network.
	// +optional
	NetworkAccess *Acknowledgement `json:"networkAccess,omitempty"`
	// HeadApproval lets jobs of a head run that its author may not run alone, or
	// that base does not know. It is void on a push.
	// +optional
	HeadApproval *Approval `json:"headApproval,omitempty"`
	// PrivilegeApproval lets jobs run with what they ask for beyond what base
	// grants them. It is void on a push, and when they ask for something else.
	// +optional
	PrivilegeApproval *Approval `json:"privilegeApproval,omitempty"`
	// CommitStatus is the commit status that was set last.
	// +optional
	CommitStatus *CommitStatus `json:"commitStatus,omitempty"`
	// Comments are the ids of the comments we keep on the pull request, by what
	// they are: "plan", "denied/<login>/<head>".
	// +optional
	Comments map[string]CommentStatus `json:"comments,omitempty"`
	// Summary feeds the printer columns.
	// +optional
	Summary Summary `json:"summary,omitempty"`
}

// PullStatus is the pull request as GitHub told it.
type PullStatus struct {
	Head    string `json:"head"`
	BaseRef string `json:"base_ref"`
	Base    string `json:"base"`
	Author  string `json:"author"`
	// HeadRef is the name of the head's branch.
	HeadRef string `json:"head_ref,omitempty"`
	Open    bool   `json:"open"`
	Title   string `json:"title,omitempty"`
	// Untrusted is set while the pull request has the label that forbids to run
	// anything of it.
	Untrusted bool `json:"untrusted,omitempty"`
	// OtherBase is set while the pull request is for a branch that the settings do
	// not list: what that says of jobs and of people counts for nothing.
	OtherBase bool `json:"other_base,omitempty"`
	// AuthorTrusted is set when the policy lets the author's pull requests run
	// without an approval of the head.
	AuthorTrusted bool `json:"author_trusted,omitempty"`
	// HeadTold is true when an event told how the head came about: by opening
	// the pull request, or by a push at HeadSince. Otherwise nobody knows when
	// it was pushed.
	HeadTold bool `json:"head_told,omitempty"`
	// HeadSince is GitHub's time of that push.
	// +optional
	HeadSince *metav1.Time `json:"head_since,omitempty"`
	// ReadAt is when GitHub was last asked.
	ReadAt metav1.Time `json:"read_at"`
	// SpecGeneration is the metadata.generation for which it was asked.
	SpecGeneration int64 `json:"spec_generation"`
}

// PlanStatus is the outcome of planning one head on one base.
type PlanStatus struct {
	Head    string `json:"head"`
	Base    string `json:"base"`
	BaseRef string `json:"base_ref"`
	// Tree is the merged tree.
	Tree     string `json:"tree,omitempty"`
	Jobs     int    `json:"jobs"`
	Affected int    `json:"affected"`
	Excluded int    `json:"excluded"`
	Removed  int    `json:"removed,omitempty"`
	// Offered counts the affected jobs that are rehearsed without being named, Due
	// those and the ones that would be if they could.
	Offered int `json:"offered,omitempty"`
	Due     int `json:"due,omitempty"`
	// Digest changes whenever the answer does.
	Digest string `json:"digest,omitempty"`
	// Rendered changes whenever the rehearsals do: what they run, apart from the
	// commits of the pull request and its base.
	Rendered string `json:"rendered,omitempty"`
	// Held counts the jobs that wait for an approval.
	Held int `json:"held,omitempty"`
	// Asks changes whenever jobs ask for other privileges beyond those that base
	// grants them; empty when they ask for none.
	Asks string `json:"asks,omitempty"`
	// AsksSince is when the comment came to show them.
	// +optional
	AsksSince *metav1.Time `json:"asksSince,omitempty"`
	// Noted changes whenever there is something else to say beside the plan in
	// its comment; it is of what that says.
	Noted string `json:"noted,omitempty"`
	// Error is why there is no plan, as told on the pull request.
	Error string `json:"error,omitempty"`
}

// Verdict is what was decided about a command.
type Verdict string

// The verdicts on a command.
const (
	VerdictAccepted Verdict = "Accepted"
	VerdictDenied   Verdict = "Denied"
	VerdictUnknown  Verdict = "Unknown"
	VerdictExpired  Verdict = "Expired"
)

// Why a command was not accepted.
const (
	// ReasonNotAllowed is for people whom the policy does not let command this.
	ReasonNotAllowed = "NotAllowed"
	// ReasonUnmappedUser is for users of the command line whose GitHub login the
	// settings do not tell.
	ReasonUnmappedUser = "UnmappedUser"
	// ReasonHeadNotApproved is for heads of untrusted authors that nobody has
	// approved.
	ReasonHeadNotApproved = "HeadNotApproved"
	// ReasonNotPlanned is for an approval of privileges that nobody knew yet when
	// it was written.
	ReasonNotPlanned = "NotPlanned"
	// ReasonNothingAsked is for an approval of privileges where none are asked
	// for.
	ReasonNothingAsked = "NothingAsked"
	// ReasonPushedSince is for commands written for an older head.
	ReasonPushedSince = "PushedSince"
	// ReasonClosed is for commands on a pull request that is not open.
	ReasonClosed = "PullClosed"
	// ReasonNotUnderstood is for lines that the grammar does not know.
	ReasonNotUnderstood = "NotUnderstood"
	// ReasonTooManyRuns is for runs that were asked for while many others of the
	// pull request were not over.
	ReasonTooManyRuns = "TooManyRuns"
	// ReasonTooOld is for commands found more than a week late.
	ReasonTooOld = "TooOld"
	// ReasonUntrusted is for pull requests that nobody vouched for yet.
	ReasonUntrusted = "Untrusted"
	// ReasonOtherBase is for pull requests into a branch that is not served.
	ReasonOtherBase = "OtherBase"
	// ReasonOwnPull is for what the author of a pull request may not allow.
	ReasonOwnPull = "OwnPull"
)

// CommandStatus is the verdict on one command.
type CommandStatus struct {
	ID      string  `json:"id"`
	Verdict Verdict `json:"verdict"`
	// Reason is one of the Reason constants; empty for accepted commands.
	Reason string `json:"reason,omitempty"`
	// Message says why the command was denied, and who can help, to the user of
	// the command line; of other commands, what kept it from being decided
	// otherwise.
	Message string `json:"message,omitempty"`
	// By is the login on GitHub of the user of the command line who gave it.
	By string `json:"by,omitempty"`
	// At is when the command counts as given. Who writes on the command line
	// chooses the time in the log, but not far from when it was judged.
	// +optional
	At *metav1.Time `json:"at,omitempty"`
	// Head is the SHA to which the verdict binds the command.
	Head string `json:"head,omitempty"`
	// Seen is set once the command has a reaction.
	Seen bool `json:"seen,omitempty"`
	// Answered is set once the pull request shows the answer.
	Answered bool `json:"answered,omitempty"`
	// Found is set once there was a job that an abort names and that could be
	// ended.
	Found bool `json:"found,omitempty"`
}

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
	// RunPassed, RunFailed and RunAborted are over, and reported.
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
	BaseRef string `json:"base_ref,omitempty"`
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
	// +optional
	StartedAt *metav1.Time `json:"startedAt,omitempty"`
	// +optional
	DoneAt *metav1.Time `json:"doneAt,omitempty"`
}

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
	BaseRef string `json:"base_ref"`
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
	BaseRef string `json:"base_ref"`
	// Asks is PlanStatus.Asks of what was approved; empty for a HeadApproval.
	Asks string      `json:"asks,omitempty"`
	At   metav1.Time `json:"at"`
}

// CommitStatus is a commit status that we have set.
type CommitStatus struct {
	Head        string `json:"head"`
	Context     string `json:"context"`
	State       string `json:"state"`
	Description string `json:"description"`
}

// CommentStatus is a comment that we keep on the pull request.
type CommentStatus struct {
	ID int64 `json:"id"`
	// Hash is of the body that we last wrote.
	Hash string `json:"hash"`
}

// Summary feeds the printer columns.
type Summary struct {
	Pull   string `json:"pull,omitempty"`
	Head   string `json:"head,omitempty"`
	Run    string `json:"run,omitempty"`
	Passed *int   `json:"passed,omitempty"`
	Failed *int   `json:"failed,omitempty"`
	State  string `json:"state,omitempty"`
}
