package rehearsal

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

// inTime ends a run that has started when it is due, whatever the attempt to take it
// further came to.
func (t *turn) inTime(ctx context.Context, r *v1alpha1.RunStatus, s situation, err error) error {
	if r.State.Done() || t.now.Before(deadline.Due(r).Add(deadline.AbortTime)) {
		return err
	}
	logging.FromContext(ctx).Errorw("A run ends without what it takes to end it", "run", r.ID, "state", r.State, "error", err)
	over := s.observed && !s.live() && !s.unsettled()
	if !over {
		r.Abort(timeIsUp)
	}
	r.MarkUnreported(endState(r, run.Count(s.outcomes)), t.now)
	return err
}

// timeIsUp is why a run ends that is due.
const timeIsUp = "its time was up"

// endState is what a run comes to with the ends of its jobs.
func endState(r *v1alpha1.RunStatus, tally run.Tally) v1alpha1.RunState {
	switch {
	case r.AbortReason != "":
		return v1alpha1.RunAborted
	case tally.AllPassed():
		return v1alpha1.RunPassed
	}
	return v1alpha1.RunFailed
}

// reportLate has the pull request show how runs ended that are over already, as long
// as there is hope.
func (t *turn) reportLate(ctx context.Context) error {
	var errs []error
	for i := range t.rh.Status.Runs {
		r := &t.rh.Status.Runs[i]
		if !r.State.Done() || !r.Unreported {
			continue
		}
		err := t.report(ctx, r)
		if err != nil && !t.now.Before(deadline.Due(r)) {
			t.rh.Status.MarkNotReported("GivenUp", fmt.Sprintf("how run %s ended was not written to the pull request: %v", r.ID, err))
			t.talk.Refused, err = true, nil
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

func (t *turn) report(ctx context.Context, r *v1alpha1.RunStatus) error {
	if r.StartedAt == nil {
		return t.sayUnstarted(ctx, r, r.Message)
	}
	m, err := t.manifest(ctx, r)
	if err != nil {
		return err
	}
	return t.publish(ctx, r, situation{run: r, now: t.now}, m)
}
