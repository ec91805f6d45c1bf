package rehearsal

import (
	"context"
	"strings"
	"testing"
	"time"

	pipelinev1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"knative.dev/pkg/apis"
	"knative.dev/pkg/controller"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

// Messages that Tekton writes into conditions (pkg/pod/status.go and
// pkg/reconciler/taskrun/taskrun.go).
const quotaExceeded = `TaskRun Pod exceeded available resources: pods "acme-config-7-1-0-pull-unit-1234-pod" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=5, limited: pods=5`

func conditionOf(status corev1.ConditionStatus, reason, message string) *apis.Condition {
	return &apis.Condition{Type: apis.ConditionSucceeded, Status: status, Reason: reason, Message: message}
}

// tasks creates the TaskRuns of all PipelineRuns, with the condition that of returns; none
// for nil.
func (w *world) tasks(of func(task string) *apis.Condition) {
	w.quietly(func(ctx context.Context) {
		prs, err := w.tekton.TektonV1().PipelineRuns("rehearsals").List(ctx, metav1.ListOptions{})
		w.check(err)
		for _, pr := range prs.Items {
			pr.Status.SetCondition(conditionOf(corev1.ConditionUnknown, "Running", "Tasks Completed: 0"))
			_, err := w.tekton.TektonV1().PipelineRuns("rehearsals").Update(ctx, &pr, metav1.UpdateOptions{})
			w.check(err)
			for _, task := range append(pr.Spec.PipelineSpec.Tasks, pr.Spec.PipelineSpec.Finally...) {
				condition := of(task.Name)
				if condition == nil {
					continue
				}
				tr := &pipelinev1.TaskRun{ObjectMeta: metav1.ObjectMeta{
					Name: pr.Name + "-" + task.Name, Namespace: "rehearsals", CreationTimestamp: metav1.NewTime(w.clock.Now()),
					Labels: map[string]string{"tekton.dev/pipelineRun": pr.Name, "tekton.dev/pipelineTask": task.Name},
				}}
				tr.Status.SetCondition(condition)
				_, err := w.tekton.TektonV1().TaskRuns("rehearsals").Create(ctx, tr, metav1.CreateOptions{})
				w.check(err)
			}
		}
	})
}

// look reconciles for this long, whenever the reconciler asks for it.
func (w *world) look(during time.Duration) {
	w.t.Helper()
	for end := w.clock.Now().Add(during); ; {
		w.sync()
		rh := w.rh.DeepCopy()
		err := w.reconciler.ReconcileKind(w.ctx, rh)
		w.rh = rh
		requeue, after := controller.IsRequeueKey(err)
		if err != nil && !requeue {
			w.t.Fatal(err)
		}
		if !requeue || w.clock.Now().Add(after).After(end) {
			w.clock.SetTime(end)
			return
		}
		w.clock.SetTime(w.clock.Now().Add(after))
	}
}

func (w *world) lastComment() string { return w.hub.comments[len(w.hub.comments)-1].Body }

// TestTasksThatCannotStart checks that the comment of a run shows Tekton's message within
// two minutes, however rarely it is edited otherwise.
func TestTasksThatCannotStart(t *testing.T) {
	for name, tc := range map[string]struct {
		condition *apis.Condition
		says      string
	}{
		"quota":       {conditionOf(corev1.ConditionUnknown, "ExceededResourceQuota", quotaExceeded), "ExceededResourceQuota: exceeded quota: compute"},
		"full nodes":  {conditionOf(corev1.ConditionUnknown, "ExceededNodeResources", "TaskRun Pod exceeded available resources"), "ExceededNodeResources"},
		"image":       {conditionOf(corev1.ConditionUnknown, "PullImageFailed", "Back-off @everyone"), "PullImageFailed: Back-off @\u200beveryone"},
		"PodSecurity": {conditionOf(corev1.ConditionFalse, "PodAdmissionFailed", "violates PodSecurity"), "PodAdmissionFailed: violates PodSecurity"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, runCommand())
			slow := w.reconciler.Settings()
			slow.ProgressInterval = time.Hour
			w.reconciler.Settings = func() *settings.Settings { return slow }
			w.reconcile()
			w.tasks(func(task string) *apis.Condition {
				switch {
				case task == run.CollateTask:
					return nil
				case strings.HasPrefix(task, "pull-unit"):
					return tc.condition
				}
				return conditionOf(corev1.ConditionUnknown, "Running", "Not all Steps")
			})
			w.look(2 * time.Minute)
			rows := map[string]string{}
			for _, line := range strings.Split(w.lastComment(), "\n") {
				for _, job := range []string{"pull-unit", "pull-e2e"} {
					if strings.HasPrefix(line, "| `"+job) {
						rows[job] = line
					}
				}
			}
			if !strings.Contains(rows["pull-unit"], tc.says) {
				t.Errorf("the comment says %q, want %q", rows["pull-unit"], tc.says)
			}
			if strings.Contains(rows["pull-e2e"], "start:") {
				t.Errorf("of another job it says %q", rows["pull-e2e"])
			}
			edits := w.writes
			w.look(10 * time.Minute)
			if w.writes != edits {
				t.Errorf("without news the comment was edited %d times", w.writes-edits)
			}
		})
	}
}

// TestReportThatCannotStart has the finally task wait for a node.
func TestReportThatCannotStart(t *testing.T) {
	w := newWorld(t, runCommand())
	w.reconcile()
	w.createProwJobs()
	w.endProwJobs("success")
	w.tasks(func(task string) *apis.Condition {
		if task == run.CollateTask {
			return conditionOf(corev1.ConditionUnknown, "ExceededResourceQuota", quotaExceeded)
		}
		return conditionOf(corev1.ConditionTrue, "Succeeded", "")
	})
	w.look(2 * time.Minute)
	if last := w.lastComment(); !strings.Contains(last, "ExceededResourceQuota") {
		t.Errorf("the comment is %q", last)
	}
}

// TestNobodyTakesItUp has Tekton's controller down.
func TestNobodyTakesItUp(t *testing.T) {
	w := newWorld(t, runCommand())
	w.reconcile()
	w.look(2 * time.Minute)
	if n := strings.Count(w.lastComment(), "Tekton has not picked up the PipelineRun"); n != 2 {
		t.Errorf("it is said of %d jobs, want 2: %s", n, w.lastComment())
	}
}

// goingOn is Tekton's condition for the tasks of running jobs.
func goingOn(task string) *apis.Condition {
	if task == run.CollateTask {
		return nil
	}
	return conditionOf(corev1.ConditionUnknown, "Running", "Not all Steps")
}

// TestProwJobsThatNobodyTakesUp checks that ProwJobs which Prow does not pick up are
// reported within ten minutes, and that the others go on.
func TestProwJobsThatNobodyTakesUp(t *testing.T) {
	w := newWorld(t, runCommand())
	slow := w.reconciler.Settings()
	slow.ProgressInterval = time.Hour
	w.reconciler.Settings = func() *settings.Settings { return slow }
	w.reconcile()
	w.createProwJobs()
	w.quietly(func(ctx context.Context) {
		for _, pj := range w.jobs() {
			pj.Status.StartTime = metav1.NewTime(w.clock.Now())
			if strings.Contains(pj.Spec.Job, "e2e") {
				pj.Status.State, pj.Status.PendingTime = prowapi.PendingState, ptrTime(w.clock.Now())
			}
			_, err := w.prow.ProwV1().ProwJobs("prow").Update(ctx, &pj, metav1.UpdateOptions{})
			w.check(err)
		}
	})
	w.tasks(goingOn)
	w.look(3 * time.Minute)
	if strings.Contains(w.lastComment(), "picked it up") {
		t.Errorf("after three minutes it says %s", w.lastComment())
	}
	w.look(7 * time.Minute)
	for _, line := range strings.Split(w.lastComment(), "\n") {
		if strings.HasPrefix(line, "| `pull-unit") && !strings.Contains(line, "Prow has not picked it up") {
			t.Errorf("it says %q", line)
		}
		if strings.HasPrefix(line, "| `pull-e2e") && strings.Contains(line, "picked it up") {
			t.Errorf("of another job it says %q", line)
		}
	}
	if !strings.Contains(w.lastComment(), "Prow has not picked it up") {
		t.Errorf("it says %s", w.lastComment())
	}
}

// TestUnknownCluster has plank's message for an unknown cluster (pkg/plank/reconciler.go).
// It is reported within ten minutes, however rarely progress is.
func TestUnknownCluster(t *testing.T) {
	w := newWorld(t, runCommand())
	slow := w.reconciler.Settings()
	slow.ProgressInterval = time.Hour
	w.reconciler.Settings = func() *settings.Settings { return slow }
	w.reconcile()
	w.createProwJobs()
	w.quietly(func(ctx context.Context) {
		for _, pj := range w.jobs() {
			if !strings.Contains(pj.Spec.Job, "unit") {
				continue
			}
			pj.Spec.Cluster, pj.Status.State, pj.Status.Description = "build99", prowapi.ErrorState, `no build client found for cluster "build99"`
			pj.SetComplete()
			_, err := w.prow.ProwV1().ProwJobs("prow").Update(ctx, &pj, metav1.UpdateOptions{})
			w.check(err)
		}
	})
	w.tasks(goingOn)
	w.look(10 * time.Minute)
	if !strings.Contains(w.lastComment(), "Prow does not know the cluster `build99`") || w.rh.Status.Runs[0].State != v1alpha1.RunRunning {
		t.Errorf("the run is %s: %s", w.rh.Status.Runs[0].State, w.lastComment())
	}
}
