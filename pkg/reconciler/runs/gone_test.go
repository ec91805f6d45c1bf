package runs

import (
	"testing"

	pipelinev1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// TestKilledTasksAreContinued checks that a job without a ProwJob is run again if its task
// was killed. If the task ended by itself, somebody deleted the ProwJob, and it is not.
func TestKilledTasksAreContinued(t *testing.T) {
	for code, want := range map[int32]int{1: 0, 2: 0, 137: 1, 143: 1} {
		step := pipelinev1.StepState{ContainerState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code}}}
		tr := &pipelinev1.TaskRun{}
		tr.Status.PodName, tr.Status.Steps = "pod", []pipelinev1.StepState{step}
		kept, err := Slim(tr)
		if err != nil {
			t.Fatal(err)
		}
		taskRuns := map[string]*pipelinev1.TaskRun{"a": kept.(*pipelinev1.TaskRun)}
		outcomes := []run.Outcome{{Job: run.Job{ProwJob: "a", Task: "a"}, Verdict: run.NotStarted}}
		if got := unscheduled(&v1alpha1.RunStatus{}, &pipelinev1.PipelineRun{}, taskRuns, outcomes); len(got) != want {
			t.Errorf("after exit code %d %v are continued, want %d", code, got, want)
		}
	}
}

// TestUnscheduledIsRemembered continues a run whose PipelineRun is pruned before the next
// one is created.
func TestUnscheduledIsRemembered(t *testing.T) {
	pull := run.Outcome{Job: run.Job{ProwJob: "a", Task: "a"}, Verdict: run.NotStarted}
	other := run.Outcome{Job: run.Job{ProwJob: "b", Task: "b"}, Verdict: run.NotStarted}
	r := &v1alpha1.RunStatus{PipelineRunEnd: &v1alpha1.PipelineRunEnd{Unscheduled: []string{"a"}}}
	got := unscheduled(r, nil, nil, []run.Outcome{pull, other})
	if len(got) != 1 || got[0].ProwJob != "a" {
		t.Errorf("unscheduled are %v", got)
	}
	if got := unscheduled(&v1alpha1.RunStatus{}, nil, nil, []run.Outcome{pull}); len(got) != 0 {
		t.Errorf("nobody knows, and unscheduled are %v", got)
	}
}

// TestJobEndsAreBounded checks that status keeps no more ends of jobs than etcd can store.
func TestJobEndsAreBounded(t *testing.T) {
	r := &v1alpha1.RunStatus{}
	var outcomes []run.Outcome
	for _, name := range []string{"a", "b", "c"} {
		outcomes = append(outcomes, run.Outcome{Job: run.Job{ProwJob: name}, Verdict: run.Passed, Finished: noon})
	}
	s := situation{run: r, outcomes: outcomes, now: noon}
	remember(r, s, 2)
	remember(r, s, 0)
	rh := &v1alpha1.Rehearsal{Status: v1alpha1.RehearsalStatus{Runs: []v1alpha1.RunStatus{*r, *r}}}
	if len(r.JobEnds) != 2 || jobEnds(rh) != 4 {
		t.Errorf("kept are %v, %d in two such runs", r.JobEnds, jobEnds(rh))
	}
}
