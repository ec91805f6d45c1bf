package rehearsal

import (
	"context"
	"fmt"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"knative.dev/pkg/reconciler"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
)

// turnThatCrashes runs one pass. It returns false if the pass did not crash.
func (w *world) turnThatCrashes(at int, afterwards bool) bool {
	w.t.Helper()
	w.failAt, w.afterwards = at, afterwards
	defer func() { w.failAt, w.crashed = -1, false }()
	w.sync()
	rh := w.rh.DeepCopy()
	err := w.reconciler.ReconcileKind(w.ctx, rh)
	reconciler.PostProcessReconcile(w.ctx, rh, w.rh)
	if w.crashed {
		w.startAnew()
		return true
	}
	if err == nil {
		w.rh = rh
	}
	return false
}

// TestWhatHadBegunEndsThoughItIsNotAllowedAnyMore kills the controller at every write of
// the pass that starts a run, so that status does not know the run. Something that forbids
// the command happens before the next pass.
func TestWhatHadBegunEndsThoughItIsNotAllowedAnyMore(t *testing.T) {
	for name, tc := range map[string]struct {
		forbid func(*world)
		// goesOn says that the run may go on once it has started.
		goesOn bool
	}{
		"new head":                           {forbid: func(w *world) { w.hub.pull.Head = strings.Repeat("b", 40) }},
		"pull request closed":                {forbid: func(w *world) { w.hub.pull.Open = false }},
		"another base branch":                {forbid: func(w *world) { w.hub.pull.BaseRef = "release" }},
		"untrusted label added":              {func(w *world) { w.hub.pull.Labels = []string{"needs-ok-to-test"} }, true},
		"author of the command loses rights": {func(w *world) { w.reconciler.GitHub = &refusingRights{w.reconciler.GitHub} }, true},
	} {
		t.Run(name, func(t *testing.T) {
			crashes := 0
			for at := 0; ; at++ {
				for _, afterwards := range []bool{false, true} {
					w := newWorld(t, runCommand())
					if !w.turnThatCrashes(at, afterwards) {
						if crashes < 10 {
							t.Errorf("only %d crashes", crashes)
						}
						return
					}
					crashes++
					w.createProwJobs()
					tc.forbid(w)
					w.rh.Generation++
					w.reconcile()
					w.endProwJobs(prowapi.SuccessState)
					w.endPipelineRuns(true)
					w.reconcile()
					w.wantNothingLeftOf(fmt.Sprintf("write %d, after it: %t", at, afterwards), tc.goesOn)
				}
			}
		})
	}
}

// refusingRights is a GitHub on which nobody has any rights.
type refusingRights struct{ GitHub }

func (r *refusingRights) Permission(context.Context, string, string, string) (github.Permission, error) {
	return "none", nil
}

// wantNothingLeftOf checks that every run with visible traces has ended, and was aborted by
// us unless it may go on.
func (w *world) wantNothingLeftOf(crash string, goesOn bool) {
	w.t.Helper()
	_, answers, comments, pipelineRuns, _ := w.counts()
	if comments > 0 || pipelineRuns > 0 {
		ended := len(w.rh.Status.Runs) == 1 && (w.rh.Status.Runs[0].State == v1alpha1.RunAborted || goesOn && w.rh.Status.Runs[0].State == v1alpha1.RunPassed)
		if !ended || answers != 0 {
			w.t.Errorf("%s: %d comments, %d answers and %d PipelineRuns; the runs are %+v, the verdict is %+v",
				crash, comments, answers, pipelineRuns, w.rh.Status.Runs, w.rh.Status.VerdictOn(wholeRun))
		}
	}
	prs, err := w.tekton.TektonV1().PipelineRuns("").List(context.Background(), metav1.ListOptions{})
	w.check(err)
	for _, pr := range prs.Items {
		if pr.Spec.Status == "" && !goesOn {
			w.t.Errorf("%s: the PipelineRun %s was not cancelled", crash, pr.Name)
		}
	}
	for state, n := range w.states() {
		if state != prowapi.AbortedState && !goesOn {
			w.t.Errorf("%s: %d ProwJobs are %s", crash, n, state)
		}
	}
	for _, c := range w.hub.comments {
		marker, _ := report.FindMarker(c.Body)
		if marker != report.PlanMarker() && (strings.Contains(c.Body, "queued") || strings.Contains(c.Body, "running")) {
			w.t.Errorf("%s: a comment says %s", crash, c.Body)
		}
	}
}
