package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

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
	// ReasonNotPlanned is for an approval of privileges that nobody knew yet when
	// it was written.
	ReasonNotPlanned = "NotPlanned"
	// ReasonNotShown is for an approval of privileges that the comment does not show
	// whole.
	ReasonNotShown = "NotShown"
	// ReasonNothingAsked is for an approval of privileges where none are asked
	// for.
	ReasonNothingAsked = "NothingAsked"
	// ReasonPushedSince is for commands written for an older head.
	ReasonPushedSince = "PushedSince"
	// ReasonHeadUnknown is for commands that name no commit, or not enough of it,
	// where nobody knows whether the head was there when they were written.
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
	// ReasonForged is for entries of the log that GitHub has nothing, or something
	// else, of.
	ReasonForged = "Forged"
	// ReasonOtherPrefix is for lines that begin with what is not a prefix any more.
	ReasonOtherPrefix = "OtherPrefix"
	// ReasonEdited is for commands in a text that was edited since, ReasonDeleted
	// for those in a comment that is gone.
	ReasonEdited  = "Edited"
	ReasonDeleted = "Deleted"
	// ReasonOwnPull is for what the author of a pull request may not allow.
	ReasonOwnPull = "OwnPull"
	// ReasonOwnPush and ReasonOwnCommit are for what nobody may allow who has pushed
	// to the pull request, or written one of its commits.
	ReasonOwnPush   = "OwnPush"
	ReasonOwnCommit = "OwnCommit"
	// ReasonMakersUnknown is for what takes a second person, where nobody can tell
	// who the first ones are.
	ReasonMakersUnknown = "MakersUnknown"
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
	// By is the login on GitHub of who gave it, also on the command line.
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
	// Told is set where the answer is a comment of its own: people may have so many
	// of them within an hour.
	Told bool `json:"told,omitempty"`
	// Found is set once there was a job that an abort names and that could be
	// ended.
	Found bool `json:"found,omitempty"`
	// Over is set once the run that it asked for is over, and gone from status.
	Over bool `json:"over,omitempty"`
}
