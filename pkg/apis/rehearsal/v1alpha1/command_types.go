package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Command is one line for Rehearsal, written in a comment, in the description
// of the pull request, or on the command line.
type Command struct {
	// ID says where the line was written. It has the form comment-<ID of the
	// comment>-<n>, body-<hash of the description>-<n> or cli-<UUID>-<n>, where n
	// counts the commands of one text from 0. It is unique in the log.
	// +kubebuilder:validation:Pattern=`^[a-z]+-[a-z0-9]([a-z0-9-]*[a-z0-9])?-[0-9]+$`
	// +kubebuilder:validation:MaxLength=80
	ID string `json:"id"`
	// Text is the line as it was written.
	// +kubebuilder:validation:MaxLength=2048
	Text string `json:"text"`
	// By is the author of the line: a GitHub login or, for the command line, the
	// name of a Kubernetes user.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=100
	By string `json:"by"`
	// At is when the line was written, by GitHub's clock. For the command line, the
	// user's clock sets it, and it counts only while it is close to the time of the
	// decision.
	At metav1.Time `json:"at"`
	// Head is the full SHA of the head that the user of the command line saw. Empty
	// for commands written on GitHub, which are about the head at that time.
	// +kubebuilder:validation:MaxLength=64
	// +optional
	Head string `json:"head,omitempty"`
}

// Verdict is the decision about a command.
type Verdict string

// The decisions about a command.
const (
	VerdictAccepted Verdict = "Accepted"
	VerdictDenied   Verdict = "Denied"
	VerdictUnknown  Verdict = "Unknown"
	VerdictExpired  Verdict = "Expired"
	VerdictTooMany  Verdict = "TooMany"
)

// The reasons why a command was not accepted.
const (
	// ReasonNotAllowed is for people whom the policy does not allow to give the
	// command.
	ReasonNotAllowed = "NotAllowed"
	// ReasonUnmappedUser is for users of the command line for whom the settings name
	// no GitHub login.
	ReasonUnmappedUser = "UnmappedUser"
	// ReasonHeadNotApproved is for heads of authors who are not trusted, while
	// nobody has approved the head.
	ReasonHeadNotApproved = "HeadNotApproved"
	// ReasonNotPlanned is for an approval of privileges that the plan comment did
	// not show yet when the command was written.
	ReasonNotPlanned = "NotPlanned"
	// ReasonNotShown is for an approval of privileges that the plan comment does not
	// show completely.
	ReasonNotShown = "NotShown"
	// ReasonNothingAsked is for an approval of privileges when no job requests any.
	ReasonNothingAsked = "NothingAsked"
	// ReasonPushedSince is for commands written for an older head.
	ReasonPushedSince = "PushedSince"
	// ReasonHeadUnknown is for commands without an unambiguous commit, when it is
	// not known whether they were written for the current head.
	ReasonHeadUnknown = "HeadUnknown"
	// ReasonOtherCommit is for commands that name a commit other than the head.
	ReasonOtherCommit = "OtherCommit"
	// ReasonTooManyQuestions is for questions of people who have reached the limit
	// of answers per hour.
	ReasonTooManyQuestions = "TooManyQuestions"
	// ReasonClosed is for commands on a pull request that is not open.
	ReasonClosed = "PullClosed"
	// ReasonNotUnderstood is for lines that are not in the grammar of commands.
	ReasonNotUnderstood = "NotUnderstood"
	// ReasonTooManyRuns is for requests for a run while too many runs of the pull
	// request are unfinished.
	ReasonTooManyRuns = "TooManyRuns"
	// ReasonTooOld is for commands found more than a week late.
	ReasonTooOld = "TooOld"
	// ReasonUntrusted is for pull requests with the label that forbids running
	// anything of them.
	ReasonUntrusted = "Untrusted"
	// ReasonOtherBase is for pull requests into a branch that the settings do not
	// list.
	ReasonOtherBase = "OtherBase"
	// ReasonForged is for entries of the log that do not match what GitHub has, or
	// that GitHub does not have.
	ReasonForged = "Forged"
	// ReasonOtherPrefix is for lines whose prefix is no longer in the settings.
	ReasonOtherPrefix = "OtherPrefix"
	// ReasonEdited is for commands in a text that was edited afterwards,
	// ReasonDeleted for commands in a comment that was deleted.
	ReasonEdited  = "Edited"
	ReasonDeleted = "Deleted"
	// ReasonOwnPull is for what the author of a pull request may not allow.
	ReasonOwnPull = "OwnPull"
	// ReasonOwnPush and ReasonOwnCommit are for what people may not allow who have
	// pushed to the pull request, or are named in its commits.
	ReasonOwnPush   = "OwnPush"
	ReasonOwnCommit = "OwnCommit"
	// ReasonMakersUnknown is for what only a second person may allow, when it is not
	// known who the contributors are.
	ReasonMakersUnknown = "MakersUnknown"
)

// CommandStatus is the decision about one command, and the state of the answer.
type CommandStatus struct {
	// ID is the ID of the command in spec.commands. Denied commands are removed from
	// there first. The decision is kept here, so that it is not made again.
	ID string `json:"id"`
	// Verdict is Accepted; Denied, with a reason; Unknown when the line is not a
	// valid command; Expired when the command was found more than a week late; or
	// TooMany when its author has reached the limit of answers per hour.
	Verdict Verdict `json:"verdict"`
	// Reason is one word that says why the command was not accepted: NotAllowed,
	// PushedSince, HeadNotApproved and so on. Empty when it was accepted.
	// +optional
	Reason string `json:"reason,omitempty"`
	// Message tells a user of the command line why the command was not accepted and
	// who can help. For a command on GitHub, the pull request shows that, and this
	// field says what the controller could not find out. Empty when there is nothing
	// to say.
	// +optional
	Message string `json:"message,omitempty"`
	// By is the GitHub login of the person who gave the command. For the command
	// line, the settings map the Kubernetes user to it. Empty when they do not.
	// +optional
	By string `json:"by,omitempty"`
	// At is the time that decides in which order commands apply. It is the time in
	// spec.commands, but for the command line at most a minute before the decision.
	// +optional
	At *metav1.Time `json:"at,omitempty"`
	// Head is the full SHA of the head when the command was decided. The command
	// applies to no other head.
	// +optional
	Head string `json:"head,omitempty"`
	// Seen is true once the comment has the reaction that shows that the command was
	// read, or when none is needed.
	// +optional
	Seen bool `json:"seen,omitempty"`
	// Answered is true once the pull request shows the answer, or when none is
	// needed.
	// +optional
	Answered bool `json:"answered,omitempty"`
	// Told is true when the answer is a separate comment. The number of these
	// comments per person and hour is limited.
	// +optional
	Told bool `json:"told,omitempty"`
	// Found is true once an abort command that names jobs has found one to abort.
	// +optional
	Found bool `json:"found,omitempty"`
	// Over is true once the run of the command has ended and was removed from
	// status.runs. The run is not started again.
	// +optional
	Over bool `json:"over,omitempty"`
}
