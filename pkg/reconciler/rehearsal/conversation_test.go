package rehearsal

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/conversation"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/pages"
	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// hear adds a command, as if a comment had been written now.
func (w *world) hear(id, text string) {
	w.rh.Spec.Commands = append(w.rh.Spec.Commands, command(id, text, int(w.clock.Now().Sub(noon)/time.Minute)))
	w.rh.Generation++
	w.reconcile()
}

// push replaces the head, and reports that. Later commands are written after it.
func (w *world) push() {
	w.hub.pull.Head = strings.Repeat("b", 40)
	w.rh.Spec.Observed = &v1alpha1.Observed{Event: "synchronize", Head: w.hub.pull.Head, At: metav1.NewTime(w.clock.Now())}
	w.rh.Generation++
	w.reconcile()
	w.clock.SetTime(w.clock.Now().Add(time.Minute))
}

// end ends all ProwJobs and PipelineRuns of the active runs.
func (w *world) end(states map[string]prowapi.ProwJobState) {
	w.quietly(func(ctx context.Context) {
		pjs, err := w.prow.ProwV1().ProwJobs("prow").List(ctx, metav1.ListOptions{})
		w.check(err)
		for _, pj := range pjs.Items {
			state, ok := states[pj.Annotations[run.AnnotationJob]]
			if !ok || pj.Complete() {
				continue
			}
			pj.Status.State = state
			pj.SetComplete()
			_, err := w.prow.ProwV1().ProwJobs("prow").Update(ctx, &pj, metav1.UpdateOptions{})
			w.check(err)
		}
	})
	w.endPipelineRuns(true)
	w.reconcile()
}

// comment returns the body of the comment with a marker.
func (w *world) comment(marker string) string {
	w.t.Helper()
	for _, c := range w.hub.comments {
		if m, _ := report.FindMarker(c.Body); m == marker {
			return c.Body
		}
	}
	w.t.Fatalf("there is no comment %s", marker)
	return ""
}

func TestEveryTextHasOneReaction(t *testing.T) {
	w := newWorld(t, command("comment-1-0", "/pj-rehearse list", -1), command("comment-1-1", "/pj-rehearse help", -1), command("body-ab-0", "/rehearse list", -1))
	outsider := command("comment-2-0", "/pj-rehearse", -1)
	outsider.By = "mallory"
	w.rh.Spec.Commands = append(w.rh.Spec.Commands, outsider)
	w.reconcile()
	w.reconcile()
	if diff := cmp.Diff(map[int64]int{0: 1, 1: 1}, w.hub.reactions); diff != "" {
		t.Error(diff)
	}
}

func TestAcknowledgeByWord(t *testing.T) {
	w := newWorld(t)
	w.reconcile()
	w.hear("comment-1-0", "/pj-rehearse ack")
	if plan := w.comment(report.PlanMarker()); !strings.Contains(plan, "Acknowledged** by `bob`") {
		t.Errorf("the plan comment does not show it: %s", plan)
	}
	w.push()
	w.hear("comment-2-0", "/pj-rehearse skip")
	w.hear("comment-3-0", "/pj-rehearse reject")
	// The jobs of all heads are the same, so the acknowledgement survives the push.
	want := []string{"+rehearsals-ack", "-network-access-rehearsals-ok", "+rehearsals-ack", "-rehearsals-ack"}
	if diff := cmp.Diff(want, w.hub.labelled); diff != "" {
		t.Error(diff)
	}
	var states []string
	for _, s := range w.hub.statuses {
		states = append(states, s.State+": "+s.Description)
	}
	wantStates := []string{
		"pending: 2 affected jobs; run or acknowledge them", "success: Acknowledged by bob", "success: Acknowledged by bob",
		"success: Acknowledged without a rehearsal by bob", "pending: 2 affected jobs; run or acknowledge them",
	}
	if diff := cmp.Diff(wantStates, states); diff != "" {
		t.Error(diff)
	}
}

func TestAutoAck(t *testing.T) {
	both := map[string]prowapi.ProwJobState{"pull-unit": prowapi.SuccessState, "pull-e2e": prowapi.SuccessState}
	for name, tc := range map[string]struct {
		text   string
		states map[string]prowapi.ProwJobState
		want   []string
	}{
		"all jobs pass":                 {"/pj-rehearse auto-ack", both, []string{"+rehearsals-ack"}},
		"the only selected job passes":  {"/pj-rehearse auto-ack pull-unit", both, []string{"+rehearsals-ack"}},
		"a job fails":                   {"/pj-rehearse auto-ack", map[string]prowapi.ProwJobState{"pull-unit": prowapi.SuccessState, "pull-e2e": prowapi.FailureState}, nil},
		"a selected job does not exist": {"/pj-rehearse auto-ack pull-unit pull-nuit", both, nil},
		"run without auto-ack":          {"/pj-rehearse", both, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, command("comment-1-0", tc.text, -1))
			w.reconcile()
			w.createProwJobs()
			w.end(tc.states)
			if diff := cmp.Diff(tc.want, w.hub.labelled); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFailedRunsWhatDidNotPass(t *testing.T) {
	w := newWorld(t, runCommand())
	w.reconcile()
	w.createProwJobs()
	w.end(map[string]prowapi.ProwJobState{"pull-unit": prowapi.SuccessState, "pull-e2e": prowapi.FailureState})
	w.hear("comment-2-0", "/pj-rehearse failed")
	m, err := run.ReadManifest(context.Background(), w.kube.CoreV1().ConfigMaps("rehearsals"), "acme-config-7-2-0")
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Jobs) != 1 || m.Jobs[0].Name != "pull-e2e" {
		t.Errorf("the run has %+v", m.Jobs)
	}
}

func TestAbortOfOneJob(t *testing.T) {
	w := newWorld(t, runCommand())
	w.reconcile()
	w.createProwJobs()
	w.hear("comment-2-0", "/pj-rehearse abort *-e2e")
	pjs, err := w.prow.ProwV1().ProwJobs("prow").List(context.Background(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, pj := range pjs.Items {
		aborted := pj.Status.State == prowapi.AbortedState && strings.Contains(pj.Status.Description, "bob wrote /pj-rehearse abort *-e2e")
		if want := pj.Annotations[run.AnnotationJob] == "pull-e2e"; aborted != want {
			t.Errorf("%s is %s: %s", pj.Spec.Job, pj.Status.State, pj.Status.Description)
		}
	}
	w.end(map[string]prowapi.ProwJobState{"pull-unit": prowapi.SuccessState, "pull-e2e": prowapi.AbortedState})
	if r := w.rh.Status.Runs[0]; r.State != v1alpha1.RunFailed || r.AbortReason != "" {
		t.Errorf("the run is %+v", r)
	}
	if _, answers, _, _, _ := w.counts(); answers != 0 {
		t.Errorf("%d answers, want none: the run's comment says it", answers)
	}
}

func TestProgressIsToldAtMostOnceInAnInterval(t *testing.T) {
	w := newWorld(t, runCommand())
	w.reconcile()
	w.createProwJobs()
	marker := report.RunMarker(wholeRun)
	turn := func() string {
		w.sync()
		rh := w.rh.DeepCopy()
		_ = w.reconciler.ReconcileKind(context.Background(), rh)
		w.rh = rh
		return w.comment(marker)
	}
	start := turn()
	w.quietly(func(ctx context.Context) {
		pj := w.prowJobOf("pull-unit")
		pj.Status.State = prowapi.PendingState
		_, err := w.prow.ProwV1().ProwJobs("prow").Update(ctx, pj, metav1.UpdateOptions{})
		w.check(err)
	})
	w.clock.SetTime(w.rh.Status.Runs[0].StartedAt.Add(29 * time.Second))
	if turn() != start {
		t.Error("the comment is edited before the interval is over")
	}
	w.clock.SetTime(w.rh.Status.Runs[0].StartedAt.Add(30 * time.Second))
	progress := turn()
	if progress == start || !report.InProgress(progress) {
		t.Errorf("the comment does not show the progress: %s", progress)
	}
	w.clock.SetTime(w.clock.Now().Add(time.Hour))
	if turn() != progress {
		t.Error("the comment is edited although there is no news")
	}
}

// TestLateProgressDoesNotHideTheReport has an edit by the controller arrive after the
// finally task's.
func TestLateProgressDoesNotHideTheReport(t *testing.T) {
	w := newWorld(t, runCommand())
	w.reconcile()
	w.createProwJobs()
	w.clock.SetTime(w.clock.Now().Add(time.Minute))
	w.reconcile()
	w.rh.Status.Runs[0].ProgressAt = &metav1.Time{Time: w.clock.Now()}
	if !report.InProgress(w.comment(report.RunMarker(wholeRun))) {
		t.Fatal("the comment of a run that goes on is not marked as such")
	}
	w.end(map[string]prowapi.ProwJobState{"pull-unit": prowapi.SuccessState, "pull-e2e": prowapi.SuccessState})
	if body := w.comment(report.RunMarker(wholeRun)); report.InProgress(body) || !strings.Contains(body, "All 2 rehearsals passed") {
		t.Errorf("the comment is %s", body)
	}
}

func TestNothingRunsWhileNobodyVouchedForTheAuthor(t *testing.T) {
	w := newWorld(t, runCommand())
	w.hub.pull.Labels = []string{"needs-ok-to-test"}
	w.reconcile()
	if _, answers, runs, _, _ := w.counts(); answers != 1 || runs != 0 {
		t.Errorf("%d answers, %d run comments; want 1, 0", answers, runs)
	}
	if body := w.comment(report.DeniedMarker("bob", head, v1alpha1.ReasonUntrusted)); !strings.Contains(body, "needs-ok-to-test") {
		t.Errorf("the answer is %s", body)
	}
}

func TestNothingRunsOfPullsIntoOtherBranches(t *testing.T) {
	w := newWorld(t, runCommand())
	w.hub.pull.BaseRef = "feature-x"
	w.reconcile()
	if _, answers, runs, _, _ := w.counts(); answers != 1 || runs != 0 {
		t.Errorf("%d answers, %d run comments; want 1, 0", answers, runs)
	}
	if body := w.comment(report.DeniedMarker("bob", head, v1alpha1.ReasonOtherBase)); !strings.Contains(body, "`feature-x`") {
		t.Errorf("the answer is %s", body)
	}
}

func TestNetworkAccessIsNotForOneself(t *testing.T) {
	w := newWorld(t)
	w.hub.pull.Author, w.hub.wrote = "bob", &github.Contributors{People: []github.Person{{Login: "alice"}}}
	w.reconcile()
	w.hear("comment-1-0", "/pj-rehearse network-access-allowed")
	w.hub.pull.Author = "alice"
	w.hear("comment-2-0", "/pj-rehearse network-access-allowed")
	w.push()
	want := []string{"+network-access-rehearsals-ok", "-rehearsals-ack", "-network-access-rehearsals-ok"}
	if diff := cmp.Diff(want, w.hub.labelled); diff != "" {
		t.Error(diff)
	}
	if body := w.comment(report.DeniedMarker("bob", head, v1alpha1.ReasonOwnPull)); !strings.Contains(body, "author") {
		t.Errorf("the answer is %s", body)
	}
}

func TestPagesShowWhatIsTooLong(t *testing.T) {
	w := newWorld(t, runCommand())
	unreported(w)
	for _, page := range []string{"acme-config-7", "acme-config-7-1-0"} {
		html, err := pages.Read(context.Background(), w.kube.CoreV1().ConfigMaps("rehearsals"), page)
		if err != nil || !strings.Contains(string(html), "pull-e2e") {
			t.Errorf("page %s: %v, %.80s", page, err, html)
		}
	}
}

func TestPushTakesTheStatusAndTheLabelAwayBeforeItIsPlanned(t *testing.T) {
	w := newWorld(t)
	w.reconcile()
	w.hear("comment-1-0", "/pj-rehearse ack")
	plans := w.reconciler.Plans
	w.reconciler.Plans = never{}
	w.push()
	if last := w.hub.statuses[len(w.hub.statuses)-1]; last.State != "pending" {
		t.Errorf("the new head has the status %+v", last)
	}
	if len(w.hub.pull.Labels) != 0 {
		t.Errorf("the pull request has the labels %v", w.hub.pull.Labels)
	}
	w.reconciler.Plans = plans
	w.reconcile()
	if last := w.hub.statuses[len(w.hub.statuses)-1]; last.State != "success" || len(w.hub.pull.Labels) != 1 {
		t.Errorf("the same rehearsals: status %+v, labels %v", last, w.hub.pull.Labels)
	}
	if plan := w.comment(report.PlanMarker()); !strings.Contains(plan, head) || !strings.Contains(plan, "covers what was pushed afterwards") {
		t.Errorf("the plan comment does not say which head was acknowledged: %s", plan)
	}
}

func TestAcknowledgementIsNotForAHeadThatWasNotHeardOf(t *testing.T) {
	w := newWorld(t, command("comment-1-0", "/pj-rehearse auto-ack", -1))
	w.reconcile()
	w.createProwJobs()
	w.hub.pull.Head = strings.Repeat("b", 40)
	w.end(map[string]prowapi.ProwJobState{"pull-unit": prowapi.SuccessState, "pull-e2e": prowapi.SuccessState})
	if slices.Contains(w.hub.labelled, "+rehearsals-ack") && w.rh.Status.Acknowledgement.Given == "" {
		t.Errorf("labels %v, acknowledgement %+v", w.hub.labelled, w.rh.Status.Acknowledgement)
	}
}

func TestRefusedLabelIsSaidAndTriedAgain(t *testing.T) {
	w := newWorld(t)
	w.reconcile()
	w.hub.noLabels = true
	w.hear("comment-1-0", "/pj-rehearse ack")
	w.reconcile()
	if c := w.rh.Status.GetCondition(v1alpha1.ConditionReported); !c.IsUnknown() || c.Reason != "Doubted" {
		t.Errorf("at first the condition is %+v", c)
	}
	w.clock.SetTime(w.clock.Now().Add(conversation.Belief))
	w.reconcile()
	if c := w.rh.Status.GetCondition(v1alpha1.ConditionReported); !c.IsFalse() {
		t.Errorf("condition is %+v", c)
	}
	w.hub.noLabels = false
	w.clock.SetTime(w.clock.Now().Add(conversation.RefusalPause))
	w.reconcile()
	if c := w.rh.Status.GetCondition(v1alpha1.ConditionReported); !c.IsTrue() || len(w.hub.pull.Labels) != 1 {
		t.Errorf("condition is %+v, labels %v", c, w.hub.pull.Labels)
	}
}

func TestAutoAckNeedsWhatWasAborted(t *testing.T) {
	w := newWorld(t, command("comment-1-0", "/pj-rehearse auto-ack pull-unit pull-e2e", -2), command("comment-2-0", "/pj-rehearse abort pull-e2e", -1))
	w.reconcile()
	w.createProwJobs()
	w.end(map[string]prowapi.ProwJobState{"pull-unit": prowapi.SuccessState})
	if len(w.hub.labelled) > 0 {
		t.Errorf("labels %v", w.hub.labelled)
	}
	if body := w.comment(report.RunMarker("comment-1-0")); !strings.Contains(body, "bob wrote") {
		t.Errorf("the comment does not say what became of the other job: %s", body)
	}
}

func TestAbortedJobIsNotJoined(t *testing.T) {
	w := newWorld(t, runCommand())
	w.reconcile()
	w.createProwJobs()
	w.hear("comment-2-0", "/pj-rehearse abort pull-e2e")
	w.hear("comment-3-0", "/pj-rehearse pull-e2e")
	w.createProwJobs()
	if _, _, _, _, prowJobs := w.counts(); prowJobs != 3 {
		t.Errorf("%d ProwJobs, want a new one for the job that was aborted", prowJobs)
	}
}

func TestAbortOfAJobThatDoesNotRun(t *testing.T) {
	w := newWorld(t, runCommand())
	w.reconcile()
	w.createProwJobs()
	w.hear("comment-2-0", "/pj-rehearse abort pull-e3e")
	if body := w.comment(report.AnswerMarker("comment-2-0")); !strings.Contains(body, "pull-e3e") || !strings.Contains(body, "pull-e2e") {
		t.Errorf("the answer is %s", body)
	}
}

func TestAbortReachesJobsThatNobodyWatches(t *testing.T) {
	w := newWorld(t, runCommand())
	w.reconcile()
	w.createProwJobs()
	w.endPipelineRuns(false)
	w.hear("comment-2-0", "/pj-rehearse abort pull-e2e")
	if pj := w.prowJobOf("pull-e2e"); pj.Status.State != prowapi.AbortedState {
		t.Errorf("the job is %s", pj.Status.State)
	}
	if _, answers, _, _, _ := w.counts(); answers != 0 {
		t.Errorf("%d answers, want none", answers)
	}
}

// never is a planner that never finishes.
type never struct{}

func (never) Forget(plan.Request) {}

func (never) Get(string, plan.Request) (*plan.Result, error, bool) { return nil, nil, false }

// prowJobOf returns the ProwJob of a job.
func (w *world) prowJobOf(job string) *prowapi.ProwJob {
	w.t.Helper()
	pjs, err := w.prow.ProwV1().ProwJobs("prow").List(context.Background(), metav1.ListOptions{})
	w.check(err)
	for i := range pjs.Items {
		if pjs.Items[i].Annotations[run.AnnotationJob] == job {
			return &pjs.Items[i]
		}
	}
	w.t.Fatalf("%s has no ProwJob", job)
	return nil
}
