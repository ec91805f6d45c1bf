package rehearsal

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/policy"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/judging"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
)

// refusal is what to say to a command that is not accepted. A name is for what is
// said once. The command line has its answer from the verdict. What was taken back
// needs none, and what was forged must not make us speak.
func (t *turn) refusal(c commandVerdict) (name, body string) {
	switch {
	case event.FromCommandLine(c.ID), c.status.Reason == v1alpha1.ReasonForged, c.status.Reason == v1alpha1.ReasonDeleted,
		c.status.Verdict == v1alpha1.VerdictTooMany:
		return "", ""
	case c.status.Reason == v1alpha1.ReasonNotUnderstood:
		return "", t.commands().Unknown(c.ID, c.Text, c.By, c.said.Reason)
	case !judging.IsDenial(c.status.Reason):
		return "", report.Answer(c.ID, c.Text, c.By, t.sentence(c))
	}
	p := t.rh.Spec.Pull
	return deniedComment(c.By, c.status), t.commands().Denied(report.Denial{
		By: c.By, Line: c.Text, Head: c.status.Head, Kind: c.status.Reason, Org: p.Org, Repo: p.Repo, Sentence: t.sentence(c),
	})
}

// naming is a command as it would be written for the head that it was held against;
// empty for one that names no commit. Where the beginning of the SHA was not enough,
// it is all of it.
func (t *turn) naming(c commandVerdict) string {
	word := c.said.WordForCommit()
	if word == "" {
		return ""
	}
	sha := fmt.Sprintf("%.12s", c.status.Head)
	if c.said.SHA != "" && c.status.Reason == v1alpha1.ReasonHeadUnknown {
		sha = c.status.Head
	}
	return t.commands().For(word, sha)
}

const deniedComments = "denied/"

// deniedComment is the key in status.comments of what is told once.
func deniedComment(login string, v *v1alpha1.CommandStatus) string {
	return fmt.Sprintf("%s%s/%.12s/%s", deniedComments, strings.ToLower(login), v.Head, v.Reason)
}

// forgetDenials drops what was told of older heads.
func forgetDenials(rh *v1alpha1.Rehearsal) {
	for name := range rh.Status.Comments {
		if strings.HasPrefix(name, deniedComments) && !strings.Contains(name, fmt.Sprintf("/%.12s/", rh.Status.Pull.Head)) {
			delete(rh.Status.Comments, name)
		}
	}
}

// sentence says why a command was not accepted, and who can help; empty for one
// that was.
func (t *turn) sentence(c commandVerdict) string {
	p, commands, needs := t.rh.Spec.Pull, t.commands(), policy.CommandOf(c.said)
	switch c.status.Reason {
	case v1alpha1.ReasonNotAllowed:
		return strings.TrimSpace(c.status.Message + " " + commands.NotAllowed(needs, p.Org, p.Repo))
	case v1alpha1.ReasonOwnPull:
		return commands.OwnPull(needs, p.Org, p.Repo)
	case v1alpha1.ReasonOwnPush:
		return commands.OwnPush(needs, p.Org, p.Repo)
	case v1alpha1.ReasonOwnCommit:
		return commands.OwnCommit(needs, p.Org, p.Repo)
	case v1alpha1.ReasonMakersUnknown:
		return c.status.Message
	case v1alpha1.ReasonUnmappedUser:
		return report.UnmappedUser(c.By)
	case v1alpha1.ReasonNotUnderstood:
		return "That was not understood: " + c.said.Reason + "."
	case v1alpha1.ReasonClosed:
		return report.Closed()
	case v1alpha1.ReasonUntrusted:
		return report.NeedsOkToTest(t.repo.Labels.Untrusted)
	case v1alpha1.ReasonOtherBase:
		return report.OtherBase(t.rh.Status.Pull.BaseRef, t.repo.Name)
	case v1alpha1.ReasonPushedSince:
		return report.PushBetween(c.status.Head)
	case v1alpha1.ReasonHeadUnknown:
		return report.HeadUnknown(c.status.Head, t.naming(c))
	case v1alpha1.ReasonOtherCommit:
		return report.OtherCommit(c.said.SHA, c.status.Head, t.naming(c))
	case v1alpha1.ReasonEdited:
		return report.Edited()
	case v1alpha1.ReasonOtherPrefix:
		return commands.OtherPrefix()
	case v1alpha1.ReasonHeadNotApproved:
		return commands.HeadNotApproved(cmp.Or(t.rh.Status.Pull.Distrusted, t.rh.Status.Pull.Author), c.status.Head, p.Org, p.Repo)
	case v1alpha1.ReasonNotPlanned:
		return report.NotPlanned()
	case v1alpha1.ReasonNotShown:
		return commands.NotShown(c.said.Jobs, c.status.Head)
	case v1alpha1.ReasonNothingAsked:
		return report.NothingAsked()
	case v1alpha1.ReasonTooManyQuestions:
		return report.TooManyQuestions()
	case v1alpha1.ReasonTooManyRuns:
		return report.TooManyRuns(judging.MaxRuns)
	case v1alpha1.ReasonTooOld:
		return report.Expired()
	}
	return ""
}
