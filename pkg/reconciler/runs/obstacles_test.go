package runs

import (
	"fmt"
	"strings"
	"testing"
	"time"

	pipelinev1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"knative.dev/pkg/apis"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// Messages that Tekton writes into conditions (pkg/pod/status.go and
// pkg/reconciler/taskrun/taskrun.go).
const quotaExceeded = `TaskRun Pod exceeded available resources: pods "acme-config-7-1-0-pull-unit-1234-pod" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=5, limited: pods=5`

func conditionOf(status corev1.ConditionStatus, reason, message string) *apis.Condition {
	return &apis.Condition{Type: apis.ConditionSucceeded, Status: status, Reason: reason, Message: message}
}

func TestTaskObstacle(t *testing.T) {
	unknown, no, yes := corev1.ConditionUnknown, corev1.ConditionFalse, corev1.ConditionTrue
	for name, tc := range map[string]struct {
		age       time.Duration
		condition *apis.Condition
		want      string
		again     time.Duration
	}{
		"just created":               {time.Second, nil, "", startTime - time.Second},
		"not picked up":              {startTime, nil, "Tekton has not picked up its task", 0},
		"pending for a short time":   {10 * time.Second, conditionOf(unknown, "Pending", "Pending"), "", startTime - 10*time.Second},
		"pending for a long time":    {time.Minute, conditionOf(unknown, "Pending", `pod status "PodScheduled":"False"; message: "0/3 nodes are available"`), `its task does not start: Pending: pod status "PodScheduled":"False"; message: "0/3 nodes are available"`, 0},
		"quota exceeded":             {time.Minute, conditionOf(unknown, "ExceededResourceQuota", quotaExceeded), "its task does not start: ExceededResourceQuota: exceeded quota: compute, requested: pods=1, used: pods=5, limited: pods=5", 0},
		"nodes are full":             {time.Minute, conditionOf(unknown, "ExceededNodeResources", "TaskRun Pod exceeded available resources"), "its task does not start: ExceededNodeResources: TaskRun Pod exceeded available resources", 0},
		"image cannot be pulled":     {time.Minute, conditionOf(unknown, "PullImageFailed", `build step "step-run" is pending with reason "Back-off pulling image"`), `its task does not start: PullImageFailed: build step "step-run" is pending with reason "Back-off pulling image"`, 0},
		"started without a pod":      {time.Minute, conditionOf(unknown, "Started", ""), "its task does not start: Started", 0},
		"refused by PodSecurity":     {time.Second, conditionOf(no, "PodAdmissionFailed", `pods "x" is forbidden: violates PodSecurity "restricted:latest"`), `its task could not start: PodAdmissionFailed: violates PodSecurity "restricted:latest"`, 0},
		"running":                    {time.Hour, conditionOf(unknown, "Running", "Not all Steps"), "", 0},
		"succeeded":                  {time.Hour, conditionOf(yes, "Succeeded", "All Steps"), "", 0},
		"condition without a reason": {time.Minute, conditionOf(unknown, "", "x"), "its task does not start: Unknown: x", 0},
	} {
		t.Run(name, func(t *testing.T) {
			tr := &pipelinev1.TaskRun{ObjectMeta: metav1.ObjectMeta{CreationTimestamp: metav1.NewTime(noon.Add(-tc.age))}}
			if tc.condition != nil {
				tr.Status.SetCondition(tc.condition)
			}
			why, again := taskObstacle(tr, noon)
			if why != tc.want || again != tc.again {
				t.Errorf("got %q and %s, want %q and %s", why, again, tc.want, tc.again)
			}
		})
	}
}

func TestPipelineObstacle(t *testing.T) {
	for name, tc := range map[string]struct {
		age       time.Duration
		condition *apis.Condition
		taskRuns  int
		want      string
		again     time.Duration
	}{
		"just created":                 {0, nil, 0, "", startTime},
		"not picked up":                {time.Minute, nil, 0, "Tekton has not picked up the PipelineRun", 0},
		"Task missing":                 {time.Second, conditionOf(corev1.ConditionFalse, "CouldntGetTask", "no Task"), 0, "the PipelineRun could not start: CouldntGetTask: no Task", 0},
		"pending":                      {time.Minute, conditionOf(corev1.ConditionUnknown, "PipelineRunPending", ""), 0, "the PipelineRun does not start: PipelineRunPending", 0},
		"running":                      {time.Minute, conditionOf(corev1.ConditionUnknown, "Running", "x"), 1, "", 0},
		"failed after it had TaskRuns": {time.Minute, conditionOf(corev1.ConditionFalse, "Failed", "x"), 1, "", 0},
		"succeeded without TaskRuns":   {time.Minute, conditionOf(corev1.ConditionTrue, "Completed", ""), 0, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			pr := &pipelinev1.PipelineRun{ObjectMeta: metav1.ObjectMeta{CreationTimestamp: metav1.NewTime(noon.Add(-tc.age))}}
			if tc.condition != nil {
				pr.Status.SetCondition(tc.condition)
			}
			why, again := pipelineObstacle(pr, tc.taskRuns, noon)
			if why != tc.want || again != tc.again {
				t.Errorf("got %q and %s, want %q and %s", why, again, tc.want, tc.again)
			}
		})
	}
}

// TestNumbersAreNoNews checks that a comment is not edited whenever other pods take or
// release a part of a quota.
func TestNumbersAreNoNews(t *testing.T) {
	outcomes := []run.Outcome{{Job: run.Job{Task: "a"}}}
	of := func(why string) string { return obstacles{jobs: map[string]string{"a": why}}.digest(outcomes) }
	if of("exceeded quota, used: pods=5") != of("exceeded quota, used: pods=6") {
		t.Error("another number is news")
	}
	if of("exceeded quota") == of("no node") || of("no node") == (obstacles{}).digest(outcomes) {
		t.Error("another obstacle is none")
	}
}

// TestSecretsInObstacles checks that obstacles contain no secrets.
func TestSecretsInObstacles(t *testing.T) {
	outcomes := []run.Outcome{{Job: run.Job{Task: "a"}, Verdict: run.NotStarted}, {Job: run.Job{Task: "b"}, Verdict: run.Running}}
	o := obstacles{jobs: map[string]string{"a": "pulling https://user:hunter2@registry.example, key s3cr3tvalue", "b": "x"}}
	o.explain(outcomes, []string{"s3cr3tvalue"})
	if s := fmt.Sprint(outcomes[0].Detail, outcomes[1].Detail); strings.Contains(s, "hunter2") || strings.Contains(s, "s3cr3tvalue") || strings.Contains(s, "x") && outcomes[1].Detail != "" {
		t.Errorf("it says %q", s)
	}
}
