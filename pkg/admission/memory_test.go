package admission

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	pipelinev1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubefake "k8s.io/client-go/kubernetes/fake"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// replace replaces the ConfigMaps of a run, which nobody can do while they are immutable.
func replace(t *testing.T, kube *kubefake.Clientset, immutable bool, jobs ...*prowapi.ProwJob) {
	t.Helper()
	manifest, data := run.Manifest{Name: "run-1"}, map[string]string{}
	for _, pj := range jobs {
		manifest.Jobs = append(manifest.Jobs, run.Job{ProwJob: pj.Name, ConfigMap: "run-1-1"})
		raw, err := json.Marshal(pj)
		if err != nil {
			t.Fatal(err)
		}
		data[pj.Name] = string(raw)
	}
	raw, err := json.Marshal(manifest)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string]map[string]string{"run-1": {run.ManifestKey: string(raw)}, "run-1-1": data} {
		cm := &corev1.ConfigMap{Immutable: &immutable, ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "rehearsals"}, Data: data}
		if _, err := kube.CoreV1().ConfigMaps("rehearsals").Update(context.Background(), cm, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
}

func reads(kube *kubefake.Clientset) (n int) {
	for _, action := range kube.Actions() {
		if action.Matches("get", "configmaps") {
			n++
		}
	}
	kube.ClearActions()
	return n
}

// TestOneRunIsReadOnce counts the reads for all jobs of a run.
func TestOneRunIsReadOnce(t *testing.T) {
	for immutable, want := range map[bool]int{true: 2, false: 2 * 35} {
		j, kube := newJudge(t, handedOver(), func(*pipelinev1.PipelineRun) {})
		var jobs []*prowapi.ProwJob
		for i := range 35 {
			pj := handedOver()
			pj.Name = fmt.Sprintf("job-%d", i)
			jobs = append(jobs, pj)
		}
		replace(t, kube, immutable, jobs...)
		for _, pj := range jobs {
			answers(t, j, asked(t, created(t, pj)), http.StatusOK, "")
		}
		if n := reads(kube); n != want {
			t.Errorf("immutable is %t: ConfigMaps were read %d times for %d ProwJobs, want %d", immutable, n, len(jobs), want)
		}
	}
}

// TestMemoryRefusesNothing checks that an outdated cache does not cause a refusal.
func TestMemoryRefusesNothing(t *testing.T) {
	j, kube := newJudge(t, handedOver(), func(*pipelinev1.PipelineRun) {})
	answers(t, j, asked(t, created(t, handedOver())), http.StatusOK, "")
	other, second := handedOver(), handedOver()
	other.Spec.ExtraRefs = []prowapi.Refs{{Org: "acme", Repo: "widget"}}
	second.Name = "job-2"
	answers(t, j, asked(t, created(t, other)), http.StatusForbidden, "its spec.extra_refs is not")
	answers(t, j, asked(t, created(t, second)), http.StatusServiceUnavailable, "no active run")
	reads(kube)
	replace(t, kube, true, other, second)
	answers(t, j, asked(t, created(t, other)), http.StatusOK, "")
	if n := reads(kube); n != 2 {
		t.Errorf("ConfigMaps were read %d times to replace what was remembered, want 2", n)
	}
	answers(t, j, asked(t, created(t, second)), http.StatusOK, "")
	answers(t, j, asked(t, created(t, handedOver())), http.StatusForbidden, "its spec.extra_refs is not")
}

// TestASchemaIsReadOnce checks that a schema is converted once for each state of the
// definition.
func TestASchemaIsReadOnce(t *testing.T) {
	m, crd := newMemory(), newCRDs(t).crd.DeepCopy()
	crd.UID, crd.ResourceVersion = "u", "1"
	first, err := m.schemaOf(crd, "v1")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := m.schemaOf(crd, "v1"); err != nil || again != first {
		t.Errorf("the same definition was converted again (%v)", err)
	}
	crd.ResourceVersion = "2"
	if other, err := m.schemaOf(crd, "v1"); err != nil || other == first {
		t.Errorf("another definition has the schema of the first (%v)", err)
	}
	if _, err := m.schemaOf(crd, "v2"); err == nil {
		t.Error("a version that is not there has a schema")
	}
}
