package rehearsal

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/conversation"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/legible"
	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/judging"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/planning"
	"github.com/rehearsal-dev/rehearsal/pkg/render"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
	"github.com/rehearsal-dev/rehearsal/pkg/report/planview"
)

// showPlan keeps the comment that lists the affected jobs.
func (t *turn) showPlan(ctx context.Context) error {
	if !t.plan.Known() || t.runs.Links.Err != nil || t.plan.Outlived() {
		return nil
	}
	view := t.planView("")
	t.storePlanPage(ctx, &view)
	body, shown := report.PlanShown(view)
	if err := t.talk.Say(github.Later(ctx), planComment, body); err != nil {
		return err
	}
	plan, comment := t.rh.Status.Plan, t.rh.Status.Comments[planComment]
	plan.Noted = t.noted()
	if comment.Hash != conversation.Hash(legible.Mute(body)) {
		return nil // it was refused
	}
	if plan.Shown == nil && shown.Head {
		plan.Shown = comment.At
	}
	t.noteShown(shown, comment.At)
	return nil
}

// noteShown keeps what the comment shows of what jobs ask for, and since when.
func (t *turn) noteShown(shown report.Shown, at *metav1.Time) {
	plan := t.shownPlan()
	if plan == nil || plan.Asks == "" {
		return
	}
	jobs := planning.AskingJobs(t.plan.Jobs, t.plan.Result.Findings, shown.Jobs)
	if plan.AsksSince != nil && plan.AsksShown == shown.All && slices.Equal(plan.Asking, jobs) {
		return
	}
	plan.AsksSince, plan.AsksShown, plan.Asking = at, shown.All, jobs
}

// planAltered says that somebody else has edited the comment with the affected jobs, or has
// deleted it: whoever may write to the repository may do that, and nobody can tell what
// others have seen in it. Then it is written anew, and shows nothing until it was.
func (t *turn) planAltered(ctx context.Context) (bool, error) {
	known := t.rh.Status.Comments[planComment]
	if known.ID == 0 || t.rh.Status.Plan == nil {
		return false, nil // there is nothing to see
	}
	p := t.rh.Spec.Pull
	comment, err := t.GitHub.Comment(ctx, p.Org, p.Repo, known.ID)
	var gone *github.NotFoundError
	switch {
	case errors.As(err, &gone):
	case err != nil:
		return false, err
	case known.At != nil && !comment.UpdatedAt.Truncate(time.Second).After(known.At.Time):
		return false, nil
	}
	known.Hash = ""
	t.rh.Status.Comments[planComment] = known
	t.rh.Status.Plan.AsksSince, t.rh.Status.Plan.Noted = nil, ""
	return true, nil
}

// planView is what there is to say of the affected jobs; with a marker it
// answers a command.
func (t *turn) planView(marker string) report.PlanView {
	pull := t.rh.Status.Pull
	view := planview.New(t.plan.Affected(), t.plan.Jobs)
	view.Number, view.Page = t.rh.Spec.Pull.Number, t.planPage()
	view.Coverage = render.Select(t.plan.Jobs, t.plan.Selection(event.Sample)).Coverage
	view.Org, view.Repo = t.rh.Spec.Pull.Org, t.rh.Spec.Pull.Repo
	view.Head, view.Base, view.BaseRef = pull.Head, pull.Base, pull.BaseRef
	view.Problem = planview.Problem(t.plan.Err)
	var late *planning.LateError
	if errors.As(t.plan.Err, &late) {
		view.Problem = &report.Problem{Delayed: late.Error()}
	}
	view.Commands, view.Marker = t.commands(), marker
	t.note(&view)
	return view
}

// note fills in what a plan does not know.
func (t *turn) note(view *report.PlanView) {
	view.Acknowledgement = planview.Acknowledgement(t.rh.Status.Acknowledgement, t.repo.Labels.Ack)
	view.NetworkAccess = planview.Acknowledgement(t.rh.Status.NetworkAccess, t.repo.Labels.Network)
	view.StatusContext = t.repo.StatusContext
	view.HeadApproval = planview.Approval(t.rh.Status.HeadApproval)
	view.PrivilegeApproval = planview.Approval(t.rh.Status.PrivilegeApproval)
	pull := t.rh.Status.Pull
	if pull.Untrusted {
		view.Untrusted = t.repo.Labels.Untrusted
	}
	view.OtherBase = pull.OtherBase
	// The specification generation is missing until it is known.
	if pull.Open && !pull.AuthorTrusted && !pull.Stale() && t.rh.Status.HeadApproval == nil {
		view.NotTrusted = cmp.Or(pull.Distrusted, pull.Author)
	}
}

// noted changes whenever note does.
func (t *turn) noted() string {
	var view report.PlanView
	t.note(&view)
	raw, err := json.Marshal(view)
	if err != nil {
		return ""
	}
	return conversation.Hash(string(raw))
}

// commands is how this installation is commanded.
func (t *turn) commands() report.Commands {
	return report.CommandsOf(t.settings.Prefixes, t.repo.Options)
}

// commandVerdict is a judged command that the pull request shows no answer to.
type commandVerdict struct {
	v1alpha1.Command
	status *v1alpha1.CommandStatus
	said   event.Command
}

// person is who gave it, as it is shown.
func (c commandVerdict) person() string {
	return report.Person(c.ID, judging.LoginOf(c.Command, c.status))
}

// needsPlan says whether the answer depends on the affected jobs.
func (c commandVerdict) needsPlan() bool {
	kind := c.said.Kind()
	return c.status.Verdict == v1alpha1.VerdictAccepted && kind.Effect == event.Answers && kind.Plan != event.WithoutPlan
}

func (t *turn) unanswered() []commandVerdict {
	var open []commandVerdict
	on := t.rh.Status.Verdicts()
	for _, c := range judging.InOrder(t.rh) {
		if v := on[c.ID]; v != nil && !v.Answered {
			open = append(open, commandVerdict{c, v, event.ParseStored(c.Text, t.settings.Prefixes)})
		}
	}
	return open
}

// answer returns what to say to a command, if anything; not ready means that it
// is too early. A name is for what is said once whoever often it is caused.
func (t *turn) answer(ctx context.Context, c commandVerdict) (name, body string, ready bool, err error) {
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
		body = report.Plan(t.planView(report.AnswerMarker(c.ID)))
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
	// What ends runs shows in their comments, and what somebody vouches for in that on
	// the affected jobs.
	return "", body, err == nil, err
}

// runEnded says why a run will not start. One that does has a comment of its own, and
// so has one that waits for room; until then it is too early.
func (t *turn) runEnded(c commandVerdict) (body string, ready bool) {
	if e, ends := t.runs.Endings[c.ID]; ends {
		return report.Answer(c.ID, c.Text, c.person(), e.Sentences...), true
	}
	r := t.rh.Status.Run(c.ID)
	return "", r == nil || r.State != v1alpha1.RunPending || t.runs.ToldToWait(r)
}

// found says whether an abort had something to end, once that is known.
func (t *turn) found(c commandVerdict) (found, known bool) {
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

// notRunning says of each name that no running job has it.
func (t *turn) notRunning(ctx context.Context, names []string) ([]string, error) {
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

// explain tells everything about the jobs of one name.
func (t *turn) explain(ctx context.Context, c commandVerdict) (string, error) {
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

// located are jobs after the merge.
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
