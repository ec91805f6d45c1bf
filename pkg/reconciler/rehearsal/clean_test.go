package rehearsal

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

// left returns the names of the objects of runs that exist.
func (w *world) left() (pipelineRuns, configMaps []string) {
	w.t.Helper()
	ctx := context.Background()
	prs, err := w.tekton.TektonV1().PipelineRuns("rehearsals").List(ctx, metav1.ListOptions{})
	w.check(err)
	for _, pr := range prs.Items {
		pipelineRuns = append(pipelineRuns, pr.Name)
	}
	cms, err := w.kube.CoreV1().ConfigMaps("rehearsals").List(ctx, metav1.ListOptions{LabelSelector: run.LabelRun + "=" + w.rh.Status.Runs[0].PipelineRun})
	w.check(err)
	for _, cm := range cms.Items {
		configMaps = append(configMaps, cm.Name)
	}
	slices.Sort(configMaps)
	return pipelineRuns, configMaps
}

// ran returns a world with a run that is over.
func ran(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, runCommand())
	w.reconcile()
	w.createProwJobs()
	w.reconcile()
	w.endProwJobs(prowapi.SuccessState)
	w.endPipelineRuns(false)
	w.reconcile()
	if s := w.rh.Status.Runs[0].State; s != v1alpha1.RunPassed {
		t.Fatalf("the run is %s", s)
	}
	return w
}

// TestRunsAreCleanedUp keeps a run for a day, and its result and page for longer.
func TestRunsAreCleanedUp(t *testing.T) {
	w := ran(t)
	done := w.rh.Status.Runs[0].DoneAt.Time
	comments := len(w.hub.comments)
	w.clock.SetTime(done.Add(24*time.Hour - time.Second))
	w.reconcile()
	pipelineRuns, configMaps := w.left()
	if len(pipelineRuns) != 1 || len(configMaps) < 3 || w.rh.Status.Runs[0].Cleaned {
		t.Fatalf("within a day there are left %v, %v", pipelineRuns, configMaps)
	}
	w.clock.SetTime(done.Add(24 * time.Hour))
	w.reconcile()
	name := pipelineRuns[0]
	pipelineRuns, configMaps = w.left()
	if want := []string{name + "-result", name + ".page"}; len(pipelineRuns) != 0 || !slices.Equal(configMaps, want) {
		t.Errorf("after a day there are left %v, %v, want %v", pipelineRuns, configMaps, want)
	}
	r := w.rh.Status.Runs[0]
	if !r.Cleaned || r.State != v1alpha1.RunPassed || r.Passed != 2 || len(w.hub.comments) != comments {
		t.Errorf("the run is %+v, with %d comments", r, len(w.hub.comments))
	}
	w.sink()
	before := w.writes
	w.clock.SetTime(done.Add(48 * time.Hour))
	w.reconcile()
	if r := w.rh.Status.Runs[0]; r.State != v1alpha1.RunPassed || w.writes != before {
		t.Errorf("later the run is %+v after %d writes", r, w.writes-before)
	}
}

// TestCleaningUpCrashes has the controller crash before and after each write of the
// cleanup.
func TestCleaningUpCrashes(t *testing.T) {
	for _, afterwards := range []bool{false, true} {
		for at := 0; ; at++ {
			w := ran(t)
			w.clock.SetTime(w.rh.Status.Runs[0].DoneAt.Add(25 * time.Hour))
			from := w.writes
			w.failAt, w.afterwards = from+at, afterwards
			w.reconcile()
			if pipelineRuns, configMaps := w.left(); len(pipelineRuns) != 0 || len(configMaps) != 2 {
				t.Errorf("crash at %d: there are left %v, %v", at, pipelineRuns, configMaps)
			}
			if r := w.rh.Status.Runs[0]; r.State != v1alpha1.RunPassed || !r.Cleaned {
				t.Errorf("crash at %d: the run is %+v", at, r)
			}
			if w.writes-from <= at {
				break
			}
		}
	}
}

// TestRunsThatLeaveStatusAreCleanedUp has more runs end than status keeps, before the first
// is cleaned up.
func TestRunsThatLeaveStatusAreCleanedUp(t *testing.T) {
	w := ran(t)
	name := w.rh.Status.Runs[0].PipelineRun
	over := w.rh.Status.Runs[0]
	going := over
	going.ID, going.State, going.PipelineRun, going.DoneAt = "comment-900-0", v1alpha1.RunPending, "", nil
	for i := range maxDone {
		over.ID = fmt.Sprintf("comment-%d-0", 1000+i)
		w.rh.Status.Runs = append(w.rh.Status.Runs, over)
	}
	w.rh.Status.Runs = append(w.rh.Status.Runs, going)
	full := &quotaLister{jobs: 10}
	w.reconciler.Lister = full
	chosen := w.reconciler.Settings
	w.reconciler.Settings = func() *settings.Settings { s := chosen(); s.Quotas = settings.Quotas{Jobs: 10}; return s }
	turn := func() { w.sync(); w.turn() }
	turn()
	if w.rh.Status.Run(wholeRun) != nil {
		t.Fatal("the first run has not left")
	}
	left := func() (pipelineRuns, configMaps []string) {
		w.rh.Status.Runs[0].PipelineRun = name // left looks for the objects of this name
		return w.left()
	}
	turn()
	if pipelineRuns, configMaps := left(); len(pipelineRuns) != 1 || len(configMaps) < 3 {
		t.Errorf("while another run goes on there are left %v, %v", pipelineRuns, configMaps)
	}
	last := &w.rh.Status.Runs[len(w.rh.Status.Runs)-1]
	last.State, last.DoneAt, last.Cleaned = v1alpha1.RunAborted, &metav1.Time{Time: w.clock.Now()}, true
	turn()
	turn()
	pipelineRuns, configMaps := left()
	if want := []string{name + "-result", name + ".page"}; len(pipelineRuns) != 0 || !slices.Equal(configMaps, want) {
		t.Errorf("there are left %v, %v, want %v", pipelineRuns, configMaps, want)
	}
	w.kube.ClearActions()
	turn()
	for _, a := range w.kube.Actions() {
		if a.GetVerb() == "list" {
			t.Errorf("it is looked for again: %v", a)
		}
	}
}

// TestKnownVerdictsOutliveEverything deletes the PipelineRun and the ProwJobs after the
// jobs have passed, in every order, with and without a pass in between.
func TestKnownVerdictsOutliveEverything(t *testing.T) {
	events := map[string]func(w *world){
		"end":   func(w *world) { w.endPipelineRuns(true) },
		"prune": func(w *world) { w.prune() },
		"sink":  func(w *world) { w.sink() },
	}
	for _, order := range [][]string{
		{"end", "prune", "sink"}, {"end", "sink", "prune"}, {"prune", "sink"},
		{"sink", "end", "prune"}, {"sink", "prune"}, {"prune"}, {"sink", "end"},
	} {
		for looks := range 1 << len(order) {
			w := newWorld(t, runCommand())
			w.reconcile()
			w.createProwJobs()
			w.endProwJobs(prowapi.SuccessState)
			w.reconcile() // the verdicts are now in status
			for i, name := range order {
				events[name](w)
				if looks&(1<<i) != 0 {
					w.reconcile()
				}
			}
			w.reconcile()
			if slices.Contains(order, "end") || slices.Contains(order, "prune") {
				if r := w.rh.Status.Runs[0]; r.State != v1alpha1.RunPassed || r.Passed != 2 {
					t.Errorf("%v, looks %b: the run is %s with %d passed (%q)", order, looks, r.State, r.Passed, r.AbortReason)
				}
			}
		}
	}
}

// TestJobsAreJoinedByWhatIsStored has a second run share a job of the first, although the
// informer has dropped the pod spec.
func TestJobsAreJoinedByWhatIsStored(t *testing.T) {
	w := newWorld(t, runCommand())
	w.reconcile()
	w.createProwJobs()
	w.reconcile()
	again := runCommand()
	again.ID, again.At = "comment-77-0", metav1.NewTime(w.clock.Now())
	w.rh.Spec.Commands = append(w.rh.Spec.Commands, again)
	w.rh.Generation++
	w.reconcile()
	if len(w.rh.Status.Runs) != 2 {
		t.Fatalf("there are %d runs", len(w.rh.Status.Runs))
	}
	name := w.rh.Status.Runs[1].PipelineRun
	m, err := run.ReadManifest(w.ctx, w.kube.CoreV1().ConfigMaps("rehearsals"), name)
	if err != nil || len(m.Jobs) != 2 {
		t.Fatalf("got %v, %v", m, err)
	}
	for _, job := range m.Jobs {
		pj, err := run.ReadProwJob(w.ctx, w.kube.CoreV1().ConfigMaps("rehearsals"), job.ConfigMap, job.ProwJob)
		if err != nil || pj.Spec.PodSpec == nil || job.Run != w.rh.Status.Runs[0].PipelineRun || pj.Labels[run.LabelRun] != job.Run {
			t.Errorf("%s of %q is handed over as %+v, %v", job.Name, job.Run, pj, err)
		}
	}
	w.endProwJobs(prowapi.SuccessState)
	w.endPipelineRuns(true)
	w.reconcile()
	for _, r := range w.rh.Status.Runs {
		if r.State != v1alpha1.RunPassed {
			t.Errorf("run %s is %s", r.ID, r.State)
		}
	}
}
