package rehearsal

import (
	"fmt"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clienttesting "k8s.io/client-go/testing"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/judging"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

// planOfMany is a plan with this many affected jobs, which is always ready.
type planOfMany int

func (planOfMany) Forget(plan.Request) {}

func (n planOfMany) Get(_ string, req plan.Request) (*plan.Result, error, bool) {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("pull-job-%03d", i)
	}
	return planOf(req, names...)
}

// large returns a world with this many affected jobs, and without quotas.
func large(t *testing.T, jobs int, commands ...v1alpha1.Command) *world {
	t.Helper()
	w := newWorld(t, commands...)
	w.reconciler.Plans = planOfMany(jobs)
	chosen := w.reconciler.Settings
	w.reconciler.Settings = func() *settings.Settings { s := chosen(); s.Quotas = settings.Quotas{}; return s }
	return w
}

// callsOf counts the calls to the API servers in one pass.
func (w *world) callsOf(turn func()) map[string]int {
	w.sync()
	fakes := []*clienttesting.Fake{&w.kube.Fake, &w.tekton.Fake, &w.prow.Fake}
	for _, fake := range fakes {
		fake.ClearActions()
	}
	turn()
	calls := map[string]int{}
	for _, fake := range fakes {
		for _, a := range fake.Actions() {
			calls[a.GetVerb()+" "+a.GetResource().Resource]++
		}
	}
	return calls
}

func (w *world) reconcileOnce() {
	w.t.Helper()
	rh := w.rh.DeepCopy()
	if err := w.reconciler.ReconcileKind(w.ctx, rh); err != nil && rh.Status.Pull == nil {
		w.t.Fatal(err)
	}
	w.rh = rh
}

// TestJoiningCostsNoCallsForEachJob has a run share the jobs of another one, whose tasks
// have not created them yet.
func TestJoiningCostsNoCallsForEachJob(t *testing.T) {
	cost := func(jobs int) int {
		w := large(t, jobs, command(wholeRun, "/pj-rehearse all", -1))
		w.reconcile()
		w.rh.Spec.Commands = append(w.rh.Spec.Commands, command("comment-2-0", "/pj-rehearse all", 0))
		w.rh.Generation++
		calls := w.callsOf(w.reconcileOnce)
		if r := w.rh.Status.Run("comment-2-0"); r == nil || r.State != v1alpha1.RunRunning || r.Total != jobs {
			t.Fatalf("the second run is %+v", r)
		}
		t.Logf("joining %d jobs: %v", jobs, calls)
		return calls["get prowjobs"] + calls["list prowjobs"] + calls["get configmaps"]
	}
	if few, many := cost(10), cost(40); many > few+2 {
		t.Errorf("joining 10 jobs takes %d reads, 40 jobs %d", few, many)
	}
}

// TestAbortingJobsOfManyRunsReadsEachManifestOnce checks the reads of one pass.
func TestAbortingJobsOfManyRunsReadsEachManifestOnce(t *testing.T) {
	cost := func(runs int) int {
		w := large(t, 3)
		for i := range runs {
			w.rh.Spec.Commands = append(w.rh.Spec.Commands, command(fmt.Sprintf("comment-%d-0", 1+i), "/pj-rehearse all", -1))
		}
		w.reconcile()
		w.createProwJobs()
		w.rh.Spec.Commands = append(w.rh.Spec.Commands, command("comment-100-0", "/pj-rehearse abort pull-job-001", 0))
		w.rh.Generation++
		calls := w.callsOf(w.reconcileOnce)
		t.Logf("aborting a job of %d runs: %v", runs, calls)
		return calls["get configmaps"]
	}
	if few, many := cost(5), cost(20); many > 4*few {
		t.Errorf("a turn reads %d ConfigMaps for 5 runs, and %d for 20", few, many)
	}
}

// fullLog returns a Rehearsal with this many commands of a few people, with or without
// decisions.
func fullLog(n int, judged bool) *v1alpha1.Rehearsal {
	rh := &v1alpha1.Rehearsal{ObjectMeta: metav1.ObjectMeta{Name: "acme-config-7", UID: "u-1"}, Status: v1alpha1.RehearsalStatus{Pull: &v1alpha1.PullStatus{Head: head, BaseRef: "main", Open: true}}}
	for i := range n {
		id := fmt.Sprintf("comment-%d-0", 1+i)
		rh.Spec.Commands = append(rh.Spec.Commands, v1alpha1.Command{ID: id, Text: "/pj-rehearse help", By: fmt.Sprint("person", i%5), At: at(i)})
		if judged {
			rh.Status.Commands = append(rh.Status.Commands, v1alpha1.CommandStatus{ID: id, Verdict: v1alpha1.VerdictAccepted, Head: head, By: fmt.Sprint("person", i%5), At: &metav1.Time{Time: noon}, Told: true, Answered: true})
		}
	}
	return rh
}

// TestAFullLogIsReadInAStraightLine counts allocations: a command log four times as long
// must not take much more than four times as many.
func TestAFullLogIsReadInAStraightLine(t *testing.T) {
	prefixes := []string{"/pj-rehearse"}
	for name, read := range map[string]func(rh *v1alpha1.Rehearsal){
		"fold":      func(rh *v1alpha1.Rehearsal) { judging.Fold(rh, prefixes) },
		"jobAborts": func(rh *v1alpha1.Rehearsal) { judging.JobAborts(rh, prefixes) },
		"unjudged":  func(rh *v1alpha1.Rehearsal) { judging.Unjudged(rh) },
		"trim":      func(rh *v1alpha1.Rehearsal) { judging.Trim(rh, noon) },
	} {
		cost := func(n int) float64 {
			rh := fullLog(n, true)
			return testing.AllocsPerRun(3, func() { read(rh) })
		}
		if few, many := cost(100), cost(400); many > 5*few {
			t.Errorf("%s allocates %.0f times for 100 commands, and %.0f for 400", name, few, many)
		}
	}
	judge := func(n int) float64 {
		return testing.AllocsPerRun(1, func() {
			w := newWorld(t)
			w.reconcileOnce()
			for i := range n {
				w.rh.Spec.Commands = append(w.rh.Spec.Commands, by("bob", fmt.Sprintf("comment-%d-0", 100+i), "/pj-rehearse nothing-like-it"))
			}
			w.rh.Generation++
			w.sync()
			w.reconcileOnce()
		})
	}
	if few, many := judge(50), judge(200); many > 5*few {
		t.Errorf("judging 50 commands allocates %.0f times, 200 commands %.0f", few, many)
	}
}

// BenchmarkFullLog reads a command log in all the ways in which a pass does. A log four
// times as long should take four times as long.
func BenchmarkFullLog(b *testing.B) {
	for _, n := range []int{100, 400} {
		rh := fullLog(n, true)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				judging.Fold(rh, []string{"/pj-rehearse"})
				judging.JobAborts(rh, []string{"/pj-rehearse"})
				judging.Unjudged(rh)
				judging.Trim(rh, noon)
			}
		})
	}
}
