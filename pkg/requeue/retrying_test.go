package requeue

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"go.uber.org/zap"
	"k8s.io/apimachinery/pkg/types"
	"knative.dev/pkg/controller"
	"knative.dev/pkg/logging"
	"knative.dev/pkg/reconciler"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// scripted is a reconciler that returns a given error.
type scripted struct {
	reconciler.LeaderAwareFuncs
	returns error
}

func (s *scripted) Reconcile(context.Context, string) error { return s.returns }

// after returns the time until the queue requeues; zero for never.
func (s *scripted) after(t *testing.T, r *Retrying, returns error) time.Duration {
	t.Helper()
	s.returns = returns
	err := r.Reconcile(logging.WithLogger(context.Background(), zap.NewNop().Sugar()), "ns/a")
	requeue, after := controller.IsRequeueKey(err)
	if err != nil && !requeue {
		t.Fatalf("the queue backs off by its own rules: %v", err)
	}
	return after
}

// TestGoodTurnsForgetFailures scatters failures over the life of a run, whose reconciles
// all want another.
func TestGoodTurnsForgetFailures(t *testing.T) {
	for name, good := range map[string]error{"each good reconcile requeues": controller.NewRequeueAfter(time.Hour), "no good reconcile requeues": nil} {
		t.Run(name, func(t *testing.T) {
			s := &scripted{}
			r := NewRetrying(s)
			for i := range 61 {
				if after := s.after(t, r, errors.New("502")); after != firstBackOff {
					t.Fatalf("failure %d, after a good turn each, costs %s", i+1, after)
				}
				if after := s.after(t, r, good); good != nil && after != time.Hour {
					t.Fatalf("the good turn comes back after %s", after)
				}
			}
		})
	}
}

// TestBackOffHasACap has all reconciles fail.
func TestBackOffHasACap(t *testing.T) {
	s := &scripted{}
	r := NewRetrying(s)
	before := time.Duration(0)
	for i := range 100 {
		after := s.after(t, r, fmt.Errorf("turn: %w", &failure{error: errors.New("502")}))
		if after < before || after > LongestBackOff {
			t.Fatalf("failure %d costs %s after %s", i+1, after, before)
		}
		before = after
	}
	if before != LongestBackOff {
		t.Errorf("the hundredth failure costs %s, want %s", before, LongestBackOff)
	}
}

// TestWaitsSurviveErrors has a wait end before the back-off does.
func TestWaitsSurviveErrors(t *testing.T) {
	s := &scripted{}
	r := NewRetrying(s)
	broken := errors.New("500")
	for range 100 {
		s.after(t, r, broken)
	}
	due := Settle([]error{broken, &Later{After: 7 * time.Second}, &Later{After: time.Hour}}, noon)
	if after := s.after(t, r, due); after != 7*time.Second {
		t.Errorf("what is due in 7s is looked at after %s", after)
	}
	late := Settle([]error{broken, &Later{After: time.Hour}}, noon)
	if after := s.after(t, r, late); after != LongestBackOff {
		t.Errorf("the error is tried again after %s, want %s", after, LongestBackOff)
	}
	if !errors.Is(due, broken) {
		t.Errorf("the error is lost: %v", due)
	}
}

// TestSkippedKeysAreNotRetried checks that keys of another replica are not retried.
func TestSkippedKeysAreNotRetried(t *testing.T) {
	s := &scripted{returns: controller.NewSkipKey("ns/a")}
	if err := NewRetrying(s).Reconcile(context.Background(), "ns/a"); !controller.IsSkipKey(err) {
		t.Errorf("it is %v", err)
	}
}

// TestRetryingLeads checks that the queue passes on leadership.
func TestRetryingLeads(t *testing.T) {
	promoted := false
	s := &scripted{}
	s.PromoteFunc = func(reconciler.Bucket, func(reconciler.Bucket, types.NamespacedName)) error {
		promoted = true
		return nil
	}
	var c controller.Reconciler = NewRetrying(s)
	leader, ok := c.(reconciler.LeaderAware)
	if !ok {
		t.Fatal("it is not told that it leads")
	}
	if err := leader.Promote(reconciler.UniversalBucket(), func(reconciler.Bucket, types.NamespacedName) {}); err != nil || !promoted {
		t.Errorf("promoted %t: %v", promoted, err)
	}
}
