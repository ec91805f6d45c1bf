package planning

import (
	"errors"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/render"
)

// Status returns the part of the plan that status keeps.
func (p *Plan) Status() *v1alpha1.PlanStatus {
	pull := p.Rehearsal.Status.Pull
	status := &v1alpha1.PlanStatus{Head: pull.Head, Base: pull.Base, BaseRef: pull.BaseRef, LookAgain: p.lookAgain()}
	if known := p.Rehearsal.Status.Plan; known != nil && known.Head == pull.Head {
		status.Shown = known.Shown
	}
	if err := p.Err; err != nil {
		status.Error = err.Error()
	}
	var stopped *plan.StoppedError
	if errors.As(p.Err, &stopped) {
		status.Stopped = &v1alpha1.StoppedPlan{Why: stopped.Why, ReadingBase: stopped.Base, Limits: p.limits().String()}
	}
	if r := p.Result; r != nil {
		status.Tree, status.Jobs, status.Affected, status.Removed = r.Tree, r.Jobs, len(r.Affected), len(r.Removed)
		status.Digest = r.Digest()
		for _, job := range p.Jobs {
			switch {
			case job.Offered():
				status.Offered++
			case job.Problem == "" && !job.Hold.Zero():
				status.Held++
			default:
				status.Excluded++
			}
			if job.Rehearse {
				status.Due++
			}
		}
		status.Asks = p.asks()
		if known := p.Rehearsal.Status.PlanOfHead(); known != nil && known.Asks == status.Asks {
			status.AsksSince, status.AsksShown, status.Asking = known.AsksSince, known.AsksShown, known.Asking
		}
		status.Rendered = render.Digest(p.Jobs, p.Input(), r.Fingerprint)
	}
	return status
}

// lookAgain returns when to ask GitHub again for what the plan lacks; nil if it lacks
// nothing.
func (p *Plan) lookAgain() *metav1.Time {
	if !p.later {
		return nil
	}
	return &metav1.Time{Time: p.Now.Add(LookAgainTime)}
}

// LookAgainTime is the time until GitHub is asked again for what a plan lacks.
const LookAgainTime = 10 * time.Minute
