package runs

import (
	"strings"
	"testing"
	"time"

	pipelinev1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"knative.dev/pkg/apis"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

var (
	noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	head = strings.Repeat("a", 40)
)

func pipelineRun(status corev1.ConditionStatus, reason string) *pipelinev1.PipelineRun {
	pr := &pipelinev1.PipelineRun{}
	pr.Status.SetCondition(&apis.Condition{Type: apis.ConditionSucceeded, Status: status, Reason: reason})
	return pr
}

func TestNext(t *testing.T) {
	var (
		live    = pipelineRun(corev1.ConditionUnknown, "Running")
		failed  = pipelineRun(corev1.ConditionFalse, "Failed")
		timeout = pipelineRun(corev1.ConditionFalse, pipelinev1.PipelineRunReasonTimedOut.String())

		justNow = pipelineRun(corev1.ConditionFalse, "Failed")

		passed  = run.Outcome{Verdict: run.Passed, Finished: noon}
		lost    = run.Outcome{Verdict: run.Failed, Finished: noon}
		running = run.Outcome{Verdict: run.Running}
		ending  = run.Outcome{Verdict: run.Aborted}
		never   = run.Outcome{Verdict: run.NotStarted}

		pending  = v1alpha1.RunStatus{State: v1alpha1.RunPending}
		dropped  = v1alpha1.RunStatus{State: v1alpha1.RunPending, AbortReason: "x"}
		running1 = v1alpha1.RunStatus{State: v1alpha1.RunRunning, Attempt: 1}
		last     = v1alpha1.RunStatus{State: v1alpha1.RunRunning, Attempt: MaxAttempts}
		aborting = v1alpha1.RunStatus{State: v1alpha1.RunAborting, Attempt: 1, AbortReason: "x"}
	)
	justNow.Status.CompletionTime = &metav1.Time{Time: noon.Add(-time.Second)}
	list := func(o ...run.Outcome) []run.Outcome { return o }
	for name, tc := range map[string]struct {
		s    situation
		late bool
		want step
	}{
		"over":                              {s: situation{run: &v1alpha1.RunStatus{State: v1alpha1.RunPassed, AbortReason: "x"}}, want: stepNone},
		"pending, planning goes on":         {s: situation{run: &pending}, want: stepWait},
		"pending, planned":                  {s: situation{run: &pending, planned: true}, want: stepStart},
		"pending, cannot be planned":        {s: situation{run: &pending, planError: "conflict"}, want: stepReject},
		"aborted before it started":         {s: situation{run: &dropped, planned: true}, want: stepDrop},
		"running":                           {s: situation{run: &running1, pipelineRun: live, outcomes: list(running)}, want: stepWait},
		"running, a job has failed":         {s: situation{run: &running1, pipelineRun: live, outcomes: list(lost, running)}, want: stepWait},
		"ended, reported":                   {s: situation{run: &running1, pipelineRun: failed, reported: true, outcomes: list(passed, lost)}, want: stepFinish},
		"ended, finally did not report":     {s: situation{run: &running1, pipelineRun: failed, outcomes: list(passed, lost)}, want: stepPublish},
		"ended, a ProwJob is still running": {s: situation{run: &running1, pipelineRun: failed, outcomes: list(passed, running)}, want: stepWait},
		"ended, a task was never scheduled, a ProwJob is still running": {s: situation{run: &running1, pipelineRun: failed, outcomes: list(never, running)}, want: stepContinue},
		"a task was never scheduled":                                    {s: situation{run: &running1, pipelineRun: failed, reported: true, outcomes: list(lost, never)}, want: stepContinue},
		"a task was never scheduled, before the retry pause is over":    {s: situation{run: &running1, pipelineRun: justNow, reported: true, outcomes: list(lost, never)}, want: stepWait},
		"a task was never scheduled, all attempts used":                 {s: situation{run: &last, pipelineRun: failed, reported: true, outcomes: list(lost, never)}, want: stepPublish},
		"a task was not scheduled because the PipelineRun timed out":    {s: situation{run: &running1, pipelineRun: timeout, outcomes: list(lost, never)}, want: stepPublish},
		"a task was never scheduled, past the deadline":                 {s: situation{run: &running1, pipelineRun: failed, outcomes: list(lost, never)}, late: true, want: stepPublish},
		"aborting, tasks still running":                                 {s: situation{run: &aborting, pipelineRun: live, outcomes: list(ending)}, want: stepAbort},
		"aborting, tasks over, a pod still running":                     {s: situation{run: &aborting, pipelineRun: failed, outcomes: list(ending)}, want: stepAbort},
		"aborting, a pod still running past the deadline":               {s: situation{run: &aborting, pipelineRun: failed, reported: true, outcomes: list(ending)}, late: true, want: stepFinish},
		"aborted, reported":                                             {s: situation{run: &aborting, pipelineRun: failed, reported: true, outcomes: list(lost, never)}, want: stepFinish},
		"aborted, finally did not report":                               {s: situation{run: &aborting, pipelineRun: failed, outcomes: list(lost, never)}, want: stepPublish},
		"aborting, the PipelineRun is gone, no ProwJob running":         {s: situation{run: &aborting, outcomes: list(lost)}, want: stepPublish},
		"aborting, the PipelineRun is gone, a ProwJob running":          {s: situation{run: &aborting, outcomes: list(running)}, want: stepAbort},
	} {
		t.Run(name, func(t *testing.T) {
			tc.s.now, tc.s.deadline = noon, noon.Add(time.Hour)
			for _, o := range tc.s.outcomes {
				if o.Verdict == run.NotStarted {
					tc.s.unscheduled = append(tc.s.unscheduled, o.Job)
				}
			}
			if tc.late {
				tc.s.deadline = noon.Add(-time.Hour)
			}
			if got := next(tc.s); got != tc.want {
				t.Errorf("next step is %s, want %s", got, tc.want)
			}
		})
	}
}

func TestOverdue(t *testing.T) {
	running := []run.Outcome{{Verdict: run.Running}}
	over := []run.Outcome{{Verdict: run.Passed, Finished: noon}}
	for name, tc := range map[string]struct {
		state    v1alpha1.RunState
		pr       *pipelinev1.PipelineRun
		outcomes []run.Outcome
		deadline time.Time
		want     bool
	}{
		"tasks and a ProwJob running before the deadline": {v1alpha1.RunRunning, pipelineRun(corev1.ConditionUnknown, ""), running, noon.Add(time.Second), false},
		"tasks running at the deadline":                   {v1alpha1.RunRunning, pipelineRun(corev1.ConditionUnknown, ""), over, noon, true},
		"a ProwJob running at the deadline, tasks over":   {v1alpha1.RunRunning, pipelineRun(corev1.ConditionFalse, ""), running, noon, true},
		"everything over at the deadline":                 {v1alpha1.RunRunning, pipelineRun(corev1.ConditionFalse, ""), over, noon, false},
		"already aborting at the deadline":                {v1alpha1.RunAborting, pipelineRun(corev1.ConditionUnknown, ""), running, noon, false},
		"pending, no deadline":                            {v1alpha1.RunPending, nil, nil, time.Time{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := situation{run: &v1alpha1.RunStatus{State: tc.state}, pipelineRun: tc.pr, outcomes: tc.outcomes, deadline: tc.deadline, now: noon}
			if got := s.overdue(); got != tc.want {
				t.Errorf("overdue: %v, want %v", got, tc.want)
			}
		})
	}
}
