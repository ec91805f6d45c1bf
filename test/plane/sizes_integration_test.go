//go:build integration

package plane

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// largest is the maximum size of an object of a run.
const largest = 600 << 10

// specification is the approximate size of each job's specification.
const specification = 64 << 10

// TestSizes runs 500 jobs with large specifications, and measures all objects of the run in
// the namespace.
func TestSizes(t *testing.T) {
	var jobs []string
	for i := range 500 {
		jobs = append(jobs, fmt.Sprintf("pull-ci-acme-widget-main-e2e-aws-upgrade-%03d", i))
	}
	p := Start(t, Options{
		Controllers: 1, Receivers: 1, Lease: 15 * time.Second, Jobs: jobs, Settings: "page_url: https://pages.example",
		Spec: "env: [{name: PADDING, value: " + strings.Repeat("x", specification) + "}]\n",
	})
	pull := p.OpenPull(jobs...)
	p.Say(pull, Maintainer, "/pj-rehearse all")
	rehearsals := p.Rehearsals.RehearsalV1alpha1().Rehearsals(rig.Namespace)
	sizes := map[string]int{}
	p.check(rig.Until(t.Context(), 15*time.Minute, "the run to pass", func(ctx context.Context) (string, bool, error) {
		list, err := rehearsals.List(ctx, metav1.ListOptions{})
		if err != nil || len(list.Items) == 0 || len(list.Items[0].Status.Runs) == 0 {
			return "no run", false, err
		}
		r := list.Items[0].Status.Runs[0]
		// It is largest while the run goes on: the results of jobs are kept for as long.
		sizes["Rehearsal "+list.Items[0].Name] = max(sizes["Rehearsal "+list.Items[0].Name], size(t, list.Items[0]))
		return fmt.Sprintf("%s: %d of %d passed, %d failed; %s", r.State, r.Passed, r.Total, r.Failed, r.Message), r.State == v1alpha1.RunPassed, nil
	}))
	pipelineRuns, err := p.Tekton.TektonV1().PipelineRuns(rig.Namespace).List(t.Context(), metav1.ListOptions{})
	p.check(err)
	for _, pr := range pipelineRuns.Items {
		if len(pr.Spec.PipelineSpec.Tasks) != 500 || len(pr.Status.ChildReferences) != 501 {
			t.Errorf("the PipelineRun has %d tasks and %d TaskRuns", len(pr.Spec.PipelineSpec.Tasks), len(pr.Status.ChildReferences))
		}
		sizes["PipelineRun "+pr.Name] = size(t, pr)
	}
	configMaps, err := p.Kube.CoreV1().ConfigMaps(rig.Namespace).List(t.Context(), metav1.ListOptions{})
	p.check(err)
	for _, cm := range configMaps.Items {
		sizes["ConfigMap "+cm.Name] = cm.Size() // etcd stores it as protobuf
	}
	most := map[string]int{}
	for name, n := range sizes {
		kind, _, _ := strings.Cut(name, " ")
		most[kind] = max(most[kind], n)
		if n > largest {
			t.Errorf("%s has %d KiB", name, n>>10)
		}
	}
	for kind, n := range most {
		t.Logf("the largest %s has %d KiB", kind, n>>10)
	}
	if len(configMaps.Items) < 500*specification/largest {
		t.Errorf("%d ConfigMaps cannot hold 500 specifications of %d KiB", len(configMaps.Items), specification>>10)
	}
}

// size returns the size of an object in etcd, including managedFields.
func size(t *testing.T, object any) int {
	t.Helper()
	raw, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return len(raw)
}
