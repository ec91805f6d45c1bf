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
	// firstBackOff is the pause after a failed turn, doubled after each that follows.
	firstBackOff = 50 * time.Millisecond
	// LongestBackOff is the most that an error can delay what is due.
	LongestBackOff = time.Minute
)

// Retrying decides when a turn that failed is repeated. The work queue would
// remember the failures of a run's whole life, for it forgets them after a turn
// that wants no other, and wait up to 1,000 s; and it knows nothing of what the
// turn had to wait for beside its error.
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

// NewRetrying is around what the generated code makes.
func NewRetrying(inner Leading) *Retrying {
	return &Retrying{
		Reconciler: inner, LeaderAware: inner,
		backOff: workqueue.NewTypedItemExponentialFailureRateLimiter[string](firstBackOff, LongestBackOff),
	}
}

// Reconcile implements controller.Reconciler. It has the key come back after the
// back-off or when what it waits for is due, whichever is earlier.
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

// failure is what failed in a turn, and when it is due again nevertheless.
type failure struct {
	error
	// again is how long what the turn waits for may take; zero where it waits for
	// nothing.
	again time.Duration
}

func (f *failure) Unwrap() error { return f.error }
