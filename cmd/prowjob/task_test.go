package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/tektoncd/pipeline/pkg/apis/pipeline"
	pipelinev1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	tektonfake "github.com/tektoncd/pipeline/pkg/client/clientset/versioned/fake"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	k8sruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	kubefake "k8s.io/client-go/kubernetes/fake"
	k8stesting "k8s.io/client-go/testing"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
	prowfake "sigs.k8s.io/prow/pkg/client/clientset/versioned/fake"

	"github.com/rehearsal-dev/rehearsal/pkg/prowjob"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

func rendered(t *testing.T) *corev1.ConfigMap {
	t.Helper()
	raw, err := json.Marshal(prowapi.ProwJob{
		ObjectMeta: metav1.ObjectMeta{
			Name: "job-1", Namespace: "prow",
			Labels:      map[string]string{run.LabelRehearsalUID: "uid-1", run.LabelRun: "run-1"},
			Annotations: map[string]string{run.AnnotationJob: "pull-widget-e2e"},
		},
		Spec:   prowapi.ProwJobSpec{Job: "rehearse-7-pull-widget-e2e", Namespace: "test-pods"},
		Status: prowapi.ProwJobStatus{State: prowapi.TriggeredState},
	})
	if err != nil {
		t.Fatal(err)
	}
	return &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: "run-1", Namespace: "rehearsals"},
		Data:       map[string]string{"job-1": string(raw), "broken": "{"},
	}
}

func newTaskRun(runName string) *pipelinev1.TaskRun {
	return &pipelinev1.TaskRun{ObjectMeta: metav1.ObjectMeta{
		Name: "task-1", Namespace: "rehearsals",
		Labels: map[string]string{run.LabelRun: runName, pipeline.PipelineRunLabelKey: "pipeline-1"},
	}}
}

func newTask(t *testing.T, objects ...k8sruntime.Object) (*task, *prowfake.Clientset, *bytes.Buffer) {
	t.Helper()
	kube, prow, out := kubefake.NewSimpleClientset(rendered(t)), prowfake.NewSimpleClientset(), &bytes.Buffer{}
	return &task{
		Connection: &prowjob.Connection{
			Kube: kube, Tekton: tektonfake.NewSimpleClientset(objects...), Prow: prow,
			Logs: &prowjob.Logs{},
		},
		namespace: "rehearsals", configMap: "run-1", name: "job-1", out: out,
	}, prow, out
}

// plank completes every ProwJob at once.
func plank(prow *prowfake.Clientset, state prowapi.ProwJobState, description string) {
	prow.PrependReactor("create", "prowjobs", func(action k8stesting.Action) (bool, k8sruntime.Object, error) {
		pj := action.(k8stesting.CreateAction).GetObject().(*prowapi.ProwJob)
		pj.Status.State, pj.Status.Description = state, description
		pj.SetComplete()
		return false, nil, nil
	})
}

func lastLine(out *bytes.Buffer) string {
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	return lines[len(lines)-1]
}

func TestTaskEndsWithTheVerdict(t *testing.T) {
	cases := []struct {
		state       prowapi.ProwJobState
		description string
		ok          bool
		last        string
	}{
		{prowapi.SuccessState, "Job succeeded.", true, "» pull-widget-e2e passed"},
		{prowapi.FailureState, "Job failed.", false, "» pull-widget-e2e failed"},
		{prowapi.AbortedState, "a new push", false, "» pull-widget-e2e aborted: a new push"},
		{prowapi.AbortedState, "Pod running timeout.", false, "» pull-widget-e2e timed out: its pod ran for longer than Prow allows"},
		{prowapi.ErrorState, "Pod scheduling timeout.", false, "» pull-widget-e2e unschedulable: no node took its pod in time"},
	}
	for _, c := range cases {
		t.Run(string(c.state)+" "+c.description, func(t *testing.T) {
			task, prow, out := newTask(t)
			plank(prow, c.state, c.description)
			if ok := task.run(context.Background()); ok != c.ok {
				t.Errorf("ok is %v", ok)
			}
			if last := lastLine(out); last != c.last {
				t.Errorf("ends with %q, want %q", last, c.last)
			}
		})
	}
}

func TestTaskSaysWhatIsMissing(t *testing.T) {
	cases := []struct{ configMap, name, want string }{
		{"run-2", "job-1", `» reading ConfigMap run-2: configmaps "run-2" not found`},
		{"run-1", "job-2", "» ConfigMap run-1 has no key job-2"},
		{"run-1", "broken", "» ConfigMap run-1, key broken: unexpected end of JSON input"},
	}
	for _, c := range cases {
		t.Run(c.configMap+"/"+c.name, func(t *testing.T) {
			task, _, out := newTask(t)
			task.configMap, task.name = c.configMap, c.name
			if task.run(context.Background()) {
				t.Error("succeeded")
			}
			if last := lastLine(out); last != c.want {
				t.Errorf("says %q, want %q", last, c.want)
			}
		})
	}
}

// TestTaskWaitsForTheController checks that a task retries while the webhook does not
// answer.
func TestTaskWaitsForTheController(t *testing.T) {
	for name, no := range map[string]error{
		"webhook unreachable":  apierrors.NewInternalError(errors.New(`failed calling webhook "prowjobs.rehearsal.dev": connection refused`)),
		"run not observed yet": apierrors.NewServiceUnavailable("no active run has handed over the ProwJob job-1"),
		"webhook times out":    apierrors.NewTimeoutError("context deadline exceeded", 0),
	} {
		t.Run(name, func(t *testing.T) {
			task, prow, out := newTask(t)
			plank(prow, prowapi.SuccessState, "Job succeeded.")
			asked := 0
			prow.PrependReactor("create", "prowjobs", func(k8stesting.Action) (bool, k8sruntime.Object, error) {
				asked++
				return asked < 3, nil, no
			})
			if !task.run(context.Background()) || asked != 3 {
				t.Errorf("asked %d times:\n%s", asked, out)
			}
			if want := "» creating the ProwJob job-1: " + no.Error() + "; trying again, for up to 5m0s\n"; strings.Count(out.String(), want) != 1 {
				t.Errorf("says\n%s\nwant once\n%s", out, want)
			}
		})
	}
}

// TestTaskTakesANo checks that a task does not retry after a permanent refusal.
func TestTaskTakesANo(t *testing.T) {
	task, prow, out := newTask(t)
	asked := 0
	prow.PrependReactor("create", "prowjobs", func(k8stesting.Action) (bool, k8sruntime.Object, error) {
		asked++
		return true, nil, apierrors.NewForbidden(prowapi.Resource("prowjobs"), "job-1", errors.New("its spec is not what run run-1 handed over"))
	})
	if task.run(context.Background()) || asked != 1 || !strings.Contains(lastLine(out), "its spec is not what run run-1") {
		t.Errorf("asked %d times:\n%s", asked, out)
	}
}

func TestSignal(t *testing.T) {
	taskRun := func(status pipelinev1.TaskRunSpecStatus, run string) *pipelinev1.TaskRun {
		tr := newTaskRun(run)
		tr.Spec.Status = status
		return tr
	}
	late := taskRun(pipelinev1.TaskRunSpecStatusCancelled, "run-1")
	late.Spec.StatusMessage = pipelinev1.TaskRunCancelledByPipelineTimeoutMsg
	byHand := &pipelinev1.PipelineRun{ObjectMeta: metav1.ObjectMeta{Name: "pipeline-1", Namespace: "rehearsals"}}
	byUs := byHand.DeepCopy()
	byUs.Annotations = map[string]string{run.AnnotationAbortReason: "a new push"}
	const cancelled = pipelinev1.TaskRunSpecStatusCancelled
	cases := []struct {
		name    string
		taskRun string
		objects []k8sruntime.Object
		want    prowapi.ProwJobState
	}{
		{"task run by hand", "", nil, prowapi.AbortedState},
		{"run cancelled", "task-1", []k8sruntime.Object{taskRun(cancelled, "run-1"), byHand}, prowapi.AbortedState},
		{"run cancelled by the controller", "task-1", []k8sruntime.Object{taskRun(cancelled, "run-1"), byUs}, prowapi.TriggeredState},
		{"run that joined the ProwJob cancelled", "task-1", []k8sruntime.Object{taskRun(cancelled, "run-2"), byHand}, prowapi.TriggeredState},
		{"run timed out", "task-1", []k8sruntime.Object{late, byHand}, prowapi.TriggeredState},
		{"pod deleted", "task-1", []k8sruntime.Object{taskRun("", "run-1"), byHand}, prowapi.TriggeredState},
		{"run deleted", "task-1", []k8sruntime.Object{taskRun(cancelled, "run-1")}, prowapi.TriggeredState},
		{"TaskRun cannot be read", "task-1", nil, prowapi.TriggeredState},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			task, prow, out := newTask(t, c.objects...)
			task.taskRun = c.taskRun
			ctx, signal := context.WithCancel(context.Background())
			prow.PrependReactor("create", "prowjobs", func(k8stesting.Action) (bool, k8sruntime.Object, error) {
				signal()
				return false, nil, nil
			})
			if task.run(ctx) {
				t.Error("succeeded")
			}
			pj, err := task.ProwJobs.Get(context.Background(), "job-1", metav1.GetOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if pj.Status.State != c.want || pj.Complete() {
				t.Errorf("the ProwJob is %s, complete: %v\n%s", pj.Status.State, pj.Complete(), out)
			}
		})
	}
}

func TestTaskRunCancelled(t *testing.T) {
	tr := newTaskRun("run-1")
	task, prow, _ := newTask(t, tr, &pipelinev1.PipelineRun{ObjectMeta: metav1.ObjectMeta{Name: "pipeline-1", Namespace: "rehearsals"}})
	task.taskRun = "task-1"
	clients := task.Tekton.(*tektonfake.Clientset)
	clients.PrependWatchReactor("taskruns", func(k8stesting.Action) (bool, watch.Interface, error) {
		tr.Spec.Status = pipelinev1.TaskRunSpecStatusCancelled
		if err := clients.Tracker().Update(pipelinev1.SchemeGroupVersion.WithResource("taskruns"), tr, "rehearsals"); err != nil {
			return true, nil, err
		}
		w := watch.NewFakeWithChanSize(1, false)
		w.Add(tr)
		return true, w, nil
	})
	if task.run(context.Background()) {
		t.Error("succeeded")
	}
	job, err := prow.ProwV1().ProwJobs("prow").Get(context.Background(), "job-1", metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return // cancelled before the ProwJob was created
	}
	if err != nil || job.Status.State != prowapi.AbortedState {
		t.Errorf("got %+v, %v", job, err)
	}
}

func TestFlags(t *testing.T) {
	cases := []struct {
		name string
		args []string
		want int
	}{
		{"help", []string{"--help"}, 0},
		{"no arguments", nil, 2},
		{"--job without a ProwJob", []string{"--job", "run-1"}, 2},
		{"unexpected argument", []string{"--job", "a/b", "c"}, 2},
		{"unknown flag", []string{"--nope"}, 2},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := start(c.args); got != c.want {
				t.Errorf("exits with %d, want %d", got, c.want)
			}
		})
	}
}

// reading returns a ConfigMap of a run with a job that checks out other repositories and
// reads a ConfigMap in another cluster.
func reading(t *testing.T) *corev1.ConfigMap {
	t.Helper()
	pj := prowapi.ProwJob{
		ObjectMeta: metav1.ObjectMeta{
			Name: "job-1", Namespace: "prow", Labels: map[string]string{run.LabelRehearsalUID: "uid-1"},
			Annotations: map[string]string{run.AnnotationJob: "pull-widget-e2e", run.AnnotationInputs: run.InputPlace("run-2", "scripts")},
		},
		Spec: prowapi.ProwJobSpec{
			Job: "rehearse-7-pull-widget-e2e", Cluster: "build01",
			Refs: &prowapi.Refs{Org: "acme", Repo: "config", BaseRef: "main", BaseSHA: "222", Pulls: []prowapi.Pull{{Number: 7, SHA: "111"}}},
			ExtraRefs: []prowapi.Refs{
				{Org: "acme", Repo: "widget", BaseRef: "main", BaseSHA: "333"}, {Org: "acme", Repo: "helpers", BaseRef: "v1"},
			},
		},
		Status: prowapi.ProwJobStatus{State: prowapi.TriggeredState},
	}
	input := corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "scripts", Namespace: "test-pods"}, Data: map[string]string{"run.sh": "true"}}
	data := map[string]string{}
	for name, object := range map[string]any{"job-1": pj, "scripts": input} {
		raw, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		data[name] = string(raw)
	}
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "run-2", Namespace: "rehearsals"}, Data: data}
}

func TestTaskCreatesWhatTheJobReads(t *testing.T) {
	task, prow, out := newTask(t)
	build := kubefake.NewSimpleClientset()
	task.Kube, task.configMap, task.Clusters = kubefake.NewSimpleClientset(reading(t)), "run-2", prowjob.Clusters{"build01": build}
	prow.PrependReactor("create", "prowjobs", func(k8stesting.Action) (bool, k8sruntime.Object, error) {
		if _, err := build.CoreV1().ConfigMaps("test-pods").Get(context.Background(), "scripts", metav1.GetOptions{}); err != nil {
			t.Errorf("the ProwJob comes before its ConfigMap: %v", err)
		}
		return false, nil, nil
	})
	plank(prow, prowapi.SuccessState, "")
	if !task.run(context.Background()) {
		t.Errorf("failed:\n%s", out)
	}
	want := `» checks out acme/config main at 222 with #7 at 111
» checks out acme/widget main at 333
» checks out acme/helpers v1, whatever its commit is then
» reads the ConfigMap scripts, which has the content of the pull request
» pull-widget-e2e runs as the ProwJob prow/job-1 in the cluster build01
`
	if !strings.HasPrefix(out.String(), want) {
		t.Errorf("says\n%s\nwant\n%s", out, want)
	}
}

func TestTaskWithoutWhatTheJobReads(t *testing.T) {
	damaged := reading(t)
	delete(damaged.Data, "scripts")
	cases := []struct {
		name     string
		handover *corev1.ConfigMap
		clusters prowjob.Clusters
		want     string
	}{
		{"unknown cluster", reading(t), nil, "» creating the ConfigMap test-pods/scripts in the cluster build01: no kubeconfig for this cluster"},
		{"stored ConfigMap missing", damaged, prowjob.Clusters{"build01": kubefake.NewSimpleClientset()}, "» ConfigMap run-2 has no key scripts"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			task, prow, out := newTask(t)
			task.Kube, task.configMap, task.Clusters = kubefake.NewSimpleClientset(c.handover), "run-2", c.clusters
			if task.run(context.Background()) {
				t.Error("succeeded")
			}
			if last := lastLine(out); last != c.want {
				t.Errorf("says %q, want %q", last, c.want)
			}
			if n := len(prow.Actions()); n > 0 {
				t.Errorf("%d calls were made about the ProwJob", n)
			}
		})
	}
}

// TestStoppedBeforeAnythingWasMade checks the exit status that makes the controller start
// another task.
func TestStoppedBeforeAnythingWasMade(t *testing.T) {
	task, prow, _ := newTask(t)
	ctx, cancel := context.WithCancel(t.Context())
	prow.PrependReactor("create", "prowjobs", func(k8stesting.Action) (bool, k8sruntime.Object, error) {
		cancel()
		return true, nil, errors.New("connection refused")
	})
	if code := task.exitCode(task.run(ctx), ctx.Err() != nil); code != 143 {
		t.Errorf("stopped before there is a ProwJob, it exits with %d", code)
	}
	task, prow, _ = newTask(t)
	plank(prow, prowapi.FailureState, "Job failed.")
	if code := task.exitCode(task.run(t.Context()), true); code != 1 {
		t.Errorf("after a job that failed, it exits with %d", code)
	}
}
