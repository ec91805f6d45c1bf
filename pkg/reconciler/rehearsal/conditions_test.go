package rehearsal

import (
	"regexp"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
	"knative.dev/pkg/apis"
	"knative.dev/pkg/controller"
	"knative.dev/pkg/logging"
	"knative.dev/pkg/reconciler"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	reconcilerv1alpha1 "github.com/rehearsal-dev/rehearsal/pkg/client/injection/reconciler/rehearsal/v1alpha1/rehearsal"
	listers "github.com/rehearsal-dev/rehearsal/pkg/client/listers/rehearsal/v1alpha1"
)

// TestTheStatusIsOfTheGeneration runs the generated reconciler, which writes the status:
// observedGeneration is that of the Rehearsal, and each condition has the time of its last
// change.
func TestTheStatusIsOfTheGeneration(t *testing.T) {
	w := newWorld(t)
	indexer := cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc})
	generated := reconcilerv1alpha1.NewReconciler(w.ctx, logging.FromContext(w.ctx), w.rehearsals, listers.NewRehearsalLister(indexer), record.NewFakeRecorder(100), w.reconciler)
	w.check(generated.(reconciler.LeaderAware).Promote(reconciler.UniversalBucket(), func(reconciler.Bucket, types.NamespacedName) {}))
	ours := w.rehearsals.RehearsalV1alpha1().Rehearsals(w.rh.Namespace)
	stored := func() *v1alpha1.Rehearsal {
		t.Helper()
		rh, err := ours.Get(w.ctx, w.rh.Name, metav1.GetOptions{})
		w.check(err)
		return rh
	}
	reconcile := func() *v1alpha1.Rehearsal {
		t.Helper()
		for range 10 {
			w.check(indexer.Replace([]any{stored()}, ""))
			err := generated.Reconcile(w.ctx, w.rh.Namespace+"/"+w.rh.Name)
			if requeue, _ := controller.IsRequeueKey(err); err != nil && !requeue {
				t.Fatal(err)
			}
		}
		return stored()
	}

	first := reconcile()
	checkConditions(t, first)
	if first.Status.ObservedGeneration != 1 || !first.Status.GetCondition(apis.ConditionReady).IsTrue() {
		t.Errorf("of generation %d the status is %+v", first.Generation, first.Status.Status)
	}
	first.Generation = 2
	first.Spec.Observed = &v1alpha1.Observed{Event: "edited", Head: head, At: at(0)}
	_, err := ours.Update(w.ctx, first, metav1.UpdateOptions{})
	w.check(err)
	second := reconcile()
	checkConditions(t, second)
	if second.Status.ObservedGeneration != 2 {
		t.Errorf("the status is of generation %d", second.Status.ObservedGeneration)
	}
	for _, c := range second.Status.Conditions {
		if before := first.Status.GetCondition(c.Type); !before.LastTransitionTime.Inner.Equal(&c.LastTransitionTime.Inner) {
			t.Errorf("%s was as it is since %s, not since %s", c.Type, before.LastTransitionTime.Inner, c.LastTransitionTime.Inner)
		}
	}
}

// reasons matches a reason, which is one word.
var reasons = regexp.MustCompile(`^[A-Z][A-Za-z]*$`)

// checkConditions checks that the conditions of a reconciled Rehearsal follow the
// conventions of the API.
func checkConditions(t *testing.T, rh *v1alpha1.Rehearsal) {
	t.Helper()
	if len(rh.Status.Conditions) != 4 {
		t.Errorf("there are %d conditions", len(rh.Status.Conditions))
	}
	for _, c := range rh.Status.Conditions {
		switch {
		case c.LastTransitionTime.Inner.IsZero(), !reasons.MatchString(string(c.Type)):
			t.Errorf("the condition %+v has no time, or a strange type", c)
		case c.Status == corev1.ConditionTrue && c.Reason == "" && c.Message == "":
		case !reasons.MatchString(c.Reason), c.Message == "", c.Reason == "NewObservedGenFailure":
			t.Errorf("%s is %s for the reason %q: %q", c.Type, c.Status, c.Reason, c.Message)
		}
	}
}
