package judging

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/policy"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
)

// Answering is how often commands that are not accepted are answered on the pull request.
type Answering int

const (
	// AnswerEach is for reasons that concern one command.
	AnswerEach Answering = iota
	// AnswerPerHead is for reasons that concern the rights of a person. Each person gets
	// one answer per head, and the command is removed from the log.
	AnswerPerHead
	// AnswerNever is for commands that were deleted or forged, and for too many questions.
	AnswerNever
)

// reason is what follows from one of the Reason constants.
type reason struct {
	answer Answering
	// unheeded commands get no reaction: nobody needs to know that they were read.
	unheeded bool
	// sentence says why the command was not accepted, and who can help.
	sentence func(Refusal) string
}

// reasons has every reason why a command is not accepted.
var reasons = map[string]reason{
	v1alpha1.ReasonNotAllowed: {answer: AnswerPerHead, unheeded: true, sentence: func(r Refusal) string {
		return strings.TrimSpace(r.Status.Message + " " + r.who(report.Commands.NotAllowed))
	}},
	v1alpha1.ReasonOwnPull:   {answer: AnswerPerHead, sentence: func(r Refusal) string { return r.who(report.Commands.OwnPull) }},
	v1alpha1.ReasonOwnPush:   {answer: AnswerPerHead, sentence: func(r Refusal) string { return r.who(report.Commands.OwnPush) }},
	v1alpha1.ReasonOwnCommit: {answer: AnswerPerHead, sentence: func(r Refusal) string { return r.who(report.Commands.OwnCommit) }},
	v1alpha1.ReasonMakersUnknown: {answer: AnswerPerHead, sentence: func(r Refusal) string {
		return r.Status.Message
	}},
	v1alpha1.ReasonUnmappedUser: {answer: AnswerPerHead, sentence: func(r Refusal) string {
		return report.UnmappedUser(r.By)
	}},
	v1alpha1.ReasonUntrusted: {answer: AnswerPerHead, sentence: func(r Refusal) string {
		return report.NeedsOkToTest(r.Untrusted)
	}},
	v1alpha1.ReasonOtherBase: {answer: AnswerPerHead, sentence: func(r Refusal) string {
		return report.OtherBase(r.Known.BaseRef, r.Repository)
	}},
	v1alpha1.ReasonHeadNotApproved: {answer: AnswerPerHead, sentence: func(r Refusal) string {
		return r.Commands.HeadNotApproved(cmp.Or(r.Known.Distrusted, r.Known.Author), r.Status.Head, r.Pull.Org, r.Pull.Repo)
	}},
	v1alpha1.ReasonNotUnderstood: {sentence: func(r Refusal) string {
		return "That was not understood: " + r.Said.Reason + "."
	}},
	v1alpha1.ReasonPushedSince: {sentence: func(r Refusal) string {
		return report.PushBetween(r.Status.Head)
	}},
	v1alpha1.ReasonHeadUnknown: {sentence: func(r Refusal) string {
		return report.HeadUnknown(r.Status.Head, r.naming())
	}},
	v1alpha1.ReasonOtherCommit: {sentence: func(r Refusal) string {
		return report.OtherCommit(r.Said.SHA, r.Status.Head, r.naming())
	}},
	v1alpha1.ReasonNotShown: {sentence: func(r Refusal) string {
		return r.Commands.NotShown(r.Said.Jobs, r.Status.Head)
	}},
	v1alpha1.ReasonClosed:       {sentence: always(report.Closed)},
	v1alpha1.ReasonEdited:       {sentence: always(report.Edited)},
	v1alpha1.ReasonNotPlanned:   {sentence: always(report.NotPlanned)},
	v1alpha1.ReasonNothingAsked: {sentence: always(report.NothingAsked)},
	v1alpha1.ReasonOtherPrefix: {sentence: func(r Refusal) string {
		return r.Commands.OtherPrefix()
	}},
	v1alpha1.ReasonTooManyRuns: {sentence: func(Refusal) string {
		return report.TooManyRuns(MaxRuns)
	}},
	v1alpha1.ReasonTooOld:           {unheeded: true, sentence: always(report.Expired)},
	v1alpha1.ReasonTooManyQuestions: {answer: AnswerNever, unheeded: true, sentence: always(report.TooManyQuestions)},
	v1alpha1.ReasonDeleted:          {answer: AnswerNever, unheeded: true},
	v1alpha1.ReasonForged:           {answer: AnswerNever, unheeded: true},
}

func always(sentence func() string) func(Refusal) string {
	return func(Refusal) string { return sentence() }
}

// Refusal is a command that was not accepted, with everything its answer mentions.
type Refusal struct {
	v1alpha1.Command
	Status *v1alpha1.CommandStatus
	Said   event.Command
	// Commands is how commands of this installation are written.
	Commands report.Commands
	// Pull is the pull request, and Known its state in status.
	Pull  v1alpha1.Pull
	Known *v1alpha1.PullStatus
	// Untrusted is the label of pull requests that need ok-to-test, and Repository the name
	// of the config repository in the settings.
	Untrusted, Repository string
}

// Sentence returns why the command was not accepted, and who can help; empty if it was
// accepted.
func (r Refusal) Sentence() string {
	if say := reasons[r.Status.Reason].sentence; say != nil {
		return say(r)
	}
	return ""
}

// who returns a sentence about who may give the command.
func (r Refusal) who(sentence func(_ report.Commands, _ policy.Command, org, repo string) string) string {
	return sentence(r.Commands, policy.CommandOf(r.Said), r.Pull.Org, r.Pull.Repo)
}

// naming returns the command as it would be written for the head at its decision; empty if
// it takes no commit. If the abbreviated SHA was not enough, it has the full one.
func (r Refusal) naming() string {
	word := r.Said.WordForCommit()
	if word == "" {
		return ""
	}
	sha := fmt.Sprintf("%.12s", r.Status.Head)
	if r.Said.SHA != "" && r.Status.Reason == v1alpha1.ReasonHeadUnknown {
		sha = r.Status.Head
	}
	return r.Commands.For(word, sha)
}

// AnswersTo returns how often commands are answered that are not accepted for this reason.
func AnswersTo(reason string) Answering { return reasons[reason].answer }

// IsDenial reports whether a reason concerns the rights of a person, not one command.
func IsDenial(reason string) bool { return AnswersTo(reason) == AnswerPerHead }

// Unheeded reports whether a command that was not accepted for this reason gets no
// reaction.
func Unheeded(reason string) bool { return reasons[reason].unheeded }
