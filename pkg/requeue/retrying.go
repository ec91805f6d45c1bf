package requeue

import (
	"context"
	"errors"
	"time"

	"k8s.io/client-go/util/workqueue"
	"knative.dev/pkg/controller"
	"knative.dev/pkg/logging"
	"knative.dev/pkg/reconciler"
)

const (
	// firstBackOff is the pause after a failed reconcile; it doubles after each further
	// failure.
	firstBackOff = 50 * time.Millisecond
	// LongestBackOff bounds how long an error can delay what is due.
	LongestBackOff = time.Minute
)

// Retrying decides when a failed reconcile is retried. The work queue would count
// failures over a run's whole life, because it resets only after a reconcile without
// a requeue, and would wait up to 1,000 s. It also ignores waits besides the error.
type Retrying struct {
	controller.Reconciler
	reconciler.LeaderAware
	backOff workqueue.TypedRateLimiter[string]
}

// Leading is a reconciler that knows whether it leads.
type Leading interface {
	controller.Reconciler
	reconciler.LeaderAware
}

// NewRetrying wraps a generated reconciler.
func NewRetrying(inner Leading) *Retrying {
	return &Retrying{
		Reconciler: inner, LeaderAware: inner,
		backOff: workqueue.NewTypedItemExponentialFailureRateLimiter[string](firstBackOff, LongestBackOff),
	}
}

// Reconcile implements controller.Reconciler. It requeues the key after the back-off
// or when a wait is due, whichever is earlier.
func (r *Retrying) Reconcile(ctx context.Context, key string) error {
	err := r.Reconciler.Reconcile(ctx, key)
	requeue, _ := controller.IsRequeueKey(err)
	if err == nil || requeue || controller.IsSkipKey(err) || controller.IsPermanentError(err) {
		r.backOff.Forget(key)
		return err
	}
	again := r.backOff.When(key)
	var failed *failure
	if errors.As(err, &failed) && failed.again > 0 {
		again = min(again, failed.again)
	}
	logging.FromContext(ctx).Warnw("Reconciling failed and is retried", "key", key, "after", again, "failures", r.backOff.NumRequeues(key), "error", err)
	return controller.NewRequeueAfter(again)
}

// failure is the error of a reconcile, and when the key is due again anyway.
type failure struct {
	error
	// again is when the next wait is due; zero if there is none.
	again time.Duration
}

func (f *failure) Unwrap() error { return f.error }
