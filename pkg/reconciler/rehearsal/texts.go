package rehearsal

import (
	"context"
	"fmt"
	"slices"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/judging"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
)

// answers are what people are told who gave commands.
type answers struct {
	*pass
	planner *planner

	// told are the texts on other pull requests that had an answer, with or without
	// those that have one due, once that was found out.
	told map[bool]map[string]map[string]answered
}

// writing is what somebody wrote at once, in one comment or elsewhere, as far as it
// has no answer. It has one comment of ours in answer, if any.
type writing struct {
	id       string
	commands []commandVerdict
	// begun says that something of it was answered before.
	begun bool
}

// part is what there is to say to one command.
type part struct {
	// name is for what is said once, whoever often it is caused.
	name, body string
}

// writings groups what is not answered yet. What is not judged as a whole waits.
func (t *answers) writings() []writing {
	var all []writing
	for _, c := range t.unanswered() {
		id := event.TextID(c.ID)
		i := slices.IndexFunc(all, func(w writing) bool { return w.id == id })
		if i < 0 {
			i = len(all)
			all = append(all, writing{id: id})
		}
		all[i].commands = append(all[i].commands, c)
	}
	for _, v := range t.rh.Status.Commands {
		if i := slices.IndexFunc(all, func(w writing) bool { return w.id == event.TextID(v.ID) }); i >= 0 && v.Answered {
			all[i].begun = true
		}
	}
	left := judging.Unjudged(t.rh)
	return slices.DeleteFunc(all, func(w writing) bool {
		return slices.ContainsFunc(left, func(c v1alpha1.Command) bool { return event.TextID(c.ID) == w.id })
	})
}

// answerCommands answers what has no comment of its own otherwise. It comes
// after the runs, whose comments answer the commands that asked for them.
func (t *answers) answerCommands(ctx context.Context) error {
	for _, w := range t.writings() {
		parts, more, ready, err := t.parts(ctx, w)
		if err == nil && ready {
			err = t.answerOnce(ctx, w, parts, more)
		}
		if err != nil {
			return fmt.Errorf("answering %s: %w", w.id, err)
		}
		for i := 0; ready && i < len(w.commands); i++ {
			t.answered(w.commands[i])
		}
	}
	return nil
}

// answered notes that there is nothing more to say to a command.
func (t *answers) answered(c commandVerdict) {
	c.status.Answered = true
	if e, ends := t.runs.Endings[c.ID]; ends {
		t.runs.Over(t.rh.Status.Run(c.ID), e)
	}
}

// parts are the answers to the commands of a text, those that are alike once, and how
// many there are more of these.
func (t *answers) parts(ctx context.Context, w writing) (parts []part, more int, ready bool, err error) {
	seen := map[string]bool{}
	unknown := false
	for _, c := range w.commands {
		like := t.like(c)
		if seen[like] && c.said.Kind().Effect != event.Starts {
			more++
			continue
		}
		name, body, ready, err := t.answer(ctx, c)
		if err != nil || !ready {
			return nil, 0, false, err
		}
		switch {
		case body == "", name != "" && t.rh.Status.Comments[name].ID != 0:
			continue
		case seen[like]:
			more++
			continue
		case c.status.Verdict == v1alpha1.VerdictUnknown && unknown:
			body = report.UnknownToo(c.Text, c.said.Reason)
		}
		unknown = unknown || c.status.Verdict == v1alpha1.VerdictUnknown
		seen[like] = true
		parts = append(parts, part{name, body})
	}
	return parts, more, true, nil
}

// like is the same for commands that have the same answer: the same that is asked, or
// the same reason for which another is not accepted.
func (t *answers) like(c commandVerdict) string {
	if c.status.Verdict == v1alpha1.VerdictAccepted || c.status.Verdict == v1alpha1.VerdictUnknown {
		return fmt.Sprintf("%+v", c.said)
	}
	return t.sentence(c)
}

// answerOnce writes the answer to a text, unless its author has had enough of them.
func (t *answers) answerOnce(ctx context.Context, w writing, parts []part, more int) error {
	if len(parts) == 0 {
		return nil
	}
	first := w.commands[0]
	due := slices.ContainsFunc(w.commands, func(c commandVerdict) bool { return c.status.Told })
	left, most, err := t.left(ctx, judging.LoginOf(first.Command, first.status), w.id, judging.GivenAt(first.Command, first.status), !due)
	if err != nil {
		return err
	}
	if left <= 0 && !due {
		return nil
	}
	first.status.Told = true
	id, last := event.FirstID(w.id), ""
	if w.begun {
		id = first.ID
	}
	if left == 1 {
		last = report.LastAnswer(most)
	}
	if len(parts) == 1 && more == 0 && parts[0].name != "" {
		return t.talk.Say(ctx, parts[0].name, parts[0].body)
	}
	bodies := make([]string, len(parts))
	for i, p := range parts {
		bodies[i] = p.body
	}
	comment, err := t.talk.Upsert(ctx, v1alpha1.CommentStatus{}, report.Answers(id, bodies, more, last))
	if t.talk.IsRefused(err) {
		return nil
	}
	if err != nil {
		return t.talk.Reporting(err)
	}
	for _, p := range parts {
		t.talk.Remember(p.name, comment)
	}
	return nil
}
