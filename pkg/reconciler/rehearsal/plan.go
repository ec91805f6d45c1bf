package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/render"
	"github.com/rehearsal-dev/rehearsal/pkg/requeue"
)

// makePlan finds the affected jobs where somebody needs them: for the plan
// comment after a push, for runs that are to start, for a list.
func (t *turn) makePlan(ctx context.Context) error {
	pull := t.rh.Status.Pull
	if pull == nil || !t.fresh || !pull.Open {
		return nil
	}
	if !t.needsPlan() {
		t.rh.Status.Unplanned = nil
		return nil
	}
	result, err, done := t.getPlan()
	if !done {
		t.rh.Status.MarkPlanning("Planning", "the affected jobs are being looked for")
		return t.notPlanned(ctx, nil)
	}
	if err != nil && !plan.Terminal(err) {
		t.rh.Status.MarkPlanning(whyNotYet(err), err.Error())
		return t.notPlanned(ctx, fmt.Errorf("planning: %w", err))
	}
	t.plan = outcome{result: result, err: err}
	if result != nil {
		if err := t.describeJobs(ctx); err != nil {
			t.plan = outcome{}
			return t.notPlanned(ctx, err)
		}
	}
	t.rh.Status.Unplanned = nil
	t.rh.Status.Plan = t.newPlanStatus()
	var stopped *plan.StoppedError
	switch {
	case errors.As(err, &stopped) && stopped.Base:
		t.rh.Status.MarkNotPlanned("BaseNotRead", err.Error())
	case errors.As(err, &stopped):
		t.rh.Status.MarkNotPlanned("Stopped", err.Error())
	case err != nil:
		t.rh.Status.MarkNotPlanned("Refused", err.Error())
	default:
		t.rh.Status.MarkPlanned()
	}
	return nil
}

// getPlan asks for the plan, unless planning was stopped at this head before.
func (t *turn) getPlan() (result *plan.Result, err error, done bool) {
	if stopped := t.stopped(); stopped != nil {
		return nil, stopped, true
	}
	return t.Plans.Get(t.key(), t.planRequest())
}

// stopped is why the current head is not planned again; nil if it may be.
func (t *turn) stopped() error {
	known, pull := planOfHead(t.rh), t.rh.Status.Pull
	if known == nil || known.Stopped == nil || known.Stopped.Limits != t.limits().String() {
		return nil
	}
	if known.Stopped.ReadingBase && known.Base != pull.Base {
		return nil
	}
	return &plan.StoppedError{Why: known.Stopped.Why, Base: known.Stopped.ReadingBase}
}

// details translates an error of a question about the plan. What stops at such a
// question is as bad as what cannot be planned at all.
func (t *turn) details(err error) error {
	var stopped *plan.StoppedError
	switch {
	case errors.Is(err, plan.ErrBusy):
		return &requeue.Later{After: time.Second, Reason: err.Error()}
	case errors.Is(err, plan.ErrForgotten):
		t.Plans.Forget(t.planRequest())
		return &requeue.Later{After: time.Second, Reason: err.Error()}
	case errors.As(err, &stopped):
		t.plan = outcome{err: stopped}
		t.rh.Status.Plan = t.newPlanStatus()
		t.rh.Status.MarkNotPlanned("Stopped", stopped.Error())
		return &requeue.Later{After: time.Second, Reason: stopped.Error()}
	}
	return err
}

func (t *turn) limits() plan.Limits {
	p := t.settings.Planning
	return plan.Limits{Timeout: p.Timeout, BaseTimeout: p.BaseTimeout, Memory: int64(p.MemoryMiB) << 20}
}

// needsPlan says whether anything waits for the plan of the current head. The
// base moves with every merge of others, which only matters to what starts now.
func (t *turn) needsPlan() bool {
	pull, known := t.rh.Status.Pull, t.rh.Status.Plan
	if known == nil || known.Head != pull.Head || known.BaseRef != pull.BaseRef || t.rh.Status.Comments[planComment].ID == 0 {
		return true
	}
	if known.Noted != t.noted() || known.Stopped != nil && t.stopped() == nil || known.LookAgain != nil && !t.now.Before(known.LookAgain.Time) {
		return true
	}
	for _, r := range t.activeRuns() {
		if r.State == v1alpha1.RunPending && r.AbortReason == "" && !t.waitsForRoom(r) {
			return true
		}
	}
	return slices.ContainsFunc(t.unanswered(), commandVerdict.needsPlan)
}

func (t *turn) key() string {
	return types.NamespacedName{Namespace: t.rh.Namespace, Name: t.rh.Name}.String()
}

func (t *turn) planRequest() plan.Request {
	p, pull := t.rh.Spec.Pull, t.rh.Status.Pull
	return plan.Request{
		Org: p.Org, Repo: p.Repo, Number: p.Number,
		Layout: t.repo.Layout,
		Gates:  t.repo.Gates,
		Limits: t.limits(), Author: pull.Author,
		BaseRef: pull.BaseRef, Base: pull.Base, Head: pull.Head,
	}
}

// describeJobs works out what the rehearsals of the affected jobs would be.
func (t *turn) describeJobs(ctx context.Context) error {
	jobs := t.plan.result.Affected
	in := t.renderInput()
	var err error
	others := t.inquire()
	in.DefaultBranches, in.Unknown, err = others.DefaultBranches(ctx, render.NeedDefaultBranch(jobs, in))
	if err != nil {
		return err
	}
	t.lookLater = others.Later()
	t.plan.jobs = render.Jobs(jobs, in)
	return nil
}

func (t *turn) newPlanStatus() *v1alpha1.PlanStatus {
	pull := t.rh.Status.Pull
	status := &v1alpha1.PlanStatus{Head: pull.Head, Base: pull.Base, BaseRef: pull.BaseRef, LookAgain: t.lookAgain()}
	if known := t.rh.Status.Plan; known != nil && known.Head == pull.Head {
		status.Shown = known.Shown
	}
	if err := t.plan.err; err != nil {
		status.Error = err.Error()
	}
	var stopped *plan.StoppedError
	if errors.As(t.plan.err, &stopped) {
		status.Stopped = &v1alpha1.StoppedPlan{Why: stopped.Why, ReadingBase: stopped.Base, Limits: t.limits().String()}
	}
	if r := t.plan.result; r != nil {
		status.Tree, status.Jobs, status.Affected, status.Removed = r.Tree, r.Jobs, len(r.Affected), len(r.Removed)
		status.Digest = r.Digest()
		for _, job := range t.plan.jobs {
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
		status.Asks = t.asks()
		if known := planOfHead(t.rh); known != nil && known.Asks == status.Asks {
			status.AsksSince, status.AsksShown, status.Asking = known.AsksSince, known.AsksShown, known.Asking
		}
		status.Rendered = render.Digest(t.plan.jobs, t.renderInput(), r.Fingerprint)
	}
	return status
}

func affectedResult(o outcome) *affected.Result {
	if o.result == nil {
		return nil
	}
	return &o.result.Result
}
