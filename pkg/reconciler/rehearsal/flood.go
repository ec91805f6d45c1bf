package rehearsal

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/policy"
)

// The limits of answers in comments of their own that one person gets on a repository
// within an hour: for everybody, and for people who may run jobs. A text gets one answer,
// however many commands it has.
const (
	answersForAnybody = 10
	answersForRunners = 60
	answersWithin     = time.Hour
)

// answered is a text that was answered.
type answered struct {
	by string
	at time.Time
}

// hadAnswers counts the answers to texts that a person wrote within an hour before or after
// a time. All times are those of the commands, so it does not matter when and in which
// order they are read.
func hadAnswers(by string, at time.Time, all map[string]answered) int {
	n := 0
	for _, a := range all {
		if strings.EqualFold(a.by, by) && a.at.Sub(at).Abs() < answersWithin {
			n++
		}
	}
	return n
}

// answeredTexts returns the texts that were answered on pull requests of one repository, by
// pull request and id; with due, also the texts that will be answered. Only those of login
// count, unless it is empty. The text except of this pull request is left out.
func answeredTexts(all []*v1alpha1.Rehearsal, pull v1alpha1.Pull, login, except string, due bool) map[string]answered {
	texts := map[string]answered{}
	for _, rh := range all {
		p := rh.Spec.Pull
		if !strings.EqualFold(p.Org, pull.Org) || !strings.EqualFold(p.Repo, pull.Repo) {
			continue
		}
		for _, v := range rh.Status.Commands {
			if !v.Told || !due && !v.Answered || v.At == nil || login != "" && !strings.EqualFold(v.By, login) {
				continue
			}
			if text := event.TextID(v.ID); p.Number != pull.Number || text != except {
				texts[fmt.Sprintf("%d/%s", p.Number, text)] = answered{v.By, v.At.Time}
			}
		}
	}
	return texts
}

// had counts the answers to a person around a time, with due also those that will be given.
// The one to this text does not count.
func (t *answers) had(login, text string, at time.Time, due bool) (int, error) {
	elsewhere, err := t.answeredElsewhere(due)
	if err != nil {
		return 0, err
	}
	here := answeredTexts([]*v1alpha1.Rehearsal{t.rh}, t.rh.Spec.Pull, login, text, due)
	return hadAnswers(login, at, here) + hadAnswers(login, at, elsewhere[strings.ToLower(login)]), nil
}

// answeredElsewhere returns the answered texts on other pull requests, by the logins of their
// authors. They are read once per pass, because a command log has many questions.
func (t *answers) answeredElsewhere(due bool) (map[string]map[string]answered, error) {
	if known := t.elsewhere[due]; known != nil || t.Lister == nil {
		return known, nil
	}
	all, err := t.Lister.Rehearsals(t.rh.Namespace).List(labels.Everything())
	if err != nil {
		return nil, fmt.Errorf("listing the Rehearsals: %w", err)
	}
	all = slices.DeleteFunc(all, func(rh *v1alpha1.Rehearsal) bool { return rh.Name == t.rh.Name })
	byLogin := map[string]map[string]answered{}
	for text, a := range answeredTexts(all, t.rh.Spec.Pull, "", "", due) {
		login := strings.ToLower(a.by)
		if byLogin[login] == nil {
			byLogin[login] = map[string]answered{}
		}
		byLogin[login][text] = a
	}
	if t.elsewhere == nil {
		t.elsewhere = map[bool]map[string]map[string]answered{}
	}
	t.elsewhere[due] = byLogin
	return byLogin, nil
}

// left returns how many answers a person may still get around a time, including the one to
// this text, and the limit. The policy is asked only if the answer depends on it.
func (t *answers) left(ctx context.Context, login, text string, at time.Time, due bool) (left, most int, err error) {
	had, err := t.had(login, text, at, due)
	if err != nil || had < answersForAnybody-1 {
		return answersForAnybody - had, answersForAnybody, err
	}
	d, err := t.facts.Decide(ctx, func(known policy.Facts) policy.Decision {
		return t.repo.Policy.Decide(policy.Question{
			Command: policy.Run, By: login, Author: t.rh.Status.Pull.Author, Labels: t.labels(),
		}, known)
	})
	most = answersForAnybody
	if d.Allowed {
		most = answersForRunners
	}
	return most - had, most, err
}

// labels returns the labels of the pull request, if it was read in this pass.
func (t *answers) labels() []string {
	if t.facts.Pull == nil {
		return nil
	}
	return t.facts.Pull.Labels
}
