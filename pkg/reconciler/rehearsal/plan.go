package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/requeue"
)

// prepare makes the plan if something needs it: the plan comment after a push, a run that
// is to start, or a command.
func (t *planner) prepare(ctx context.Context) error {
	pull := t.rh.Status.Pull
	if pull == nil || !t.fresh || !pull.Open {
		return nil
	}
	if !t.needed() {
		t.rh.Status.Unplanned = nil
		return nil
	}
	result, err, done := t.plan.Get()
	if !done {
		t.rh.Status.MarkPlanning("Planning", "the affected jobs are being determined")
		return t.notPlanned(ctx, nil)
	}
	if err != nil && !plan.Terminal(err) {
		t.rh.Status.MarkPlanning(whyNotYet(err), err.Error())
		return t.notPlanned(ctx, fmt.Errorf("planning: %w", err))
	}
	t.plan.Result, t.plan.Jobs, t.plan.Err = result, nil, err
	if result != nil {
		if err := t.plan.Describe(ctx); err != nil {
			t.plan.Forget()
			return t.notPlanned(ctx, err)
		}
	}
	t.rh.Status.Unplanned = nil
	t.rh.Status.Plan = t.plan.Status()
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

// needed reports whether something waits for the plan of the current head. A new base,
// after every merge of another pull request, only matters to runs and commands that need
// the plan now.
func (t *planner) needed() bool {
	pull, known := t.rh.Status.Pull, t.rh.Status.Plan
	if known == nil || known.Head != pull.Head || known.BaseRef != pull.BaseRef || t.rh.Status.Comments[planComment].ID == 0 {
		return true
	}
	if known.Noted != t.noted() || known.Stopped != nil && t.plan.Stopped() == nil || known.LookAgain != nil && !t.now.Before(known.LookAgain.Time) {
		return true
	}
	for _, r := range t.rh.Status.ActiveRuns() {
		if r.State == v1alpha1.RunPending && r.AbortReason == "" && !t.runs.Queue.IsQueued(r) {
			return true
		}
	}
	return slices.ContainsFunc(t.unanswered(), commandVerdict.needsPlan)
}

// lookAgainLater returns when to ask GitHub again for what the plan lacks.
func (t *pass) lookAgainLater() error {
	known, pull := t.rh.Status.Plan, t.rh.Status.Pull
	if known == nil || known.LookAgain == nil || pull == nil || !pull.Open || known.Head != pull.Head {
		return nil
	}
	return &requeue.Later{After: known.LookAgain.Sub(t.now), Reason: "the plan is incomplete"}
}
