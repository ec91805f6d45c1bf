package leader

import (
	"context"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	kubefake "k8s.io/client-go/kubernetes/fake"
	clocktesting "k8s.io/utils/clock/testing"
	"k8s.io/utils/ptr"
	"knative.dev/pkg/controller"
	"knative.dev/pkg/leaderelection"
	"knative.dev/pkg/logging"
	"knative.dev/pkg/reconciler"
	"knative.dev/pkg/system"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// slowTurns is a leader-aware reconciler, like generated ones. Its reconciles last until
// finish is closed, or their context ends.
type slowTurns struct {
	reconciler.LeaderAwareFuncs
	began  chan context.Context
	finish chan struct{}
}

func newSlowTurns() *slowTurns {
	return &slowTurns{began: make(chan context.Context, 10), finish: make(chan struct{})}
}

func (s *slowTurns) Reconcile(ctx context.Context, _ string) error {
	s.began <- ctx
	select {
	case <-s.finish:
	case <-ctx.Done():
	}
	return ctx.Err()
}

// TestTheLeaseGoesAfterTheLastTurn runs knative's controller with its own election: while a
// reconcile is running, no other controller can become the leader.
func TestTheLeaseGoesAfterTheLastTurn(t *testing.T) {
	t.Setenv(system.NamespaceEnvKey, "rehearsals")
	kube := kubefake.NewSimpleClientset()
	inner, turns := newSlowTurns(), NewTurns(clocktesting.NewFakePassiveClock(noon))
	ctx, cancel := context.WithCancel(logging.WithLogger(t.Context(), logging.FromContext(t.Context())))
	defer cancel()
	ctx = leaderelection.WithStandardLeaderElectorBuilder(ctx, kube, leaderelection.ComponentConfig{
		Component: "c", Buckets: 1, LeaseDuration: time.Minute, RenewDeadline: 30 * time.Second, RetryPeriod: time.Second,
		LeaseName: func(uint32) string { return "lease" }, Identity: "first",
	})
	impl := controller.NewContext(ctx, turns.Around(inner), controller.ControllerOptions{WorkQueueName: "q", Logger: logging.FromContext(ctx), Concurrency: 1})
	ended := make(chan error, 1)
	impl.EnqueueKey(types.NamespacedName{Namespace: "rehearsals", Name: "a"})
	go func() { ended <- impl.RunContext(ctx, 1) }()
	<-inner.began
	holder := func() string {
		lease, err := kube.CoordinationV1().Leases("rehearsals").Get(context.Background(), "lease", metav1.GetOptions{})
		if err != nil {
			return ""
		}
		return ptr.Deref(lease.Spec.HolderIdentity, "")
	}
	for holder() != "first" { // knative lets reconciles begin before that
		time.Sleep(time.Millisecond)
	}

	drained := make(chan struct{})
	go func() { turns.Drain(context.Background()); close(drained); cancel() }()
	impl.EnqueueKey(types.NamespacedName{Namespace: "rehearsals", Name: "b"})
	select {
	case <-drained:
		t.Fatal("drained with a turn under way")
	case err := <-ended:
		t.Fatalf("the controller ended with a turn under way: %v", err)
	default:
	}
	if got := holder(); got != "first" {
		t.Fatalf("while a turn is under way %q has the lease", got)
	}
	inner.finish <- struct{}{}
	<-drained
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if got := holder(); got != "" {
		t.Errorf("in the end %q has the lease", got)
	}
	select {
	case <-inner.began:
		t.Error("a turn began after draining")
	default:
	}
}

// TestATurnThatDoesNotEndIsCancelled checks that a reconcile is cancelled when the context
// of Drain ends, and not before.
func TestATurnThatDoesNotEndIsCancelled(t *testing.T) {
	inner, turns := newSlowTurns(), NewTurns(clocktesting.NewFakePassiveClock(noon))
	around := turns.Around(inner)
	result := make(chan error, 1)
	go func() { result <- around.Reconcile(context.Background(), "rehearsals/a") }()
	turn := <-inner.began
	over, cancel := context.WithCancel(context.Background())
	drained := make(chan struct{})
	go func() { turns.Drain(over); close(drained) }()
	select {
	case <-drained:
		t.Fatal("drained with a turn under way")
	case <-turn.Done():
		t.Fatal("cancelled while it had time")
	default:
	}
	cancel()
	<-drained
	if err := <-result; err == nil {
		t.Error("the turn went on to its end")
	}
	turns.Drain(context.Background()) // draining twice does no harm
}

// TestWhoeverLosesTheLeaseStops checks that only the reconciles of the lost bucket are
// cancelled.
func TestWhoeverLosesTheLeaseStops(t *testing.T) {
	clock := clocktesting.NewFakePassiveClock(noon)
	inner, turns := newSlowTurns(), NewTurns(clock)
	around := turns.Around(inner).(*keptTurns)
	if !turns.Since().IsZero() {
		t.Errorf("leads since %s", turns.Since())
	}
	mine := only("rehearsals/a")
	if err := around.Promote(mine, nil); err != nil {
		t.Fatal(err)
	}
	if turns.Since() != noon || !inner.IsLeaderFor(types.NamespacedName{Namespace: "rehearsals", Name: "a"}) {
		t.Errorf("leads since %s", turns.Since())
	}
	contexts := map[string]context.Context{}
	for _, key := range []string{"rehearsals/a", "rehearsals/b"} {
		go func() { _ = around.Reconcile(context.Background(), key) }()
		contexts[key] = <-inner.began
	}
	around.Demote(mine)
	<-contexts["rehearsals/a"].Done()
	if contexts["rehearsals/b"].Err() != nil {
		t.Error("another turn was cancelled")
	}
	close(inner.finish)
	turns.Drain(context.Background())
}

// only is a bucket with one key.
type only string

func (o only) Name() string                      { return string(o) }
func (o only) Has(key types.NamespacedName) bool { return key.String() == string(o) }
