package runs

import (
	"context"
	"errors"
	"fmt"

	"knative.dev/pkg/logging"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/deadline"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/judging"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// inTime ends a started run when it is overdue, whatever error the attempt to advance it
// returned.
func (t *Runner) inTime(ctx context.Context, r *v1alpha1.RunStatus, s situation, err error) error {
	if r.State.Done() || t.Now.Before(deadline.Due(r).Add(deadline.AbortTime)) {
		return err
	}
	logging.FromContext(ctx).Errorw("A run is ended although it could not be ended properly", "run", r.ID, "state", r.State, "error", err)
	over := s.observed && !s.live() && !s.unsettled()
	if !over {
		r.Abort(TimeIsUp)
	}
	r.MarkUnreported(endState(r, run.Count(s.outcomes)), t.Now)
	return err
}

// TimeIsUp is the abort reason of a run that is overdue.
const TimeIsUp = "its time was up"

// endState returns the state of a run after its jobs have ended.
func endState(r *v1alpha1.RunStatus, tally run.Tally) v1alpha1.RunState {
	switch {
	case r.AbortReason != "":
		return v1alpha1.RunAborted
	case tally.AllPassed():
		return v1alpha1.RunPassed
	}
	return v1alpha1.RunFailed
}

// reportLate retries the reports of runs that are over but were not reported, until their
// deadline.
func (t *Runner) reportLate(ctx context.Context) error {
	var errs []error
	for i := range t.Rehearsal.Status.Runs {
		r := &t.Rehearsal.Status.Runs[i]
		if !r.State.Done() || !r.Unreported {
			continue
		}
		err := t.report(ctx, r)
		if err != nil && !t.Now.Before(deadline.Due(r)) {
			t.Rehearsal.Status.MarkNotReported("GivenUp", fmt.Sprintf("the result of run %s was not written to the pull request: %v", r.ID, err))
			t.Talk.Refused, err = true, nil
		}
		if err == nil {
			r.Message = judging.Brief(r.Message)
			r.MarkReported()
			continue
		}
		errs = append(errs, fmt.Errorf("run %s: %w", r.ID, err))
	}
	return errors.Join(errs...)
}

func (t *Runner) report(ctx context.Context, r *v1alpha1.RunStatus) error {
	if r.StartedAt == nil {
		return t.reporter.sayUnstarted(ctx, r, r.Message)
	}
	m, err := t.Manifest(ctx, r)
	if err != nil {
		return err
	}
	return t.publish(ctx, r, situation{run: r, now: t.Now, manifest: m})
}
