package rehearsal

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	listers "github.com/rehearsal-dev/rehearsal/pkg/client/listers/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

// withQuotas sets quotas, and adds other Rehearsals to the lister.
func (w *world) withQuotas(q settings.Quotas, others ...*v1alpha1.Rehearsal) {
	before := w.reconciler.Settings
	w.reconciler.Settings = func() *settings.Settings {
		s := *before()
		s.Quotas = q
		return &s
	}
	indexer := cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc})
	for _, rh := range others {
		w.check(indexer.Add(rh))
	}
	w.reconciler.Lister = listers.NewRehearsalLister(indexer)
}

func busy(jobs int) *v1alpha1.Rehearsal {
	rh := &v1alpha1.Rehearsal{ObjectMeta: metav1.ObjectMeta{Name: "other", Namespace: "rehearsals", UID: "u-2"}}
	rh.Status.Runs = []v1alpha1.RunStatus{{ID: "comment-9-0", State: v1alpha1.RunRunning, By: "eve", Total: jobs}}
	return rh
}

func TestARunWaitsForRoom(t *testing.T) {
	w := newWorld(t, command("comment-1-0", "/pj-rehearse", 1))
	other := busy(5)
	w.withQuotas(settings.Quotas{Jobs: 5}, other)
	w.reconcile()
	r := w.rh.Status.Runs[0]
	if r.State != v1alpha1.RunPending || !strings.Contains(r.Message, "is queued") {
		t.Fatalf("the run is %s: %q", r.State, r.Message)
	}
	if !slices.ContainsFunc(w.bodies(), func(b string) bool { return strings.Contains(b, "is queued") }) {
		t.Errorf("nobody is told: %q", w.bodies())
	}
	other.Status.Runs[0].State = v1alpha1.RunPassed
	w.clock.SetTime(w.clock.Now().Add(time.Minute))
	w.reconcile()
	r = w.rh.Status.Runs[0]
	if r.State != v1alpha1.RunRunning || r.Message != "" {
		t.Fatalf("with room the run is %s: %q", r.State, r.Message)
	}
	prs, err := w.tekton.TektonV1().PipelineRuns("").List(context.Background(), metav1.ListOptions{})
	w.check(err)
	if len(prs.Items) != 1 {
		t.Errorf("%d PipelineRuns", len(prs.Items))
	}
	if slices.ContainsFunc(w.bodies(), func(b string) bool { return strings.Contains(b, "is queued") }) {
		t.Errorf("it is still said to wait: %q", w.bodies())
	}
}

func TestARunThatNeverFitsIsRejected(t *testing.T) {
	w := newWorld(t, command("comment-1-0", "/pj-rehearse", 1))
	w.withQuotas(settings.Quotas{PullJobs: 1})
	w.reconcile()
	if r := w.rh.Status.Runs[0]; r.State != v1alpha1.RunRejected || !strings.Contains(r.Message, "more than the 1 job") {
		t.Errorf("the run is %s: %q", r.State, r.Message)
	}
}

// bodies returns the bodies of the comments on the pull request.
func (w *world) bodies() []string {
	var out []string
	for _, c := range w.hub.comments {
		out = append(out, c.Body)
	}
	return out
}
