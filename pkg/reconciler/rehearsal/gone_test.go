package rehearsal

import (
	"context"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
)

// prune deletes all PipelineRuns with their TaskRuns.
func (w *world) prune() {
	w.quietly(func(ctx context.Context) {
		all := metav1.ListOptions{}
		prs, err := w.tekton.TektonV1().PipelineRuns("rehearsals").List(ctx, all)
		w.check(err)
		for _, pr := range prs.Items {
			w.check(w.tekton.TektonV1().PipelineRuns("rehearsals").Delete(ctx, pr.Name, metav1.DeleteOptions{}))
		}
		trs, err := w.tekton.TektonV1().TaskRuns("rehearsals").List(ctx, all)
		w.check(err)
		for _, tr := range trs.Items {
			w.check(w.tekton.TektonV1().TaskRuns("rehearsals").Delete(ctx, tr.Name, metav1.DeleteOptions{}))
		}
	})
}

// sink deletes all ProwJobs.
func (w *world) sink() {
	w.quietly(func(ctx context.Context) {
		pjs, err := w.prow.ProwV1().ProwJobs("prow").List(ctx, metav1.ListOptions{})
		w.check(err)
		for _, pj := range pjs.Items {
			w.check(w.prow.ProwV1().ProwJobs("prow").Delete(ctx, pj.Name, metav1.DeleteOptions{}))
		}
	})
}

// terminate deletes the PipelineRuns, which then wait for a finalizer.
func (w *world) terminate() {
	w.quietly(func(ctx context.Context) {
		prs, err := w.tekton.TektonV1().PipelineRuns("rehearsals").List(ctx, metav1.ListOptions{})
		w.check(err)
		for _, pr := range prs.Items {
			now := metav1.NewTime(w.clock.Now())
			pr.DeletionTimestamp, pr.Finalizers = &now, []string{"example.com/keep"}
			_, err := w.tekton.TektonV1().PipelineRuns("rehearsals").Update(ctx, &pr, metav1.UpdateOptions{})
			w.check(err)
		}
	})
}

// TestDeletedPipelineRuns deletes the PipelineRuns of a run at different times.
func TestDeletedPipelineRuns(t *testing.T) {
	pass := func(w *world) { w.endProwJobs(prowapi.SuccessState) }
	for name, tc := range map[string]struct {
		story  func(w *world)
		state  v1alpha1.RunState
		reason string
		says   string
	}{
		"reported, before a pass has seen that": {func(w *world) {
			pass(w)
			w.endPipelineRuns(true)
			w.prune()
		}, v1alpha1.RunPassed, "", "All 2 rehearsals passed"},
		"reported, after jobs failed": {func(w *world) {
			w.endProwJobs(prowapi.FailureState)
			w.endPipelineRuns(true)
			w.prune()
		}, v1alpha1.RunFailed, "", "2 of 2 rehearsals failed"},
		"jobs passed, before the finally task was done": {func(w *world) {
			pass(w)
			w.reconcile()
			w.prune()
		}, v1alpha1.RunPassed, "", "All 2 rehearsals passed"},
		"jobs passed, seen while GitHub was down, ProwJobs deleted as well": {func(w *world) {
			pass(w)
			w.endPipelineRuns(false)
			w.failAt = w.writes // the report
			w.sync()
			rh := w.rh.DeepCopy()
			if err := w.reconciler.ReconcileKind(w.ctx, rh); err == nil {
				w.t.Error("the report was written")
			}
			w.rh, w.crashed = rh, false
			w.prune()
			w.sink()
		}, v1alpha1.RunPassed, "", "All 2 rehearsals passed"},
		"jobs passed, ProwJobs deleted first": {func(w *world) {
			pass(w)
			w.reconcile()
			w.sink()
			w.reconcile()
			w.prune()
		}, v1alpha1.RunPassed, "", "All 2 rehearsals passed"},
		"jobs running": {func(w *world) {
			w.prune()
			w.reconcile()
			w.endProwJobs(prowapi.SuccessState)
		}, v1alpha1.RunAborted, "its PipelineRun was deleted", "Aborted"},
		"jobs running, kept by a finalizer": {func(w *world) {
			w.terminate()
			w.reconcile()
			w.endProwJobs(prowapi.SuccessState)
			w.endPipelineRuns(true)
		}, v1alpha1.RunAborted, "its PipelineRun was deleted", ""},
		"jobs passed, kept by a finalizer": {func(w *world) {
			pass(w)
			w.endPipelineRuns(false)
			w.terminate()
		}, v1alpha1.RunPassed, "", "All 2 rehearsals passed"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, runCommand())
			w.reconcile()
			w.createProwJobs()
			w.reconcile()
			tc.story(w)
			w.reconcile()
			r := w.rh.Status.Runs[0]
			if r.State != tc.state || r.AbortReason != tc.reason {
				t.Errorf("the run is %s (%q), want %s (%q)", r.State, r.AbortReason, tc.state, tc.reason)
			}
			if r.JobEnds != nil || r.PipelineRunEnd != nil {
				t.Errorf("status keeps %v, %v", r.JobEnds, r.PipelineRunEnd)
			}
			if last := w.hub.comments[len(w.hub.comments)-1].Body; !strings.Contains(last, tc.says) {
				t.Errorf("the comment is %q", last)
			}
		})
	}
}

// TestStaleProwJobs has the informer of ProwJobs lag, and checks that the run does not end
// with what it shows.
func TestStaleProwJobs(t *testing.T) {
	w := newWorld(t, runCommand())
	w.reconcile()
	w.createProwJobs()
	w.reconcile()
	w.sync()
	before := w.indexers.prowJobs.List()
	w.endProwJobs(prowapi.SuccessState)
	w.endPipelineRuns(true)
	w.prune()
	w.sync()
	w.check(w.indexers.prowJobs.Replace(before, ""))
	rh := w.rh.DeepCopy()
	if err := w.reconciler.ReconcileKind(w.ctx, rh); err != nil {
		t.Fatal(err)
	}
	if r := rh.Status.Runs[0]; r.State != v1alpha1.RunPassed {
		t.Errorf("the run is %s (%q)", r.State, r.AbortReason)
	}
}
