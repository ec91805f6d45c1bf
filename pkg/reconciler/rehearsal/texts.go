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

// answers writes the answers to commands.
type answers struct {
	*pass
	planner *planner

	// elsewhere caches the answered texts on other pull requests; the key says whether texts
	// with an answer due are included.
	elsewhere map[bool]map[string]map[string]answered
}

// writing is the unanswered commands of one text, such as a comment. At most one comment of
// ours answers it.
type writing struct {
	id       string
	commands []commandVerdict
	// begun says that other commands of the text were answered before.
	begun bool
}

// part is the answer to one command.
type part struct {
	// name is set for an answer that is given only once, however many commands cause it.
	name, body string
}

// writings groups the unanswered commands by text. A text waits until all of its commands
// are decided.
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

// answerCommands answers the commands that have no comment otherwise. It comes after the
// runs, whose comments answer the commands that started them.
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

// answered records that a command needs no further answer.
func (t *answers) answered(c commandVerdict) {
	c.status.Answered = true
	if e, ends := t.runs.Endings[c.ID]; ends {
		t.runs.Over(t.rh.Status.Run(c.ID), e)
	}
}

// parts returns the answers to the commands of a text without repetitions, and how many
// more commands have one of these answers.
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

// like returns a text that is equal for commands with the same answer: the parsed command,
// or the reason why it was not accepted.
func (t *answers) like(c commandVerdict) string {
	if c.status.Verdict == v1alpha1.VerdictAccepted || c.status.Verdict == v1alpha1.VerdictUnknown {
		return fmt.Sprintf("%+v", c.said)
	}
	return t.sentence(c)
}

// answerOnce writes the answer to a text, unless its author has reached the limit of
// answers.
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
