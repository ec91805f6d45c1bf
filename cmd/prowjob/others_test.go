package main

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	k8sruntime "k8s.io/apimachinery/pkg/runtime"
	kubefake "k8s.io/client-go/kubernetes/fake"
	k8stesting "k8s.io/client-go/testing"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// stored returns a ConfigMap of a run with the named ProwJobs and other data. The run has
// joined job-3.
func stored(t *testing.T, names ...string) *corev1.ConfigMap {
	t.Helper()
	data := map[string]string{run.ManifestKey: `{"name": "run-1"}`, "broken": "{"}
	for _, name := range names {
		of := "run-1"
		if name == "job-3" {
			of = "run-0"
		}
		raw, err := json.Marshal(prowapi.ProwJob{
			ObjectMeta: metav1.ObjectMeta{
				Name: name, Namespace: "prow", Labels: map[string]string{run.LabelRehearsalUID: "uid-1", run.LabelRun: of},
			},
			Spec: prowapi.ProwJobSpec{Job: "rehearse-7-" + name, Namespace: "test-pods"},
		})
		if err != nil {
			t.Fatal(err)
		}
		data[name] = string(raw)
	}
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "run-1", Namespace: "rehearsals"}, Data: data}
}

// TestATaskStartsOthers checks that jobs start before the pods of their tasks, and that
// no ProwJob is created that another task has created or somebody has deleted.
func TestATaskStartsOthers(t *testing.T) {
	all := []string{"job-1", "job-2", "job-3", "job-4", "job-5"}
	for name, c := range map[string]struct {
		name, pipelineRun string
		there             []string
		refused           string
		want              []string
	}{
		"first task":                        {name: "job-1", pipelineRun: "run-1", want: []string{"job-1", "job-2", "job-4", "job-5"}},
		"task in the middle":                {name: "job-4", pipelineRun: "run-1", want: []string{"job-4", "job-5", "job-1", "job-2"}},
		"up to the ProwJob of another task": {name: "job-4", pipelineRun: "run-1", there: []string{"job-1"}, want: []string{"job-4", "job-5"}},
		"own ProwJob exists":                {name: "job-1", pipelineRun: "run-1", there: []string{"job-1"}},
		"second PipelineRun of the run":     {name: "job-1", pipelineRun: "run-1-c2", want: []string{"job-1"}},
		"task of an earlier version":        {name: "job-1", want: []string{"job-1"}},
		"own ProwJob joined":                {name: "job-3", pipelineRun: "run-1", want: []string{"job-3"}},
		"one of the others refused":         {name: "job-1", pipelineRun: "run-1", refused: "job-4", want: []string{"job-1", "job-2"}},
	} {
		t.Run(name, func(t *testing.T) {
			task, prow, out := newTask(t)
			task.Kube, task.name, task.pipelineRun = kubefake.NewSimpleClientset(stored(t, all...)), c.name, c.pipelineRun
			for _, there := range c.there {
				pj := &prowapi.ProwJob{
					ObjectMeta: metav1.ObjectMeta{Name: there, Namespace: "prow", Labels: map[string]string{run.LabelRehearsalUID: "uid-1"}},
					Status:     prowapi.ProwJobStatus{State: prowapi.SuccessState},
				}
				pj.SetComplete()
				if err := prow.Tracker().Add(pj); err != nil {
					t.Fatal(err)
				}
			}
			var made []string
			plank(prow, prowapi.SuccessState, "")
			prow.PrependReactor("create", "prowjobs", func(action k8stesting.Action) (bool, k8sruntime.Object, error) {
				name := action.(k8stesting.CreateAction).GetObject().(*prowapi.ProwJob).Name
				if name == c.refused {
					return true, nil, errors.New("no")
				}
				if !slices.Contains(c.there, name) {
					made = append(made, name)
				}
				return false, nil, nil
			})
			if !task.run(context.Background()) {
				t.Errorf("failed:\n%s", out)
			}
			if !slices.Equal(made, c.want) {
				t.Errorf("made %v, want %v", made, c.want)
			}
			if says := strings.Contains(out.String(), "more ProwJobs of this run"); says != (len(made) > 1) {
				t.Errorf("says:\n%s", out)
			}
		})
	}
}

// TestNoOthersAfterASignal checks that a task that must stop creates no other ProwJobs.
func TestNoOthersAfterASignal(t *testing.T) {
	task, prow, _ := newTask(t)
	task.Kube, task.pipelineRun = kubefake.NewSimpleClientset(stored(t, "job-1", "job-2", "job-4")), "run-1"
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	prow.PrependReactor("create", "prowjobs", func(k8stesting.Action) (bool, k8sruntime.Object, error) {
		if ctx.Err() != nil {
			t.Error("a ProwJob is made after the signal")
		}
		cancel()
		return false, nil, nil
	})
	task.run(ctx)
}
