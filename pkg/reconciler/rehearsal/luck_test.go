package rehearsal

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"knative.dev/pkg/controller"
	"knative.dev/pkg/reconciler"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
)

// luck has the chances of the faults in a story.
type luck struct {
	*rand.Rand
	// crash: the controller dies before or after one of the writes of a pass. lose: a write
	// succeeds, and its response is lost. stale: the informers have seen nothing since the
	// pass before. forget: the status is not stored. both: another controller becomes the
	// leader, and runs a pass in the middle of this one, whose status is not stored.
	crash, lose, stale, forget, both float64
}

func (l *luck) strikes(chance float64) bool { return l.Float64() < chance }

// errLost is the error of a write that succeeded.
var errLost = errors.New("connection reset by peer")

// unlucky runs one pass, and returns when the next one is due.
func (w *world) unlucky(l *luck) time.Duration {
	if !l.strikes(l.stale) {
		w.sync()
	} else if _, err := w.rehearsals.RehearsalV1alpha1().Rehearsals(w.rh.Namespace).Update(context.Background(), w.rh.DeepCopy(), metav1.UpdateOptions{}); err != nil {
		w.check(err)
	}
	w.failAt, w.lose = -1, func() bool { return l.strikes(l.lose) }
	if l.strikes(l.crash) {
		w.failAt, w.afterwards = w.writes+l.IntN(6), l.IntN(2) == 0
	}
	other := w.another(l)
	before, rh := w.rh.DeepCopy(), w.rh.DeepCopy()
	err := w.reconciler.ReconcileKind(w.ctx, rh)
	if other.took {
		w.reconciler, rh, err = other.Reconciler, other.rh, other.err
	}
	reconciler.PostProcessReconcile(w.ctx, rh, before)
	w.failAt, w.lose, w.hub.meanwhile = -1, nil, nil
	if stored, getErr := w.rehearsals.RehearsalV1alpha1().Rehearsals(rh.Namespace).Get(context.Background(), rh.Name, metav1.GetOptions{}); getErr == nil {
		w.rh.Spec, rh.Spec = stored.Spec, stored.Spec
	}
	crashed := w.crashed
	if w.crashed = false; crashed || l.strikes(l.forget) {
		if crashed {
			w.reconciler = w.leadsNow()
		}
		return time.Second
	}
	w.rh = rh
	_, after := controller.IsRequeueKey(err)
	return max(after, time.Second)
}

// leadsNow returns a controller that has just become the leader.
func (w *world) leadsNow() *Reconciler {
	r, now := w.anotherController(), w.clock.Now()
	r.LeadsSince = func() time.Time { return now }
	return r
}

// otherTurn is a pass of another controller.
type otherTurn struct {
	*Reconciler
	took bool
	rh   *v1alpha1.Rehearsal
	err  error
}

// another may have another controller take over at one of the next writes to GitHub.
func (w *world) another(l *luck) *otherTurn {
	other := &otherTurn{Reconciler: w.leadsNow(), rh: w.rh.DeepCopy()}
	if left := l.IntN(3); l.strikes(l.both) {
		w.hub.meanwhile = func() {
			if left--; left < 0 {
				w.hub.meanwhile = nil
				other.took, other.err = true, other.ReconcileKind(w.ctx, other.rh)
			}
		}
	}
	return other
}

// pass runs this many passes, at most half a minute apart.
func (w *world) pass(l *luck, turns int) {
	for range turns {
		w.clock.SetTime(w.clock.Now().Add(min(w.unlucky(l), 30*time.Second)))
	}
}
