package render

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

func somePod() *corev1.PodSpec {
	return &corev1.PodSpec{Containers: []corev1.Container{{Image: "registry/tools:1", Command: []string{"make"}}}}
}

func TestDescribe(t *testing.T) {
	jobs := Jobs(loadJobs(t), testInput)
	reader := find(t, jobs, "pull-widget-reader")
	in := inputsFor(func(*ConfigMap) {}, reader)
	in.Tips = map[string]string{TipKey("acme/widget", "main"): tip}
	for name, want := range map[string]Description{
		"pull-widget-reader": {
			Argument: "pull-widget-reader", Rerun: "/pj-rehearse pull-widget-reader", Type: "presubmit",
			Repo: "acme/widget", Branch: "main", Name: "rehearse-12-pull-widget-reader",
			Context: "ci/rehearse/acme/widget/main/pull-widget-reader", Cluster: "build01", Agent: "kubernetes",
			Timeout: 2*time.Hour + 10*time.Minute,
			Checkouts: []run.Checkout{
				{Repo: "acme/copy", Ref: "main"}, {Repo: "acme/fork", Ref: "main"}, {Repo: "acme/helpers", Ref: "v1"},
				{Repo: "acme/pinned", Ref: "main", SHA: "4444444444444444444444444444444444444444"},
				{Repo: "acme/widget", Ref: "main", SHA: tip},
			},
			ConfigMaps: []string{"scripts"},
		},
		"periodic-alone": {
			Argument: "periodic-alone", Rerun: "/pj-rehearse periodic-alone", Type: "periodic", Name: "rehearse-12-periodic-alone",
			Context: "ci/rehearse/periodic-alone", Cluster: "default", Agent: "kubernetes",
		},
		"pull-widget-jenkins": {
			Problem: "agent jenkins: only kubernetes jobs are rehearsed", Argument: "pull-widget-jenkins", Type: "presubmit",
			Repo: "acme/widget", Cluster: "default", Agent: "jenkins",
		},
		"pull-gadget-clash": {
			Problem:  "acme/config and acme/gadget would be checked out in the same place, src/github.example.com/acme/config",
			Argument: "pull-gadget-clash", Type: "presubmit", Repo: "acme/gadget", Branch: "main", Cluster: "default", Agent: "kubernetes",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(want, Describe(find(t, jobs, name), in)); diff != "" {
				t.Errorf("description differs (-want +got):\n%s", diff)
			}
		})
	}
}

// TestComplete completes two postsubmits of a long plan, of which one may be rehearsed.
func TestComplete(t *testing.T) {
	list := loadJobs(t)
	var outlines []affected.Job
	for _, a := range list {
		a.Outline, a.Before = true, affected.Effective{}
		outlines = append(outlines, a)
	}
	jobs := Jobs(outlines, testInput)
	for _, name := range []string{"post-widget-images", "post-widget-publish"} {
		if j := find(t, jobs, name); j.Problem != "" || j.Offered() {
			t.Errorf("%s: problem %q, offered %t, before it is known", name, j.Problem, j.Offered())
		}
	}
	if d := Describe(find(t, jobs, "pull-widget-unit"), testInput); d.Problem != "only its outline is known" {
		t.Errorf("an outline is described: %+v", d)
	}
	complete := Complete(jobs, list)
	for name, want := range map[string]string{"post-widget-images": "", "post-widget-publish": postsubmitProblem} {
		if j := find(t, complete, name); j.Problem != want || j.context == "" {
			t.Errorf("%s: problem %q, want %q", name, j.Problem, want)
		}
	}
	if diff := cmp.Diff(labels(jobs), labels(complete)); diff != "" {
		t.Errorf("the order changes (-before +after):\n%s", diff)
	}
}
