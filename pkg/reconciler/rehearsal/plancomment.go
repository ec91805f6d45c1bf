package rehearsal

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"knative.dev/pkg/kmeta"
	"knative.dev/pkg/logging"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/conversation"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/legible"
	"github.com/rehearsal-dev/rehearsal/pkg/pages"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/deadline"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/planning"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/rehearsal/resources"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/runs"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/trouble"
	"github.com/rehearsal-dev/rehearsal/pkg/render"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
	"github.com/rehearsal-dev/rehearsal/pkg/report/planview"
	"github.com/rehearsal-dev/rehearsal/pkg/requeue"
)

// planner makes the plan of a head, and maintains the comment that lists the affected jobs.
type planner struct{ *pass }

// show writes the comment that lists the affected jobs.
func (t *planner) show(ctx context.Context) error {
	if !t.plan.Known() || t.runs.Links.Err != nil || t.plan.Outlived() {
		return nil
	}
	view := t.view("")
	t.storePlanPage(ctx, &view)
	body, shown := report.PlanShown(view)
	if err := t.talk.Say(github.Later(ctx), planComment, body); err != nil {
		return err
	}
	plan, comment := t.rh.Status.Plan, t.rh.Status.Comments[planComment]
	plan.Noted = t.noted()
	if comment.Hash != conversation.Hash(legible.Mute(body)) {
		return nil // GitHub refused it
	}
	if plan.Shown == nil && shown.Head {
		plan.Shown = comment.At
	}
	t.noteShown(shown, comment.At)
	return nil
}

// noteShown records which requests of jobs the comment shows, and since when.
func (t *planner) noteShown(shown report.Shown, at *metav1.Time) {
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

// view returns what there is to show of the plan. With a marker, it is the answer to a
// command.
func (t *planner) view(marker string) report.PlanView {
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

// note adds to a view what is not part of a plan.
func (t *planner) note(view *report.PlanView) {
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
	// While the pull request is stale, it is not known whether its author is trusted.
	if pull.Open && !pull.AuthorTrusted && !pull.Stale() && t.rh.Status.HeadApproval == nil {
		view.NotTrusted = cmp.Or(pull.Distrusted, pull.Author)
	}
}

// noted returns a hash that changes with what note adds.
func (t *planner) noted() string {
	var view report.PlanView
	t.note(&view)
	raw, err := json.Marshal(view)
	if err != nil {
		return ""
	}
	return conversation.Hash(string(raw))
}

// planPage returns the URL of the page with all affected jobs; empty if pages are not
// served.
func (t *planner) planPage() string { return t.runs.Links.To(pages.PullPage, t.rh.Name) }

// storePlanPage stores the page with all affected jobs, if pages are served. A page that is
// too large, or cannot be stored now, is not linked.
func (t *planner) storePlanPage(ctx context.Context, view *report.PlanView) {
	if view.Page == "" {
		return
	}
	meta := metav1.ObjectMeta{
		Name: pages.Name(t.rh.Name), Namespace: t.rh.Namespace,
		Labels:          resources.Labels(t.rh, ""),
		OwnerReferences: []metav1.OwnerReference{*kmeta.NewControllerRef(t.rh)},
	}
	stored, err := pages.Save(ctx, t.Kube.CoreV1().ConfigMaps(meta.Namespace), meta, report.PlanPage(*view))
	if err != nil {
		logging.FromContext(ctx).Warnw("The page of the affected jobs was not stored", "error", err)
	}
	if !stored {
		view.Page = ""
	}
}

// notPlanned handles a head whose affected jobs are not known: err is the failure, and nil
// while planning goes on. The delay is reported. When the time is up, the error takes the
// place of the plan, for an hour. An older plan of the same head stays; only answers go
// without a newer one.
func (t *planner) notPlanned(ctx context.Context, err error) error {
	u, known := t.unplanned(), t.rh.Status.PlanOfHead()
	failed := len(requeue.Failures(err)) > 0
	if failed && u.FailingSince == nil {
		u.FailingSince = &metav1.Time{Time: t.now}
	}
	due := deadline.Earliest(deadline.EndOf(deadline.Waiting, &u.Since), deadline.EndOf(deadline.Unplanned, u.FailingSince))
	giveUp := !t.now.Before(due) || failed && givenUp(known)
	if !giveUp {
		t.later = append(t.later, &requeue.Later{After: due.Sub(t.now), Reason: "the affected jobs are being determined"})
	}
	late := &planning.LateError{Sentences: "Planning has not finished. " + trouble.Advice(errors.New(""), t.rh.Namespace)}
	if err != nil {
		late.Sentences = trouble.Because(err, t.rh.Namespace, t.runs.Secrets())
	}
	switch {
	case giveUp && planning.HasJobs(known):
		t.plan.Fail(late)
		return err
	case giveUp:
		t.plan.Fail(late)
		t.rh.Status.Plan, t.rh.Status.Unplanned = t.plan.Status(), nil
		t.rh.Status.Plan.LookAgain = &metav1.Time{Time: t.now.Add(planAgain)}
		t.rh.Status.MarkNotPlanned("GivenUp", late.Error())
		return nil
	case !failed, known != nil, t.now.Sub(u.FailingSince.Time) < runs.TellAfter:
		return err
	}
	t.plan.Fail(late)
	body, _ := report.PlanShown(t.view(""))
	t.plan.Forget()
	return errors.Join(err, t.talk.Say(ctx, planComment, body))
}

// unplanned returns the record of the time without a plan of the head.
func (t *planner) unplanned() *v1alpha1.Unplanned {
	if u := t.rh.Status.Unplanned; u == nil || u.Head != t.rh.Status.Pull.Head {
		t.rh.Status.Unplanned = &v1alpha1.Unplanned{Head: t.rh.Status.Pull.Head, Since: metav1.Time{Time: t.now}}
	}
	return t.rh.Status.Unplanned
}

// givenUp reports whether planning of a head was given up.
func givenUp(known *v1alpha1.PlanStatus) bool {
	return known != nil && known.Error != "" && known.LookAgain != nil
}

// planAgain is the time until planning is tried again after it was given up.
const planAgain = time.Hour
