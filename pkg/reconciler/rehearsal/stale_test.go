package rehearsal

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
	"knative.dev/pkg/controller"
	"knative.dev/pkg/logging"
	"knative.dev/pkg/reconciler"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	reconcilerv1alpha1 "github.com/rehearsal-dev/rehearsal/pkg/client/injection/reconciler/rehearsal/v1alpha1/rehearsal"
	listers "github.com/rehearsal-dev/rehearsal/pkg/client/listers/rehearsal/v1alpha1"
)

// TestTheInformerLags checks that a pass which begins before the informer has the status of
// the pass before loses neither a decision nor a run.
func TestTheInformerLags(t *testing.T) {
	denied := by("mallory", "comment-1-0", "/pj-rehearse")
	accepted := by("bob", "comment-2-0", "/pj-rehearse")
	w := newWorld(t, denied, accepted)
	w.rehearsals.PrependReactor("update", "rehearsals", w.statusOnly)
	known := cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc})
	w.check(known.Add(w.rh.DeepCopy()))
	generated := reconcilerv1alpha1.NewReconciler(w.ctx, logging.FromContext(w.ctx), w.rehearsals,
		listers.NewRehearsalLister(known), record.NewFakeRecorder(100), w.reconciler)
	w.check(generated.(reconciler.LeaderAware).Promote(reconciler.UniversalBucket(), func(reconciler.Bucket, types.NamespacedName) {}))
	turn := func() *v1alpha1.Rehearsal {
		t.Helper()
		err := generated.Reconcile(w.ctx, w.rh.Namespace+"/"+w.rh.Name)
		if requeue, _ := controller.IsRequeueKey(err); err != nil && !requeue {
			t.Fatal(err)
		}
		stored, err := w.rehearsals.RehearsalV1alpha1().Rehearsals(w.rh.Namespace).Get(w.ctx, w.rh.Name, metav1.GetOptions{})
		w.check(err)
		return stored
	}

	first := turn()
	if len(first.Spec.Commands) != 1 || len(first.Status.Commands) != 2 || len(first.Status.Runs) != 1 {
		t.Fatalf("after the first turn: log %v, verdicts %v, runs %v", first.Spec.Commands, first.Status.Commands, first.Status.Runs)
	}
	old := first.DeepCopy()
	old.Status = v1alpha1.RehearsalStatus{}
	w.check(known.Update(old))
	w.hub.pull.Labels = []string{"needs-ok-to-test"}
	second := turn()
	for i, id := range []string{denied.ID, accepted.ID} {
		want := []v1alpha1.Verdict{v1alpha1.VerdictDenied, v1alpha1.VerdictAccepted}[i]
		if v := second.Status.VerdictOn(id); v == nil || v.Verdict != want {
			t.Errorf("the verdict on %s is %v, want %s as it was", id, v, want)
		}
	}
	if len(second.Status.Runs) != 1 || second.Status.Runs[0].PipelineRun != first.Status.Runs[0].PipelineRun {
		t.Errorf("the runs are %v, want %v", second.Status.Runs, first.Status.Runs)
	}
}

// statusOnly makes updates of the status change nothing else, as the API server does and
// the fake does not.
func (w *world) statusOnly(action clienttesting.Action) (bool, runtime.Object, error) {
	if action.GetSubresource() != "status" {
		return false, nil, nil
	}
	update := action.(clienttesting.UpdateAction).GetObject().(*v1alpha1.Rehearsal)
	stored, err := w.rehearsals.Tracker().Get(action.GetResource(), update.Namespace, update.Name)
	if err != nil {
		return true, nil, err
	}
	both := stored.(*v1alpha1.Rehearsal).DeepCopy()
	both.Status = *update.Status.DeepCopy()
	return true, both, w.rehearsals.Tracker().Update(action.GetResource(), both, update.Namespace)
}
