package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// TestTaskCreatesWhatWasApproved checks that a ProwJob with an approval for another
// specification is not created.
func TestTaskCreatesWhatWasApproved(t *testing.T) {
	for name, change := range map[string]func(pj *prowapi.ProwJob){
		"as it was approved":           func(*prowapi.ProwJob) {},
		"changed after the approval":   func(pj *prowapi.ProwJob) { pj.Spec.Cluster = "vault" },
		"with the approval of another": func(pj *prowapi.ProwJob) { pj.Annotations[run.AnnotationApproved] = strings.Repeat("0", 64) },
	} {
		t.Run(name, func(t *testing.T) {
			task, prow, out := newTask(t)
			plank(prow, prowapi.SuccessState, "Job succeeded.")
			cm := rendered(t)
			var pj prowapi.ProwJob
			if err := json.Unmarshal([]byte(cm.Data["job-1"]), &pj); err != nil {
				t.Fatal(err)
			}
			hash, err := run.SpecHash(pj.Spec)
			if err != nil {
				t.Fatal(err)
			}
			pj.Annotations[run.AnnotationApproved], pj.Annotations[run.AnnotationApprovedBy] = hash, "base"
			change(&pj)
			raw, err := json.Marshal(pj)
			if err != nil {
				t.Fatal(err)
			}
			cm.Data["job-1"] = string(raw)
			if _, err := task.Kube.CoreV1().ConfigMaps(cm.Namespace).Update(context.Background(), cm, metav1.UpdateOptions{}); err != nil {
				t.Fatal(err)
			}
			want := name == "as it was approved"
			if got := task.run(context.Background()); got != want {
				t.Errorf("run = %t: %s", got, out)
			}
			list, err := prow.ProwV1().ProwJobs("prow").List(context.Background(), metav1.ListOptions{})
			if err != nil || len(list.Items) == 1 != want {
				t.Errorf("%d ProwJobs (%v)", len(list.Items), err)
			}
		})
	}
}
