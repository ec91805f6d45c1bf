package rehearsal

import (
	"context"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/runs"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// TestAnEarlierRehearsal deletes a Rehearsal during its run, and then has its command
// reported again. The objects of the first are collected later. The run of the second must
// not take them for its own, waits until they are gone, and then starts.
func TestAnEarlierRehearsal(t *testing.T) {
	for name, first := range map[string]string{"PipelineRun": "pipelineruns", "ConfigMap": "configmaps"} {
		t.Run(name+" goes first", func(t *testing.T) {
			w := newWorld(t, runCommand())
			w.reconcile()
			w.succeedItself("u-2")
			w.turns(3, runs.AbortPause)
			w.collect(first)
			w.turns(3, runs.AbortPause)
			if r := w.rh.Status.Runs[0]; r.State != v1alpha1.RunPending {
				t.Errorf("among what is left of the other, the run is %s: %s%s", r.State, r.AbortReason, r.Message)
			}
			w.collect("pipelineruns")
			w.collect("configmaps")
			w.turns(30, runs.SettlePause)
			r := w.rh.Status.Runs[0]
			if r.State != v1alpha1.RunRunning {
				t.Fatalf("the run is %s: %s%s", r.State, r.AbortReason, r.Message)
			}
			pr, err := w.tekton.TektonV1().PipelineRuns("rehearsals").Get(context.Background(), r.PipelineRun, metav1.GetOptions{})
			w.check(err)
			if pr.Labels[run.LabelRehearsalUID] != "u-2" {
				t.Errorf("its PipelineRun is that of %s", pr.Labels[run.LabelRehearsalUID])
			}
			if plans, _, runs, _, _ := w.counts(); plans != 1 || runs != 1 {
				t.Errorf("%d plans and %d comments on the run", plans, runs)
			}
		})
	}
}

// succeedItself replaces the Rehearsal with another one that has the same command log.
func (w *world) succeedItself(uid string) {
	w.rh.UID, w.rh.Status = types.UID(uid), v1alpha1.RehearsalStatus{}
	client := w.rehearsals.RehearsalV1alpha1().Rehearsals(w.rh.Namespace)
	w.check(client.Delete(context.Background(), w.rh.Name, metav1.DeleteOptions{}))
	_, err := client.Create(context.Background(), w.rh.DeepCopy(), metav1.CreateOptions{})
	w.check(err)
}

// collect removes the objects of the first Rehearsal, as the garbage collector does.
func (w *world) collect(resource string) {
	ctx, of := context.Background(), metav1.ListOptions{LabelSelector: run.LabelRehearsalUID + "=u-1"}
	if resource == "pipelineruns" {
		list, err := w.tekton.TektonV1().PipelineRuns("rehearsals").List(ctx, of)
		w.check(err)
		for _, pr := range list.Items {
			w.check(w.tekton.TektonV1().PipelineRuns("rehearsals").Delete(ctx, pr.Name, metav1.DeleteOptions{}))
		}
		return
	}
	list, err := w.kube.CoreV1().ConfigMaps("rehearsals").List(ctx, of)
	w.check(err)
	for _, cm := range list.Items {
		w.check(w.kube.CoreV1().ConfigMaps("rehearsals").Delete(ctx, cm.Name, metav1.DeleteOptions{}))
	}
}
