package rehearsal

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
)

// permute calls f with every order of the elements of a.
func permute(a []string, f func([]string)) {
	var from func(k int)
	from = func(k int) {
		if k == len(a) {
			f(a)
			return
		}
		for i := k; i < len(a); i++ {
			a[k], a[i] = a[i], a[k]
			from(k + 1)
			a[k], a[i] = a[i], a[k]
		}
	}
	from(0)
}

// createIfLive creates the ProwJobs of tasks whose PipelineRun is not over.
func (w *world) createIfLive() {
	prs, err := w.tekton.TektonV1().PipelineRuns("rehearsals").List(context.Background(), metav1.ListOptions{})
	w.check(err)
	for _, pr := range prs.Items {
		if pr.IsDone() {
			return
		}
	}
	w.createProwJobs()
}

// rest runs passes until nothing more is due.
func (w *world) rest(turns int) {
	for range turns {
		after, _ := w.oneTurn()
		w.clock.SetTime(w.clock.Now().Add(min(max(after, time.Second), 10*time.Second)))
	}
}

// TestAbortInEveryOrder runs tasks that create ProwJobs early and late, an abort, a pass,
// and the ends of the ProwJobs and the PipelineRun in all 720 orders; in a short run, in
// some of them.
func TestAbortInEveryOrder(t *testing.T) {
	var w *world
	steps := map[string]func(){
		"create": func() { w.createIfLive() },
		"abort":  func() { w.hub.pull.Open = false; w.rh.Generation++ },
		"turn":   func() { _, _ = w.oneTurn() },
		"finish": func() { w.endProwJobs(prowapi.SuccessState) },
		"end":    func() { w.endPipelineRuns(false) },
		"late":   func() { w.createIfLive() },
	}
	orders := 0
	permute([]string{"create", "abort", "turn", "finish", "end", "late"}, func(order []string) {
		if orders++; testing.Short() && orders%11 != 0 {
			return
		}
		w = newWorld(t, runCommand())
		w.reconcile()
		for _, step := range order {
			steps[step]()
		}
		w.rest(3)
		w.endPipelineRuns(false)
		w.rest(2)
		pjs, err := w.prow.ProwV1().ProwJobs("prow").List(context.Background(), metav1.ListOptions{})
		w.check(err)
		if slices.ContainsFunc(pjs.Items, func(pj prowapi.ProwJob) bool { return !pj.Complete() && pj.Status.State != prowapi.AbortedState }) {
			t.Errorf("%v: a ProwJob goes on", order)
		}
		w.endProwJobs(prowapi.SuccessState)
		w.rest(6)
		if r := w.rh.Status.Runs[0]; !r.State.Done() {
			t.Errorf("%v: the run is %s", order, r.State)
		}
		// A PipelineRun that ended before its tasks began is followed by another.
		if plans, answers, runs, prs, pjs := w.counts(); plans > 1 || answers != 0 || runs != 1 || prs > 2 || pjs > 2 {
			t.Errorf("%v: %d plans, %d answers, %d comments of runs, %d PipelineRuns, %d ProwJobs", order, plans, answers, runs, prs, pjs)
		}
	})
	if orders != 720 {
		t.Errorf("%d orders", orders)
	}
}

// TestEventsInEveryOrder has a pull request opened, commented on, pushed to and closed. In
// whatever order the events arrive, nothing runs.
func TestEventsInEveryOrder(t *testing.T) {
	newest := strings.Repeat("d", 40)
	permute([]string{"opened", "synchronize", "comment", "closed"}, func(order []string) {
		w := newWorld(t)
		w.hub.pull.Head, w.hub.pull.Open = newest, false
		for _, event := range order {
			switch event {
			case "opened":
				w.rh.Spec.Observed = &v1alpha1.Observed{Event: event, Head: head, At: at(-4)}
			case "synchronize", "closed":
				w.rh.Spec.Observed = &v1alpha1.Observed{Event: event, Head: newest, At: at(-3)}
			case "comment":
				w.rh.Spec.Commands = append(w.rh.Spec.Commands, runCommand())
			}
			w.rh.Generation++
			w.rest(3)
		}
		w.rest(10)
		v := w.rh.Status.VerdictOn(wholeRun)
		if _, _, _, pipelineRuns, _ := w.counts(); pipelineRuns != 0 || v == nil || v.Verdict == v1alpha1.VerdictAccepted {
			t.Errorf("%v: %d PipelineRuns, verdict %+v", order, pipelineRuns, v)
		}
		if w.rh.Status.Pull.Head != newest || w.rh.Status.Pull.Open {
			t.Errorf("%v: it is taken for %+v", order, w.rh.Status.Pull)
		}
	})
}
