// Package leader makes sure that a controller only works while it is the leader.
package leader

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"
	"k8s.io/utils/clock"
	"knative.dev/pkg/controller"
	"knative.dev/pkg/reconciler"
)

// Turns tracks the reconciles of a controller, so that none runs while the controller is
// not the leader. By itself, the work queue would finish running reconciles after the lease
// was released, in parallel with those of the new leader.
type Turns struct {
	clock clock.PassiveClock

	mu sync.Mutex
	// closed says that no reconcile may begin any more.
	closed bool
	// since is when this controller became the leader.
	since time.Time
	// under are the running reconciles.
	under map[*underway]struct{}
	// idle is closed when no reconcile runs, and none may begin.
	idle chan struct{}
}

// underway is a running reconcile, and how to cancel it.
type underway struct {
	key    types.NamespacedName
	cancel context.CancelFunc
}

// NewTurns returns Turns for one controller.
func NewTurns(clock clock.PassiveClock) *Turns {
	return &Turns{clock: clock, under: map[*underway]struct{}{}, idle: make(chan struct{})}
}

// Around wraps a reconciler, which must be leader aware, so that its reconciles are
// tracked.
func (t *Turns) Around(r controller.Reconciler) controller.Reconciler {
	return &keptTurns{Turns: t, reconciler: r, leader: r.(reconciler.LeaderAware)}
}

// Since returns when this controller became the leader; zero before that.
func (t *Turns) Since() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.since
}

// Drain lets no reconcile begin any more, and returns when none is running. Running ones
// have until the context ends; then they are cancelled. The lease may only be released
// after Drain.
func (t *Turns) Drain(ctx context.Context) {
	t.mu.Lock()
	if !t.closed {
		t.closed = true
		t.closeIfIdle()
	}
	t.mu.Unlock()
	select {
	case <-t.idle:
	case <-ctx.Done():
		t.cancel(func(types.NamespacedName) bool { return true })
		<-t.idle
	}
}

// closeIfIdle closes idle if it is time. The lock must be held.
func (t *Turns) closeIfIdle() {
	if t.closed && len(t.under) == 0 {
		close(t.idle)
	}
}

func (t *Turns) cancel(match func(types.NamespacedName) bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for u := range t.under {
		if match(u.key) {
			u.cancel()
		}
	}
}

// begin records a reconcile. The caller must call end after it. If end is nil, no reconcile
// may begin.
func (t *Turns) begin(ctx context.Context, key string) (turn context.Context, end func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return ctx, nil
	}
	turn, cancel := context.WithCancel(ctx)
	u := &underway{cancel: cancel}
	u.key.Namespace, u.key.Name, _ = cache.SplitMetaNamespaceKey(key)
	t.under[u] = struct{}{}
	return turn, func() {
		cancel()
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.under, u)
		t.closeIfIdle()
	}
}

// keptTurns is a reconciler whose reconciles are tracked.
type keptTurns struct {
	*Turns
	reconciler controller.Reconciler
	leader     reconciler.LeaderAware
}

// Reconcile implements controller.Reconciler.
func (k *keptTurns) Reconcile(ctx context.Context, key string) error {
	ctx, end := k.begin(ctx, key)
	if end == nil {
		return controller.NewSkipKey(key)
	}
	defer end()
	return k.reconciler.Reconcile(ctx, key)
}

// Promote implements reconciler.LeaderAware.
func (k *keptTurns) Promote(b reconciler.Bucket, enq func(reconciler.Bucket, types.NamespacedName)) error {
	k.mu.Lock()
	k.since = k.clock.Now()
	k.mu.Unlock()
	return k.leader.Promote(b, enq)
}

// Demote implements reconciler.LeaderAware. It cancels the reconciles of the bucket,
// because another controller may be its leader now.
func (k *keptTurns) Demote(b reconciler.Bucket) {
	k.leader.Demote(b)
	k.cancel(b.Has)
}
