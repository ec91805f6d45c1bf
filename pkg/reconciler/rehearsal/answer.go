package rehearsal

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/judging"
	"github.com/rehearsal-dev/rehearsal/pkg/render"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
	"github.com/rehearsal-dev/rehearsal/pkg/report/planview"
)

// commands returns how commands of this installation are written.
func (t *pass) commands() report.Commands {
	return report.CommandsOf(t.settings.Prefixes, t.repo.Options)
}

// commandVerdict is a command with its decision, which the pull request does not show yet.
type commandVerdict struct {
	v1alpha1.Command
	status *v1alpha1.CommandStatus
	said   event.Command
}

// person returns the author of the command, as shown on the pull request.
func (c commandVerdict) person() string {
	return report.Person(c.ID, judging.LoginOf(c.Command, c.status))
}

// needsPlan reports whether the answer depends on the affected jobs.
func (c commandVerdict) needsPlan() bool {
	kind := c.said.Kind()
	return c.status.Verdict == v1alpha1.VerdictAccepted && kind.Effect == event.Answers && kind.Plan != event.WithoutPlan
}

func (t *pass) unanswered() []commandVerdict {
	var open []commandVerdict
	on := t.rh.Status.Verdicts()
	for _, c := range judging.InOrder(t.rh) {
		if v := on[c.ID]; v != nil && !v.Answered {
			open = append(open, commandVerdict{c, v, event.ParseStored(c.Text, t.settings.Prefixes)})
		}
	}
	return open
}

// answer returns the answer to a command, if any. If it is not ready, it is too early to
// answer. name is set for an answer that is given only once, however many commands cause
// it.
func (t *answers) answer(ctx context.Context, c commandVerdict) (name, body string, ready bool, err error) {
	if c.status.Verdict != v1alpha1.VerdictAccepted {
		name, body = t.refusal(c)
		return name, body, true, nil
	}
	if c.needsPlan() && !t.plan.Known() {
		return "", "", false, nil
	}
	switch c.said.Verb {
	case event.Run:
		body, ready = t.runEnded(c)
		return "", body, ready, nil
	case event.List:
		body = report.Plan(t.planner.view(report.AnswerMarker(c.ID)))
	case event.Explain:
		body, err = t.explain(ctx, c)
	case event.Help:
		body = t.commands().Help(c.ID, c.Text, c.person())
	case event.Abort:
		found, known := t.found(c)
		if !known {
			return "", "", false, nil
		}
		if !found {
			var sentences []string
			sentences, err = t.notRunning(ctx, c.said.Jobs)
			body = report.Answer(c.ID, c.Text, c.person(), sentences...)
		}
	}
	// An abort shows in the comments of the runs it ends, and an approval or
	// acknowledgement in the plan comment.
	return "", body, err == nil, err
}

// runEnded returns why a run will not start. A run that starts has its own comment, and so
// has a queued run; until it is clear what happens, the answer is not ready.
func (t *answers) runEnded(c commandVerdict) (body string, ready bool) {
	if e, ends := t.runs.Endings[c.ID]; ends {
		return report.Answer(c.ID, c.Text, c.person(), e.Sentences...), true
	}
	r := t.rh.Status.Run(c.ID)
	return "", r == nil || r.State != v1alpha1.RunPending || t.runs.ReportedAsQueued(r)
}

// found reports whether an abort had something to end, once that is known.
func (t *answers) found(c commandVerdict) (found, known bool) {
	if len(c.said.Jobs) == 0 {
		n, known := t.aborted[c.ID]
		return n > 0, known
	}
	if c.status.Found {
		return true, true
	}
	for _, r := range t.rh.Status.ActiveRuns() {
		wanted := slices.ContainsFunc(t.runs.Aborts.Of(r), func(a judging.JobAbort) bool { return a.Command == c.ID })
		if wanted && !t.runs.Aborts.Attended[r.ID] {
			return false, false
		}
	}
	return false, true
}

// notRunning returns a sentence for each name that no running job has.
func (t *answers) notRunning(ctx context.Context, names []string) ([]string, error) {
	var going []string
	for _, r := range t.rh.Status.ActiveRuns() {
		if r.State == v1alpha1.RunPending {
			continue
		}
		m, err := t.runs.Manifest(ctx, r)
		if err != nil {
			return nil, err
		}
		for _, job := range m.Jobs {
			going = append(going, job.DisplayName)
		}
	}
	if len(going) == 0 || len(names) == 0 {
		return []string{report.NothingToAbort()}, nil
	}
	var sentences []string
	for _, name := range names {
		sentences = append(sentences, report.NotRunning(name, going))
	}
	return sentences, nil
}

// explain returns everything about the jobs with one name.
func (t *answers) explain(ctx context.Context, c commandVerdict) (string, error) {
	result, name := t.plan.Result, c.said.Jobs[0]
	if result == nil {
		result = &plan.Result{}
	}
	jobs := slices.Clone(t.plan.Jobs)
	for i := range jobs {
		if !jobs[i].Matches(name) {
			continue
		}
		complete, err := t.plan.Complete(ctx, jobs[i:i+1])
		if err != nil {
			return "", err
		}
		jobs[i] = complete[0]
	}
	bare, _, _ := strings.Cut(name, "@")
	all, err := result.Lookup(ctx, bare)
	if err != nil {
		return "", t.plan.Details(err)
	}
	in := t.plan.Input()
	view := planview.Explain(located(all), result.Removed, jobs, name, func(job render.Job) render.Description { return render.Describe(job, in) })
	view.Head = in.Head
	view.CommandID, view.Line, view.By, view.Commands = c.ID, c.Text, c.person(), t.commands()
	return report.Explain(view), nil
}

// located are jobs with their places after the merge.
type located []plan.Located

// Named implements planview.Named.
func (l located) Named(name string) []affected.Ref {
	var refs []affected.Ref
	for _, found := range l {
		if found.Name == name {
			refs = append(refs, found.Ref)
		}
	}
	return refs
}

// refusal returns the answer to a command that was not accepted. name is set for an answer
// that is given only once. A user of the command line reads the decision in status instead.
func (t *answers) refusal(c commandVerdict) (name, body string) {
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

// sentence returns why a command was not accepted, and who can help; empty if it was
// accepted.
func (t *answers) sentence(c commandVerdict) string {
	return judging.Refusal{
		Command: c.Command, Status: c.status, Said: c.said, Commands: t.commands(),
		Pull: t.rh.Spec.Pull, Known: t.rh.Status.Pull, Untrusted: t.repo.Labels.Untrusted, Repository: t.repo.Name,
	}.Sentence()
}

// deniedComment is the key in status.comments of a denial, which a person gets once per
// head and reason.
func deniedComment(login string, v *v1alpha1.CommandStatus) string {
	return fmt.Sprintf("%s%s/%.12s/%s", deniedComments, strings.ToLower(login), v.Head, v.Reason)
}

// forgetDenials drops the denials for older heads.
func forgetDenials(rh *v1alpha1.Rehearsal) {
	for name := range rh.Status.Comments {
		if strings.HasPrefix(name, deniedComments) && !strings.Contains(name, fmt.Sprintf("/%.12s/", rh.Status.Pull.Head)) {
			delete(rh.Status.Comments, name)
		}
	}
}

const deniedComments = "denied/"
