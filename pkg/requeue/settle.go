package requeue

import (
	"errors"
	"slices"
	"time"

	"knative.dev/pkg/controller"

	"github.com/rehearsal-dev/rehearsal/pkg/github"
)

// Settle turns the errors of the phases into a result for the work queue: an error with the
// latest time to requeue, that time alone, or nil.
func Settle(errs []error, now time.Time) error {
	var again time.Duration
	var failed []error
	sooner := func(d time.Duration) {
		if again == 0 || d < again {
			again = max(d, time.Second)
		}
	}
	for _, err := range Flatten(errs) {
		var wait *Later
		var limited *github.RateLimitedError
		switch {
		case errors.As(err, &limited):
			sooner(limited.Until.Sub(now))
		case errors.As(err, &wait):
			sooner(wait.After)
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

// Failures returns the errors that are neither waits nor rate limits.
func Failures(errs ...error) []error {
	return slices.DeleteFunc(Flatten(errs), func(err error) bool {
		var wait *Later
		var limited *github.RateLimitedError
		return errors.As(err, &wait) || errors.As(err, &limited)
	})
}

// LimitedUntil returns the latest end of the rate limits among errors.
func LimitedUntil(errs []error) (until time.Time, limited bool) {
	for _, err := range Flatten(errs) {
		var window *github.RateLimitedError
		if errors.As(err, &window) {
			limited = true
			if window.Until.After(until) {
				until = window.Until
			}
		}
	}
	return until, limited
}
