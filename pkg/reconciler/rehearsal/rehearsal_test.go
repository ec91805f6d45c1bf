package rehearsal

import (
	"context"
	"fmt"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"knative.dev/pkg/controller"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
)

const wholeRun = "comment-1-0"

func runCommand() v1alpha1.Command { return command(wholeRun, "/pj-rehearse", -1) }

// passing takes a run from the command to its result.
func passing(w *world) {
	w.reconcile()
	w.createProwJobs()
	w.reconcile()
	w.endProwJobs(prowapi.SuccessState)
	w.endPipelineRuns(true)
	w.reconcile()
}

// unreported is a run whose finally task fails.
func unreported(w *world) {
	w.reconcile()
	w.createProwJobs()
	w.endProwJobs(prowapi.FailureState)
	w.endPipelineRuns(false)
	w.reconcile()
}

// aborted is a run that is aborted by a push while its jobs are running.
func aborted(w *world) {
	w.reconcile()
	w.createProwJobs()
	w.hub.pull.Head = strings.Repeat("b", 40)
	w.rh.Generation++
	w.reconcile()
	w.createProwJobs()
	w.reconcile()
	w.endProwJobs(prowapi.SuccessState)
	w.endPipelineRuns(true)
	w.reconcile()
}

// TestCrashes kills the controller at every one of its writes, before and after it takes
// effect, and checks that the result is the same as without a crash.
func TestCrashes(t *testing.T) {
	for name, tc := range map[string]struct {
		story func(*world)
		state v1alpha1.RunState
	}{
		"run that passes":              {passing, v1alpha1.RunPassed},
		"run whose finally task fails": {unreported, v1alpha1.RunFailed},
		"run aborted by a push":        {aborted, v1alpha1.RunAborted},
	} {
		t.Run(name, func(t *testing.T) {
			calm := newWorld(t, runCommand())
			tc.story(calm)
			if calm.writes < 4 {
				t.Fatalf("only %d writes: nothing to crash at", calm.writes)
			}
			for failAt := -1; failAt < calm.writes; failAt++ {
				for _, afterwards := range []bool{false, true} {
					t.Run(fmt.Sprintf("write %d, after it: %t", failAt, afterwards), func(t *testing.T) {
						w := newWorld(t, runCommand())
						w.failAt, w.afterwards = failAt, afterwards
						tc.story(w)
						if got := w.rh.Status.Runs; len(got) != 1 || got[0].State != tc.state {
							t.Errorf("runs are %+v, want one that is %s", got, tc.state)
						}
						plans, answers, runs, pipelineRuns, prowJobs := w.counts()
						if plans != 1 || answers != 0 || runs != 1 || pipelineRuns != 1 || prowJobs != 2 {
							t.Errorf("%d plans, %d answers, %d run comments, %d PipelineRuns, %d ProwJobs; want 1, 0, 1, 1, 2",
								plans, answers, runs, pipelineRuns, prowJobs)
						}
					})
				}
			}
		})
	}
}

func TestAbortReachesEveryProwJob(t *testing.T) {
	w := newWorld(t, runCommand())
	aborted(w)
	pjs, err := w.prow.ProwV1().ProwJobs("prow").List(context.Background(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, pj := range pjs.Items {
		if pj.Status.State != prowapi.AbortedState || !strings.Contains(pj.Status.Description, "a new push") {
			t.Errorf("ProwJob %s is %s: %q", pj.Spec.Job, pj.Status.State, pj.Status.Description)
		}
	}
}

func TestCommandsOfOutsidersRunNothing(t *testing.T) {
	mallory := func(id string) v1alpha1.Command {
		c := command(id, "/pj-rehearse", -1)
		c.By = "mallory"
		return c
	}
	w := newWorld(t, mallory("comment-1-0"), mallory("comment-2-0"))
	w.reconcile()
	plans, answers, runs, pipelineRuns, _ := w.counts()
	if plans != 1 || answers != 1 || runs != 0 || pipelineRuns != 0 {
		t.Errorf("%d plans, %d answers, %d run comments, %d PipelineRuns; want 1, 1, 0, 0", plans, answers, runs, pipelineRuns)
	}
	if last := w.hub.comments[len(w.hub.comments)-1].Body; !strings.Contains(last, "mallory") || !strings.Contains(last, "write access") {
		t.Errorf("the answer is %q", last)
	}
}

func TestSecondRunJoinsTheFirst(t *testing.T) {
	w := newWorld(t, runCommand())
	w.reconcile()
	w.createProwJobs()
	w.rh.Spec.Commands = append(w.rh.Spec.Commands, command("comment-2-0", "/pj-rehearse pull-unit", 0))
	w.rh.Generation++
	w.reconcile()
	w.createProwJobs()
	_, _, runs, pipelineRuns, prowJobs := w.counts()
	if runs != 2 || pipelineRuns != 2 || prowJobs != 2 {
		t.Errorf("%d run comments, %d PipelineRuns, %d ProwJobs; want 2, 2, 2", runs, pipelineRuns, prowJobs)
	}
}

func TestAnswers(t *testing.T) {
	for name, tc := range map[string]struct {
		text string
		want string
	}{
		"unknown command":                    {"/pj-rehearse max 3", "nothing may follow"},
		"help":                               {"/pj-rehearse help", "network-access-allowed"},
		"explain":                            {"/pj-rehearse explain pull-unit", "rehearse-7-pull-unit"},
		"explain a job that is not affected": {"/pj-rehearse explain pull-uni", "pull-unit"},
		"failed, no run yet":                 {"/pj-rehearse failed", "Nothing has been run"},
		"pattern without a match":            {"/pj-rehearse *-nothing", "*-nothing"},
		"abort of a job that is not running": {"/pj-rehearse abort pull-unit", "Nothing is running"},
		"nothing to abort":                   {"/pj-rehearse abort", "Nothing is running"},
		"list":                               {"/pj-rehearse list", "pull-e2e"},
		"run of a job that is not affected":  {"/pj-rehearse pull-uni", "Did you mean"},
		"second prefix":                      {"/rehearse nothing-like-it", "not affected"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, command("comment-1-0", tc.text, -1))
			w.reconcile()
			w.reconcile()
			plans, answers, runs, _, _ := w.counts()
			if plans != 1 || answers != 1 || runs != 0 {
				t.Fatalf("%d plans, %d answers, %d run comments; want 1, 1, 0", plans, answers, runs)
			}
			if last := w.hub.comments[len(w.hub.comments)-1].Body; !strings.Contains(last, tc.want) {
				t.Errorf("the answer is %q, want it to contain %q", last, tc.want)
			}
		})
	}
}

func TestClosedPullRequestEndsItsRuns(t *testing.T) {
	w := newWorld(t, runCommand())
	w.reconcile()
	w.createProwJobs()
	w.hub.pull.Open = false
	w.rh.Generation++
	w.reconcile()
	w.endProwJobs(prowapi.SuccessState)
	w.endPipelineRuns(true)
	w.reconcile()
	if r := w.rh.Status.Runs[0]; r.State != v1alpha1.RunAborted || r.AbortReason != "the pull request was closed" {
		t.Errorf("the run is %s: %q", r.State, r.AbortReason)
	}
}

// forget resets status to the time before a run started, as after a lost write of the
// status, or with an informer that lags.
func (w *world) forget() {
	r := w.rh.Status.Runs[0]
	w.rh.Status.Runs[0] = v1alpha1.RunStatus{ID: r.ID, Head: r.Head, BaseRef: r.BaseRef, By: r.By, State: v1alpha1.RunPending}
}

func TestStartedRunIsAbortedThoughStatusDoesNotKnowIt(t *testing.T) {
	w := newWorld(t, runCommand())
	w.reconcile()
	w.createProwJobs()
	w.forget()
	w.hub.pull.Open = false
	w.rh.Generation++
	w.reconcile()
	w.endProwJobs(prowapi.SuccessState)
	w.endPipelineRuns(true)
	w.reconcile()
	pr, err := w.tekton.TektonV1().PipelineRuns("rehearsals").Get(context.Background(), "acme-config-7-1-0", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if pr.Spec.Status == "" {
		t.Error("the PipelineRun was not cancelled")
	}
	pjs, err := w.prow.ProwV1().ProwJobs("prow").List(context.Background(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, pj := range pjs.Items {
		if pj.Status.State != prowapi.AbortedState {
			t.Errorf("ProwJob %s is %s", pj.Spec.Job, pj.Status.State)
		}
	}
	if _, answers, runs, _, _ := w.counts(); answers != 0 || runs != 1 {
		t.Errorf("%d answers, %d run comments; want 0, 1", answers, runs)
	}
}

func TestResultIsNotOverwritten(t *testing.T) {
	w := newWorld(t, runCommand())
	w.reconcile()
	w.createProwJobs()
	w.endProwJobs(prowapi.SuccessState)
	w.endPipelineRuns(true)
	const result = "All 2 rehearsals passed"
	for i := range w.hub.comments {
		w.hub.comments[i].Body = strings.Replace(w.hub.comments[i].Body, "2 rehearsals queued", result, 1)
	}
	w.forget()
	w.reconcile()
	if last := w.hub.comments[len(w.hub.comments)-1].Body; !strings.Contains(last, result) {
		t.Errorf("the comment is %q", last)
	}
	if r := w.rh.Status.Runs[0]; r.State != v1alpha1.RunPassed || r.Comment == 0 {
		t.Errorf("the run is %+v", r)
	}
}

func TestLockedPullRequestIsSaidAsACondition(t *testing.T) {
	w := newWorld(t, runCommand())
	w.hub.locked = true
	w.reconcile()
	c := w.rh.Status.GetCondition(v1alpha1.ConditionReported)
	if !c.IsFalse() || !strings.Contains(c.Message, "locked") {
		t.Errorf("condition is %+v", c)
	}
	if r := w.rh.Status.Runs[0]; r.State != v1alpha1.RunRejected {
		t.Errorf("the run is %s", r.State)
	}
}

func TestDeletedRehearsalEndsWhatItStarted(t *testing.T) {
	w := newWorld(t, runCommand())
	w.reconcile()
	w.createProwJobs()
	now := metav1.NewTime(w.clock.Now())
	w.rh.DeletionTimestamp = &now
	if again, _ := controller.IsRequeueKey(w.reconciler.FinalizeKind(context.Background(), w.rh)); !again {
		t.Error("the finalizer lets go while ProwJobs are going")
	}
	w.endProwJobs(prowapi.SuccessState)
	w.endPipelineRuns(true)
	if err := w.reconciler.FinalizeKind(context.Background(), w.rh); err != nil {
		t.Errorf("the finalizer still waits: %v", err)
	}
	pjs, err := w.prow.ProwV1().ProwJobs("prow").List(context.Background(), metav1.ListOptions{})
	if err != nil || len(pjs.Items) != 2 {
		t.Fatalf("%d ProwJobs, %v", len(pjs.Items), err)
	}
	for _, pj := range pjs.Items {
		if pj.Status.State != prowapi.AbortedState {
			t.Errorf("ProwJob %s is %s", pj.Spec.Job, pj.Status.State)
		}
	}
}
