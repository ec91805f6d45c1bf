package rehearsal

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/gate"
	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/planning"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

// bomb is a planner that stops at the head.
type bomb struct {
	twoJobs
	stopped *plan.StoppedError
	asked   []plan.Request
}

func (b *bomb) Get(key string, req plan.Request) (*plan.Result, error, bool) {
	b.asked = append(b.asked, req)
	if b.stopped != nil {
		return nil, b.stopped, true
	}
	return b.twoJobs.Get(key, req)
}

func (w *world) planComment() string {
	w.t.Helper()
	for _, c := range w.hub.comments {
		if c.ID == w.rh.Status.Comments[planComment].ID {
			return c.Body
		}
	}
	w.t.Fatal("there is no plan comment")
	return ""
}

// restart sets what a new process knows: only what is stored.
func (w *world) restart(plans planning.Planner) {
	w.reconciler.Plans = plans
	w.rh.Status.Pull.SpecGeneration = 0
}

func TestStoppedHeadIsNotPlannedAgain(t *testing.T) {
	w := newWorld(t)
	plans := &bomb{stopped: &plan.StoppedError{Why: "took more than 2 minutes"}}
	w.reconciler.Plans = plans
	w.reconcile()
	if want := "🚫 **The jobs that this commit affects cannot be determined**: planning took more than 2 minutes. This is not retried until the next push."; !strings.Contains(w.planComment(), want) {
		t.Errorf("the comment does not say why:\n%s", w.planComment())
	}
	if s := w.rh.Status.Plan.Stopped; s == nil || s.Why != "took more than 2 minutes" || s.ReadingBase {
		t.Errorf("status: %+v", s)
	}
	if got := plans.asked[0]; got.Author != "alice" || got.Limits.Timeout != 2*time.Minute || got.Limits.Memory != 768<<20 {
		t.Errorf("asked for %+v", got)
	}

	// A restart, a command and another base do not have it planned again.
	plans = &bomb{}
	w.restart(plans)
	w.rh.Spec.Commands = append(w.rh.Spec.Commands, runCommand())
	w.rh.Generation++
	w.hub.tip = strings.Repeat("d", 40)
	w.reconcile()
	if len(plans.asked) > 0 {
		t.Errorf("it is planned again: %+v", plans.asked)
	}
	if r := w.rh.Status.Run(wholeRun); r == nil || r.State != v1alpha1.RunRejected {
		t.Errorf("the run: %+v", r)
	}

	// Other limits and a push do.
	changed := *w.reconciler.Settings()
	changed.Planning.Timeout = time.Hour
	w.reconciler.Settings = func() *settings.Settings { return &changed }
	w.reconcile()
	if len(plans.asked) == 0 || w.rh.Status.Plan.Stopped != nil || !w.rh.Status.GetCondition(v1alpha1.ConditionPlanned).IsTrue() {
		t.Errorf("with other limits: %d, %+v", len(plans.asked), w.rh.Status.Plan)
	}
}

func TestPushAfterStoppedHead(t *testing.T) {
	w := newWorld(t)
	plans := &bomb{stopped: &plan.StoppedError{Why: "broke down"}}
	w.reconciler.Plans = plans
	w.reconcile()
	plans.stopped, plans.asked = nil, nil
	w.hub.pull.Head = strings.Repeat("e", 40)
	w.rh.Generation++
	w.reconcile()
	if len(plans.asked) == 0 || w.rh.Status.Plan.Stopped != nil || w.rh.Status.Plan.Affected != 2 {
		t.Errorf("%d, %+v", len(plans.asked), w.rh.Status.Plan)
	}
}

func TestBaseThatCannotBeRead(t *testing.T) {
	w := newWorld(t)
	plans := &bomb{stopped: &plan.StoppedError{Why: "took more than 10 minutes", Base: true}}
	w.reconciler.Plans = plans
	w.reconcile()
	if want := "⚙️ **The configuration of `main` cannot be read**: reading it took more than 10 minutes. This pull request is not to blame. An operator of this installation has to look into it."; !strings.Contains(w.planComment(), want) {
		t.Errorf("the comment:\n%s", w.planComment())
	}
	plans.stopped, plans.asked = nil, nil
	w.hub.tip = strings.Repeat("d", 40)
	w.rh.Status.Pull.SpecGeneration = 0
	w.rh.Generation++
	w.reconcile()
	if len(plans.asked) == 0 || w.rh.Status.Plan.Stopped != nil {
		t.Errorf("another base: %d, %+v", len(plans.asked), w.rh.Status.Plan)
	}
}

// lost is a plan whose details fail.
type lost struct {
	bomb
	err       error
	forgotten int
}

func (l *lost) Get(key string, req plan.Request) (*plan.Result, error, bool) {
	result, err, done := l.bomb.Get(key, req)
	if result != nil {
		result.Details = l
	}
	return result, err, done
}

func (l *lost) Forget(plan.Request) { l.forgotten++; l.err = nil }

func (l *lost) Effective(_ context.Context, jobs []affected.Job) ([]affected.Job, error) {
	return jobs, l.err
}

func (l *lost) Check(context.Context, []affected.Job) (map[string]gate.Finding, error) {
	return nil, l.err
}

func (l *lost) ConfigMaps(context.Context, []affected.Job) ([]affected.ConfigMapContent, error) {
	return nil, l.err
}

func (l *lost) Lookup(context.Context, []string) ([]plan.Located, error) { return nil, l.err }

// TestDetailsThatFail checks a run whose plan is no longer in memory, which waits for a new
// one; and a run whose jobs cannot be read because planning stops, which is rejected, and
// whose head is not planned again.
func TestDetailsThatFail(t *testing.T) {
	for name, tc := range map[string]struct {
		err   error
		state v1alpha1.RunState
		why   string
	}{
		"plan no longer in memory": {plan.ErrForgotten, v1alpha1.RunRunning, ""},
		"planning stopped":         {&plan.StoppedError{Why: "took more than 30 seconds"}, v1alpha1.RunRejected, "took more than 30 seconds"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, runCommand())
			plans := &lost{err: tc.err}
			w.reconciler.Plans = plans
			w.reconcile()
			if r := w.rh.Status.Run(wholeRun); r == nil || r.State != tc.state {
				t.Errorf("the run: %+v", r)
			}
			if stopped := w.rh.Status.Plan.Stopped; (stopped != nil) != (tc.why != "") || stopped != nil && stopped.Why != tc.why {
				t.Errorf("status: %+v", stopped)
			}
			if !strings.Contains(w.planComment(), tc.why) {
				t.Errorf("the comment:\n%s", w.planComment())
			}
		})
	}
}
