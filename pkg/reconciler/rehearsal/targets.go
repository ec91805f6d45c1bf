package rehearsal

import (
	"context"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/lookup"
	"github.com/rehearsal-dev/rehearsal/pkg/render"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
	"github.com/rehearsal-dev/rehearsal/pkg/requeue"
)

// lookAgainTime is when what was not asked for is asked for again.
const lookAgainTime = 10 * time.Minute

// inquire begins what this turn asks about other repositories.
func (t *turn) inquire() *lookup.Inquiry {
	p, pull := t.rh.Spec.Pull, t.rh.Status.Pull
	left := lookup.Unvouched
	if !pull.Untrusted && (pull.AuthorTrusted || t.holds(t.rh.Status.HeadApproval)) {
		left = lookup.Vouched
	}
	return t.Lookups.Inquire(t.GitHub, p.Org+"/"+p.Repo, t.plan.result.Targets, left, t.now)
}

// tips are the commits that other repositories are at. What is not asked for is said.
func (t *turn) tips(ctx context.Context, jobs []render.Job, in render.Input) (tips map[string]string, notes []string, err error) {
	tips, left, err := t.inquire().Tips(ctx, render.Checkouts(jobs, in))
	if left > 0 {
		notes = append(notes, report.NotPinned(left))
	}
	return tips, notes, err
}

// lookAgain is when the plan asks GitHub again for what was not known; nil when that
// is nothing.
func (t *turn) lookAgain() *metav1.Time {
	if !t.lookLater {
		return nil
	}
	return &metav1.Time{Time: t.now.Add(lookAgainTime)}
}

// lookAgainLater says when GitHub is to be asked for what the plan lacks.
func (t *turn) lookAgainLater() error {
	known, pull := t.rh.Status.Plan, t.rh.Status.Pull
	if known == nil || known.LookAgain == nil || pull == nil || !pull.Open || known.Head != pull.Head {
		return nil
	}
	return &requeue.Later{After: known.LookAgain.Sub(t.now), Reason: "the plan lacks something"}
}
