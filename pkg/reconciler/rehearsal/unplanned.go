package rehearsal

import (
	"context"
	"errors"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/deadline"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/planning"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/runs"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/trouble"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
	"github.com/rehearsal-dev/rehearsal/pkg/requeue"
)

// notPlanned follows what keeps the affected jobs of a head from being known: err is
// what failed, and nil while they are looked for. It is told, and in the end it is
// what there is instead of a plan, for an hour. A plan of the same head that is known
// stays; only answers are given without a newer one.
func (t *turn) notPlanned(ctx context.Context, err error) error {
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
	body, _ := report.PlanShown(t.planView(""))
	t.plan.Forget()
	return errors.Join(err, t.talk.Say(ctx, planComment, body))
}

// givenUp says that a head could not be planned for too long.
func givenUp(known *v1alpha1.PlanStatus) bool {
	return known != nil && known.Error != "" && known.LookAgain != nil
}

// planAgain is when it is tried again to plan a head that could not be planned.
const planAgain = time.Hour

// unplanned is that of the head.
func (t *turn) unplanned() *v1alpha1.Unplanned {
	if u := t.rh.Status.Unplanned; u == nil || u.Head != t.rh.Status.Pull.Head {
		t.rh.Status.Unplanned = &v1alpha1.Unplanned{Head: t.rh.Status.Pull.Head, Since: metav1.Time{Time: t.now}}
	}
	return t.rh.Status.Unplanned
}
