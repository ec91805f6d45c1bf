package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	pipelinev1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/client-go/tools/cache"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	listers "github.com/rehearsal-dev/rehearsal/pkg/client/listers/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// sweepOrphans sweeps after orphanAge, with a lister that has the known Rehearsals.
func (w *world) sweepOrphans(known ...*v1alpha1.Rehearsal) {
	w.t.Helper()
	w.sync()
	index := cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc})
	for _, rh := range known {
		w.check(index.Add(rh))
	}
	w.reconciler.Lister = listers.NewRehearsalLister(index)
	w.clock.SetTime(w.clock.Now().Add(orphanAge))
	w.quietly(func(ctx context.Context) {
		w.check((&orphanSweeper{Reconciler: w.reconciler}).sweep(ctx, "rehearsals"))
	})
}

// states counts the ProwJobs by their states.
func (w *world) states() map[prowapi.ProwJobState]int {
	w.t.Helper()
	pjs, err := w.prow.ProwV1().ProwJobs("").List(context.Background(), metav1.ListOptions{})
	w.check(err)
	states := map[prowapi.ProwJobState]int{}
	for _, pj := range pjs.Items {
		states[pj.Status.State]++
	}
	return states
}

// TestLateProwJobs has tasks create their ProwJobs after their PipelineRun was deleted and
// the run has ended.
func TestLateProwJobs(t *testing.T) {
	w := newWorld(t, runCommand())
	w.reconcile()
	prs, err := w.tekton.TektonV1().PipelineRuns("rehearsals").List(w.ctx, metav1.ListOptions{})
	w.check(err)
	w.prune()
	w.reconcile()
	if s := w.rh.Status.Runs[0].State; s != v1alpha1.RunAborted {
		t.Fatalf("the run is %s", s)
	}
	w.quietly(func(ctx context.Context) {
		for _, pr := range prs.Items {
			pr.ResourceVersion = ""
			_, err := w.tekton.TektonV1().PipelineRuns("rehearsals").Create(ctx, &pr, metav1.CreateOptions{})
			w.check(err)
		}
	})
	w.createProwJobs()
	w.prune()
	w.sweepOrphans(w.rh.DeepCopy())
	if states := w.states(); states[prowapi.AbortedState] != 2 {
		t.Errorf("ProwJobs are %v", states)
	}
}

// TestNoProwJobOfARunIsSwept checks ProwJobs that must stay, with informers that are ahead
// or behind.
func TestNoProwJobOfARunIsSwept(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(w *world) // changes objects on the API server
		known  func(rh *v1alpha1.Rehearsal) *v1alpha1.Rehearsal
	}{
		"run still active": {func(*world) {}, func(rh *v1alpha1.Rehearsal) *v1alpha1.Rehearsal { return rh }},
		"informer without the run": {func(*world) {}, func(rh *v1alpha1.Rehearsal) *v1alpha1.Rehearsal {
			rh.Status.Runs, rh.Spec.Commands = nil, nil
			return rh
		}},
		"informer with the run over": {func(*world) {}, func(rh *v1alpha1.Rehearsal) *v1alpha1.Rehearsal {
			rh.Status.Runs[0].State = v1alpha1.RunAborted
			return rh
		}},
		"informer without the Rehearsal": {func(*world) {}, func(*v1alpha1.Rehearsal) *v1alpha1.Rehearsal { return nil }},
		"status not written yet":         {func(w *world) { w.rh.Status.Runs = nil }, func(rh *v1alpha1.Rehearsal) *v1alpha1.Rehearsal { return rh }},
		"run over, its jobs shared by a second run": {func(w *world) {
			again := runCommand()
			again.ID, again.At = "comment-77-0", metav1.NewTime(w.clock.Now())
			w.rh.Spec.Commands = append(w.rh.Spec.Commands, again)
			w.rh.Generation++
			w.reconcile()
			w.rh.Status.Runs[0].State, w.rh.Status.Runs[0].DoneAt = v1alpha1.RunFailed, &metav1.Time{Time: w.clock.Now()}
		}, func(rh *v1alpha1.Rehearsal) *v1alpha1.Rehearsal { return rh }},
		"rerun from Deck": {func(w *world) {
			w.quietly(func(ctx context.Context) {
				pjs, err := w.prow.ProwV1().ProwJobs("prow").List(ctx, metav1.ListOptions{})
				w.check(err)
				for i, pj := range pjs.Items {
					w.check(w.prow.ProwV1().ProwJobs("prow").Delete(ctx, pj.Name, metav1.DeleteOptions{}))
					pj.Name = fmt.Sprintf("5f1c3a52-5a5c-4c39-8a1c-7d0d6f1f0c0%d", i)
					_, err := w.prow.ProwV1().ProwJobs("prow").Create(ctx, &pj, metav1.CreateOptions{})
					w.check(err)
				}
			})
			w.rh.Status.Runs[0].State, w.rh.Status.Runs[0].DoneAt = v1alpha1.RunAborted, &metav1.Time{Time: w.clock.Now()}
		}, func(rh *v1alpha1.Rehearsal) *v1alpha1.Rehearsal { return rh }},
		"ProwJob of another installation": {func(w *world) {
			w.quietly(func(ctx context.Context) {
				pjs, err := w.prow.ProwV1().ProwJobs("prow").List(ctx, metav1.ListOptions{})
				w.check(err)
				for _, pj := range pjs.Items {
					pj.Labels[run.LabelRehearsalUID], pj.Annotations[run.AnnotationNamespace] = "other", "others"
					_, err := w.prow.ProwV1().ProwJobs("prow").Update(ctx, &pj, metav1.UpdateOptions{})
					w.check(err)
				}
			})
		}, func(rh *v1alpha1.Rehearsal) *v1alpha1.Rehearsal { return rh }},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, runCommand())
			w.reconcile()
			w.createProwJobs()
			w.reconcile()
			tc.change(w)
			var known []*v1alpha1.Rehearsal
			if rh := tc.known(w.rh.DeepCopy()); rh != nil {
				known = append(known, rh)
			}
			w.sweepOrphans(known...)
			if states := w.states(); states[prowapi.AbortedState] != 0 || len(states) == 0 {
				t.Errorf("ProwJobs are %v", states)
			}
		})
	}
}

// TestOrphansOfAGoneRehearsal ends what is left of a Rehearsal that was deleted, or
// replaced, in any namespace.
func TestOrphansOfAGoneRehearsal(t *testing.T) {
	w := newWorld(t, runCommand())
	w.reconcile()
	w.createProwJobs()
	w.quietly(func(ctx context.Context) {
		pjs, err := w.prow.ProwV1().ProwJobs("prow").List(ctx, metav1.ListOptions{})
		w.check(err)
		for i, pj := range pjs.Items {
			w.check(w.prow.ProwV1().ProwJobs("prow").Delete(ctx, pj.Name, metav1.DeleteOptions{}))
			pj.Namespace, pj.Labels[run.LabelRehearsalUID] = []string{"prow", "prow-2"}[i], "another"
			_, err := w.prow.ProwV1().ProwJobs(pj.Namespace).Create(ctx, &pj, metav1.CreateOptions{})
			w.check(err)
		}
	})
	w.sweepOrphans(w.rh.DeepCopy())
	if states := w.states(); states[prowapi.AbortedState] != 2 {
		t.Errorf("ProwJobs are %v", states)
	}
}

// TestAPipelineRunThatCouldNotBeCancelled checks that it is cancelled later, although its
// run is over.
func TestAPipelineRunThatCouldNotBeCancelled(t *testing.T) {
	w := newWorld(t, runCommand())
	w.reconcile()
	w.rh.Status.Runs[0].State, w.rh.Status.Runs[0].DoneAt = v1alpha1.RunAborted, &metav1.Time{Time: w.clock.Now()}
	w.sweepOrphans(w.rh.DeepCopy())
	prs, err := w.tekton.TektonV1().PipelineRuns("rehearsals").List(w.ctx, metav1.ListOptions{})
	w.check(err)
	if len(prs.Items) != 1 || prs.Items[0].Spec.Status != pipelinev1.PipelineRunSpecStatusCancelled {
		t.Errorf("PipelineRuns are %+v", prs.Items)
	}
}

func TestOrphaned(t *testing.T) {
	rh := &v1alpha1.Rehearsal{ObjectMeta: metav1.ObjectMeta{Name: "acme-config-7"}}
	rh.Spec.Commands = []v1alpha1.Command{{ID: "comment-3-0"}, {ID: "comment-5-0"}, {ID: "comment-6-0"}, {ID: "comment-7-0"}}
	rh.Status.Commands = []v1alpha1.CommandStatus{
		{ID: "comment-5-0", Verdict: v1alpha1.VerdictDenied}, {ID: "comment-6-0", Verdict: v1alpha1.VerdictAccepted, Over: true},
		{ID: "comment-7-0", Verdict: v1alpha1.VerdictAccepted},
	}
	rh.Status.Runs = []v1alpha1.RunStatus{{ID: "comment-1-0", State: v1alpha1.RunPassed}, {ID: "comment-2-0", State: v1alpha1.RunAborting}}
	for name, want := range map[string]string{
		"acme-config-7-1-0": "its run is over", "acme-config-7-2-0": "", "acme-config-7-3-0": "",
		"acme-config-7-4-0": "nothing is known of its run",
		"acme-config-7-5-0": "its run is over", "acme-config-7-6-0": "its run is over", "acme-config-7-7-0": "",
	} {
		if got := orphaned(rh, name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if got := orphaned(nil, "acme-config-7-1-0"); got == "" {
		t.Error("what is left of no Rehearsal goes on")
	}
}

// TestCallsOfAborting aborts a run of many jobs, whose pods take a while to end.
func TestCallsOfAborting(t *testing.T) {
	const jobs, rounds = 100, 10
	command := runCommand()
	command.Text = "/pj-rehearse all"
	w := newWorld(t, command)
	w.reconciler.Plans = planOfMany(jobs)
	w.reconcile()
	w.createProwJobs()
	w.reconcile()
	if n := w.rh.Status.Runs[0].Total; n != jobs {
		t.Fatalf("the run has %d jobs", n)
	}
	w.rh.Status.Runs[0].AbortReason = "somebody said so"
	w.prow.ClearActions()
	w.kube.ClearActions()
	for range rounds {
		w.sync()
		w.prow.ClearActions()
		w.turn()
		t.Logf("a round takes %d calls to Prow", len(w.prow.Actions()))
	}
	if n := len(w.prow.Actions()); n > 2 {
		t.Errorf("a round takes %d calls to Prow", n)
	}
	if states := w.states(); states[prowapi.AbortedState] != jobs {
		t.Errorf("ProwJobs are %v", states)
	}
	manifests := 0
	for _, a := range w.kube.Actions() {
		if get, ok := a.(clienttesting.GetAction); ok && get.GetName() == w.rh.Status.Runs[0].PipelineRun {
			manifests++
		}
	}
	if manifests > 1 {
		t.Errorf("the manifest was read %d times in %d turns", manifests, rounds)
	}
}

// turn runs one pass.
func (w *world) turn() {
	w.t.Helper()
	rh := w.rh.DeepCopy()
	_ = w.reconciler.ReconcileKind(w.ctx, rh) // the time of the next pass does not matter
	w.rh = rh
	w.clock.SetTime(w.clock.Now().Add(2 * time.Second))
}

// TestSweepWithoutAnAnswer checks that nothing is changed while the API server is down.
func TestSweepWithoutAnAnswer(t *testing.T) {
	w := newWorld(t, runCommand())
	w.reconcile()
	w.createProwJobs()
	w.sync()
	w.clock.SetTime(w.clock.Now().Add(orphanAge))
	w.reconciler.Lister = listers.NewRehearsalLister(cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{}))
	w.rehearsals.PrependReactor("get", "rehearsals", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, errors.New("away")
	})
	if err := (&orphanSweeper{Reconciler: w.reconciler}).sweep(w.ctx, "rehearsals"); err == nil {
		t.Error("nothing failed")
	}
	if states := w.states(); states[prowapi.AbortedState] != 0 {
		t.Errorf("ProwJobs are %v", states)
	}
}
