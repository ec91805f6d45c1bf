package rehearsal

import (
	"fmt"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/judging"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
)

// refusal is what to say to a command that is not accepted. A name is for what is
// said once. The command line has its answer from the verdict.
func (t *turn) refusal(c commandVerdict) (name, body string) {
	switch {
	case event.FromCommandLine(c.ID), judging.AnswersTo(c.status.Reason) == judging.AnswerNever:
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

// sentence says why a command was not accepted, and who can help; empty for one
// that was.
func (t *turn) sentence(c commandVerdict) string {
	return judging.Refusal{
		Command: c.Command, Status: c.status, Said: c.said, Commands: t.commands(),
		Pull: t.rh.Spec.Pull, Known: t.rh.Status.Pull, Untrusted: t.repo.Labels.Untrusted, Repository: t.repo.Name,
	}.Sentence()
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
