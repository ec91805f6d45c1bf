package rehearsal

import (
	"context"
	"fmt"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
	"github.com/rehearsal-dev/rehearsal/pkg/report/planview"
)

// showPlan keeps the comment that lists the affected jobs.
func (t *turn) showPlan(ctx context.Context) error {
	if !t.plan.done() {
		return nil
	}
	return t.say(ctx, planComment, t.planBody(""))
}

// planBody renders the affected jobs; with a marker it answers a command.
func (t *turn) planBody(marker string) string {
	pull := t.rh.Status.Pull
	view := planview.New(affectedResult(t.plan), t.plan.jobs)
	view.Org, view.Repo = t.rh.Spec.Pull.Org, t.rh.Spec.Pull.Repo
	view.Head, view.Base, view.BaseRef = pull.Head, pull.Base, pull.BaseRef
	view.Problem = planview.Problem(t.plan.err)
	view.Commands, view.Marker = t.commands(), marker
	return report.Plan(view)
}

// commands is how this installation is commanded.
func (t *turn) commands() report.Commands {
	return report.CommandsOf(t.settings)
}

// commandVerdict is a judged command that the pull request shows no answer to.
type commandVerdict struct {
	v1alpha1.Command
	status *v1alpha1.CommandStatus
	verb   event.Verb
}

func (t *turn) unanswered() []commandVerdict {
	var open []commandVerdict
	for _, c := range inOrder(t.rh.Spec.Commands) {
		if v := verdictOn(t.rh, c.ID); v != nil && !v.Answered {
			open = append(open, commandVerdict{c, v, event.Parse(c.Text, t.settings.Prefixes).Verb})
		}
	}
	return open
}

// answerCommands answers what has no comment of its own otherwise. It comes
// after the runs, whose comments answer the commands that asked for them.
func (t *turn) answerCommands(ctx context.Context) error {
	for _, c := range t.unanswered() {
		name, body, ready := t.answer(c)
		if !ready {
			continue
		}
		if body != "" {
			if err := t.sayOnce(ctx, name, body); err != nil {
				return fmt.Errorf("answering %s: %w", c.ID, err)
			}
		}
		c.status.Answered = true
	}
	return nil
}

// answer returns what to say to a command, if anything; not ready means that it
// is too early. A name is for what is said once whoever often it is caused.
func (t *turn) answer(c commandVerdict) (name, body string, ready bool) {
	say := func(sentences ...string) (string, string, bool) {
		return "", report.Answer(c.ID, c.Text, c.By, sentences...), true
	}
	switch c.status.Reason {
	case v1alpha1.ReasonNoWriteAccess:
		p := t.rh.Spec.Pull
		return deniedComment(c.By), t.commands().Denied(c.By, p.Org, p.Repo), true
	case v1alpha1.ReasonNotUnderstood:
		reason := event.Parse(c.Text, t.settings.Prefixes).Reason
		return "", t.commands().Unknown(c.ID, c.Text, c.By, reason), true
	case v1alpha1.ReasonPushedSince:
		return say(report.PushBetween(c.status.Head))
	case v1alpha1.ReasonClosed:
		return say(report.Closed())
	case v1alpha1.ReasonTooOld:
		return say(report.Expired())
	}
	switch c.verb {
	case event.List:
		if !t.plan.done() {
			return "", "", false
		}
		return "", t.planBody(report.AnswerMarker(c.ID)), true
	case event.Abort:
		n, known := t.aborted[c.ID]
		if !known {
			return "", "", false
		}
		if n == 0 {
			return say(report.NothingToAbort())
		}
	}
	// Runs, and what ends them, speak for themselves.
	return "", "", true
}

// sayOnce writes an answer. With a name, status remembers it, and it is not
// written again.
func (t *turn) sayOnce(ctx context.Context, name, body string) error {
	if name != "" {
		if t.rh.Status.Comments[name].ID != 0 {
			return nil
		}
		return t.say(ctx, name, body)
	}
	_, err := t.upsert(ctx, v1alpha1.CommentStatus{}, body)
	if err == nil || t.refused(err) {
		return nil
	}
	return reporting(t.rh, err)
}
