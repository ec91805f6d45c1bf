package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Command is one line that somebody wrote to us, in a comment, in the
// description of the pull request, or on the command line.
type Command struct {
	// ID says where the line was written: comment-<id of the comment>-<n>,
	// body-<hash of the description>-<n> or cli-<UUID>-<n>, where n counts the
	// commands of one text from 0. An id is taken once.
	// +kubebuilder:validation:Pattern=`^[a-z]+-[a-z0-9]([a-z0-9-]*[a-z0-9])?-[0-9]+$`
	// +kubebuilder:validation:MaxLength=80
	ID string `json:"id"`
	// Text is the line as it was written.
	// +kubebuilder:validation:MaxLength=2048
	Text string `json:"text"`
	// By is who wrote it: a login on GitHub, or on the command line a user of
	// Kubernetes.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=100
	By string `json:"by"`
	// At is when it was written: by GitHub's clock, or on the command line by
	// that of its user, which counts only while it is close to the time of the
	// verdict.
	At metav1.Time `json:"at"`
	// Head is the full SHA that a user of the command line looked at. Empty for
	// what was written on GitHub, which is about the head of its time.
	// +kubebuilder:validation:MaxLength=64
	// +optional
	Head string `json:"head,omitempty"`
}

// Verdict is what was decided about a command.
type Verdict string

// The verdicts on a command.
const (
	VerdictAccepted Verdict = "Accepted"
	VerdictDenied   Verdict = "Denied"
	VerdictUnknown  Verdict = "Unknown"
	VerdictExpired  Verdict = "Expired"
	VerdictTooMany  Verdict = "TooMany"
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
	// ReasonNotPlanned is for an approval of privileges that nobody knew yet
	// when it was written.
	ReasonNotPlanned = "NotPlanned"
	// ReasonNotShown is for an approval of privileges that the comment does not
	// show whole.
	ReasonNotShown = "NotShown"
	// ReasonNothingAsked is for an approval of privileges where none are asked
	// for.
	ReasonNothingAsked = "NothingAsked"
	// ReasonPushedSince is for commands written for an older head.
	ReasonPushedSince = "PushedSince"
	// ReasonHeadUnknown is for commands that name no commit, or not enough of
	// it, where nobody knows whether the head was there when they were written.
	ReasonHeadUnknown = "HeadUnknown"
	// ReasonOtherCommit is for commands that name another commit than the head.
	ReasonOtherCommit = "OtherCommit"
	// ReasonTooManyQuestions is for questions of people who have had as many
	// answers within an hour as they may.
	ReasonTooManyQuestions = "TooManyQuestions"
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
	// ReasonForged is for entries of the log that GitHub has nothing, or
	// something else, of.
	ReasonForged = "Forged"
	// ReasonOtherPrefix is for lines that begin with what is not a prefix any
	// more.
	ReasonOtherPrefix = "OtherPrefix"
	// ReasonEdited is for commands in a text that was edited since,
	// ReasonDeleted for those in a comment that is gone.
	ReasonEdited  = "Edited"
	ReasonDeleted = "Deleted"
	// ReasonOwnPull is for what the author of a pull request may not allow.
	ReasonOwnPull = "OwnPull"
	// ReasonOwnPush and ReasonOwnCommit are for what nobody may allow who has
	// pushed to the pull request, or written one of its commits.
	ReasonOwnPush   = "OwnPush"
	ReasonOwnCommit = "OwnCommit"
	// ReasonMakersUnknown is for what takes a second person, where nobody can
	// tell who the first ones are.
	ReasonMakersUnknown = "MakersUnknown"
)

// CommandStatus is the verdict on one command, and what has become of its
// answer.
type CommandStatus struct {
	// ID is the id of the command, as in spec.commands. What was denied goes
	// from there first: its verdict stays, so that it is not judged again.
	ID string `json:"id"`
	// Verdict is Accepted; Denied for a reason; Unknown when the line was not
	// understood; Expired when it was found more than a week late; or TooMany
	// when its author had as many answers within an hour as they may have.
	Verdict Verdict `json:"verdict"`
	// Reason is why the command was not accepted, in one word: NotAllowed,
	// PushedSince, HeadNotApproved and so on. Empty when it was accepted.
	// +optional
	Reason string `json:"reason,omitempty"`
	// Message says, to a user of the command line, why the command was not
	// accepted and who can help. On GitHub the pull request says that, and this
	// is what kept the controller from knowing more. Empty when there is nothing
	// to say.
	// +optional
	Message string `json:"message,omitempty"`
	// By is the login on GitHub of who gave the command. For the command line it
	// follows from the settings, and is empty where they do not tell.
	// +optional
	By string `json:"by,omitempty"`
	// At is when the command counts as given: commands are obeyed in that order.
	// It is the time in spec.commands, but for the command line at most a minute
	// before the verdict.
	// +optional
	At *metav1.Time `json:"at,omitempty"`
	// Head is the full SHA of the head when the command was judged. It counts
	// for no other.
	// +optional
	Head string `json:"head,omitempty"`
	// Seen is true once the comment has a reaction that says so, or needs none.
	// +optional
	Seen bool `json:"seen,omitempty"`
	// Answered is true once the pull request shows the answer, or none is due.
	// +optional
	Answered bool `json:"answered,omitempty"`
	// Told is true when the answer is a comment of its own. A person can have
	// only so many of those within an hour.
	// +optional
	Told bool `json:"told,omitempty"`
	// Found is true once there was a job to end that an abort command names.
	// +optional
	Found bool `json:"found,omitempty"`
	// Over is true once the run that the command asked for is over and has left
	// status.runs: it is not started again.
	// +optional
	Over bool `json:"over,omitempty"`
}
