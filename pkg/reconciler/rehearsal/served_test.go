package rehearsal

import (
	"context"
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

// silent is a GitHub that must not be called: all methods panic.
type silent struct{ GitHub }

// TestRepositoryThatIsNotServed checks that a repository which the settings do not list is
// neither read nor answered, and that nothing runs for it, whatever is in the command log.
func TestRepositoryThatIsNotServed(t *testing.T) {
	unlist := func(w *world) {
		listed := w.reconciler.Settings
		w.reconciler.Settings = func() *settings.Settings {
			s := listed()
			s.Repositories[0].Name = "acme/other"
			return s
		}
		w.reconciler.GitHub = silent{}
	}
	t.Run("never served", func(t *testing.T) {
		w := newWorld(t, runCommand())
		unlist(w)
		w.reconcile()
		if _, _, runs, pipelineRuns, prowJobs := w.counts(); runs+pipelineRuns+prowJobs > 0 || w.rh.Status.Pull != nil || len(w.rh.Status.Commands) > 0 {
			t.Errorf("status is %+v", w.rh.Status)
		}
		if c := w.rh.Status.GetCondition(v1alpha1.ConditionPulled); c == nil || c.Reason != "NotServed" {
			t.Errorf("condition is %+v", c)
		}
	})
	t.Run("removed from the settings during a run", func(t *testing.T) {
		w := newWorld(t, runCommand())
		w.reconcile()
		if len(w.rh.Status.Runs) != 1 {
			t.Fatalf("runs are %+v", w.rh.Status.Runs)
		}
		w.sync()
		unlist(w)
		rh := w.rh.DeepCopy()
		if err := w.reconciler.ReconcileKind(context.Background(), rh); err == nil {
			t.Error("it does not come back to see to the end of the run")
		}
		c := rh.Status.GetCondition(v1alpha1.ConditionPulled)
		if r := rh.Status.Runs[0]; r.AbortReason != "" || !strings.Contains(c.Message, "unless it is listed again") {
			t.Errorf("within a second it is aborted: %+v, %+v", r, c)
		}
		w.rh = rh
		w.sync() // the status is stored after each pass
		rh = w.rh.DeepCopy()
		w.clock.SetTime(w.clock.Now().Add(unservedGrace))
		if err := w.reconciler.ReconcileKind(context.Background(), rh); err == nil {
			t.Error("it does not come back to see to the end of the run")
		}
		if r := rh.Status.Runs[0]; r.AbortReason == "" {
			t.Errorf("the run goes on: %+v", r)
		}
	})
}
