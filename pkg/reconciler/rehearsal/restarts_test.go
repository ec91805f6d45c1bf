package rehearsal

import (
	"testing"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/conversation"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/facts"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/runs"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

// startAnew replaces the reconciler with one that knows only what is stored, like a new
// process.
func (w *world) startAnew() {
	r := w.reconciler
	w.reconciler = &Reconciler{
		Clients: &runs.Clients{
			Kube: r.Kube, Tekton: r.Tekton, Prow: r.Prow,
			PipelineRuns: r.PipelineRuns, TaskRuns: r.TaskRuns, ProwJobs: r.ProwJobs, Lister: r.Lister, Logs: r.Logs,
		},
		Rehearsals: r.Rehearsals, GitHub: r.GitHub, Plans: r.Plans, Settings: r.Settings, Clock: r.Clock,
	}
}

// elapseRestarting lets time pass, while the controller restarts every two minutes.
func (w *world) elapseRestarting(d time.Duration) {
	w.t.Helper()
	const apart = 2 * time.Minute
	for ; d > 0; d -= apart {
		w.elapse(apart, 10*time.Second)
		w.startAnew()
	}
}

// TestRestartsDoNotPutOffWhatIsBelieved checks that restarts do not delay the decision that
// a comment was deleted.
func TestRestartsDoNotPutOffWhatIsBelieved(t *testing.T) {
	w := newWorld(t, runCommand())
	w.reconciler.GitHub = &refusingHub{GitHub: w.hub, err: &github.NotFoundError{Op: "calling"}}
	w.elapseRestarting(conversation.Belief + time.Minute)
	if v := w.rh.Status.VerdictOn(wholeRun); v == nil || v.Reason != v1alpha1.ReasonDeleted {
		t.Errorf("the verdict is %+v", v)
	}
	if n := len(w.rh.Status.Doubts); n > conversation.MaxDoubts {
		t.Errorf("%d doubts are stored", n)
	}
}

// TestDoubtsThatPassAreForgotten checks that a refusal hours later counts as a new one.
func TestDoubtsThatPassAreForgotten(t *testing.T) {
	w := newWorld(t, runCommand())
	hub := &refusingHub{GitHub: w.hub, err: passing403}
	w.reconciler.GitHub = hub
	w.elapse(conversation.Belief/2, 10*time.Second)
	if len(w.rh.Status.Doubts) == 0 {
		t.Error("no doubt is stored")
	}
	hub.err = nil
	w.elapse(time.Minute, 10*time.Second)
	if d := w.rh.Status.Doubts; len(d) != 0 {
		t.Errorf("doubts stay: %+v", d)
	}
}

func TestRestartsDoNotKeepRunsOfUnservedRepositories(t *testing.T) {
	w := newWorld(t, runCommand())
	w.reconcile()
	listed := w.reconciler.Settings
	w.reconciler.Settings = func() *settings.Settings {
		s := listed()
		s.Repositories = nil
		return s
	}
	w.elapseRestarting(unservedGrace + 2*time.Minute)
	if r := w.rh.Status.Runs[0]; r.AbortReason == "" {
		t.Errorf("%s later the run goes on: %+v", unservedGrace, r)
	}
}

func TestARunStartsThoughTheControllerRestarts(t *testing.T) {
	w := newWorld(t, runCommand())
	plans := &slowPlans{world: w, takes: facts.Lag + 10*time.Second, ready: map[string]time.Time{}}
	w.reconciler.Plans, w.reconciler.GitHub = plans, &movingBase{GitHub: w.hub}
	w.elapseRestarting(20 * time.Minute)
	if len(w.rh.Status.Runs) != 1 || w.rh.Status.Runs[0].State != v1alpha1.RunRunning {
		t.Fatalf("after twenty minutes and %d plans the runs are %+v", len(plans.ready), w.rh.Status.Runs)
	}
}
