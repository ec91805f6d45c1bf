// Package leader keeps the work of a controller within the time in which it leads.
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

// Turns keeps the turns of a controller within the time in which it leads. Left to
// itself, the work queue goes on with those that are under way after the lease was
// released, beside those of whoever has it then.
type Turns struct {
	clock clock.PassiveClock

	mu sync.Mutex
	// closed says that no turn begins any more.
	closed bool
	// since is when this controller came to lead.
	since time.Time
	// under are the turns under way.
	under map[*underway]struct{}
	// idle is closed once there are none, and none begins.
	idle chan struct{}
}

// underway is a turn, and what ends it.
type underway struct {
	key    types.NamespacedName
	cancel context.CancelFunc
}

// NewTurns is for one controller.
func NewTurns(clock clock.PassiveClock) *Turns {
	return &Turns{clock: clock, under: map[*underway]struct{}{}, idle: make(chan struct{})}
}

// Around has the turns of a reconciler, which knows whether it leads, kept.
func (t *Turns) Around(r controller.Reconciler) controller.Reconciler {
	return &keptTurns{Turns: t, reconciler: r, leader: r.(reconciler.LeaderAware)}
}

// Since is when this controller came to lead; zero before it does.
func (t *Turns) Since() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.since
}

// Drain lets no turn begin any more, and returns when none is under way. Those that
// are have until the context ends; then they are cancelled. Only after that may the
// lease go.
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

// closeIfIdle is called with the lock held.
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

// begin notes a turn; end has to be called after it, unless it is nil: then no turn
// begins.
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

// keptTurns is a reconciler whose turns are kept.
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

// Demote implements reconciler.LeaderAware. Somebody else may lead now.
func (k *keptTurns) Demote(b reconciler.Bucket) {
	k.leader.Demote(b)
	k.cancel(b.Has)
}
