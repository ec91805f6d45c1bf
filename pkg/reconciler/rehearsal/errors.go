package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"knative.dev/pkg/controller"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
)

// waiting says that there is nothing wrong, and when to look again.
type waiting struct {
	after  time.Duration
	reason string
}

func (w *waiting) Error() string { return fmt.Sprintf("%s; looking again in %s", w.reason, w.after) }

// settle turns what the phases returned into what the work queue understands: an
// error, with the time to come back at the latest, that time alone, or nothing.
func settle(errs []error, now time.Time) error {
	var again time.Duration
	var failed []error
	sooner := func(d time.Duration) {
		if again == 0 || d < again {
			again = max(d, time.Second)
		}
	}
	for _, err := range flatten(errs) {
		var wait *waiting
		var limited *github.RateLimitedError
		switch {
		case errors.As(err, &limited):
			sooner(limited.Until.Sub(now))
		case errors.As(err, &wait):
			sooner(wait.after)
		default:
			failed = append(failed, err)
		}
	}
	if len(failed) > 0 {
		return &failure{error: errors.Join(failed...), again: again}
	}
	if again > 0 {
		return controller.NewRequeueAfter(again)
	}
	return nil
}

// impossible says that GitHub gives the same answer however often it is asked.
func impossible(err error) bool {
	var gone *github.NotFoundError
	var no *github.RefusedError
	return errors.As(err, &gone) || errors.As(err, &no)
}

// refused says whether GitHub will never do what was asked, as things are, and
// records it: trying again would only be a hot loop.
func (t *turn) refused(err error) bool {
	var no *github.RefusedError
	var gone *github.NotFoundError
	switch {
	case errors.As(err, &no):
		t.rh.Status.MarkNotReported("Refused", no.Error())
	case errors.As(err, &gone):
		t.rh.Status.MarkNotReported("NotFound", gone.Error())
	default:
		return false
	}
	t.refusedAny = true
	return true
}

// reporting records that a write to the pull request has still to succeed.
func reporting(rh *v1alpha1.Rehearsal, err error) error {
	var wait *waiting
	if err == nil || errors.Is(err, context.Canceled) || errors.As(err, &wait) {
		return err // what waits has said so
	}
	rh.Status.MarkReporting("Retrying", err.Error())
	return err
}

// flatten takes joined errors apart: one that can wait must not hide one that
// has failed.
func flatten(errs []error) []error {
	var flat []error
	for _, err := range errs {
		if joined, ok := err.(interface{ Unwrap() []error }); ok {
			flat = append(flat, flatten(joined.Unwrap())...)
		} else if err != nil {
			flat = append(flat, err)
		}
	}
	return flat
}
