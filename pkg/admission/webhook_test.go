package admission

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	pipelinev1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	pipelinelisters "github.com/tektoncd/pipeline/pkg/client/listers/pipeline/v1"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	kubefake "k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/client-go/tools/cache"
	"k8s.io/utils/ptr"
	"knative.dev/pkg/apis"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
	"sigs.k8s.io/yaml"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// crds has the CustomResourceDefinition of ProwJobs, or none.
type crds struct {
	crd  *apiextensionsv1.CustomResourceDefinition
	read int
}

func (c *crds) Get(context.Context, string, metav1.GetOptions) (*apiextensionsv1.CustomResourceDefinition, error) {
	c.read++
	if c.crd == nil {
		return nil, errors.New("no API server")
	}
	return c.crd, nil
}

// newCRDs returns a definition in which ports have a default, and hostUsers is unknown.
func newCRDs(t *testing.T) *crds {
	t.Helper()
	crd := &apiextensionsv1.CustomResourceDefinition{}
	err := yaml.UnmarshalStrict([]byte(`
metadata: {name: prowjobs.prow.k8s.io}
spec:
  versions:
  - name: v1
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            x-kubernetes-preserve-unknown-fields: true
            properties:
              pod_spec:
                type: object
                properties:
                  containers:
                    type: array
                    items:
                      type: object
                      x-kubernetes-preserve-unknown-fields: true
                      properties:
                        ports:
                          type: array
                          items:
                            type: object
                            properties:
                              containerPort: {type: integer}
                              protocol: {type: string, default: TCP}
          status:
            type: object
            x-kubernetes-preserve-unknown-fields: true
`), crd)
	if err != nil {
		t.Fatal(err)
	}
	return &crds{crd: crd}
}

// newJudge returns a judge for a run with one job and one PipelineRun.
func newJudge(t *testing.T, pj *prowapi.ProwJob, change func(*pipelinev1.PipelineRun)) (*validator, *kubefake.Clientset) {
	t.Helper()
	text := func(v any) string {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	manifest := run.Manifest{Name: "run-1", Jobs: []run.Job{{Name: "pull-unit", ProwJob: pj.Name, ConfigMap: "run-1-1"}}}
	kube := kubefake.NewSimpleClientset(
		&corev1.ConfigMap{Immutable: ptr.To(true), ObjectMeta: metav1.ObjectMeta{Name: "run-1", Namespace: "rehearsals"}, Data: map[string]string{run.ManifestKey: text(manifest)}},
		&corev1.ConfigMap{Immutable: ptr.To(true), ObjectMeta: metav1.ObjectMeta{Name: "run-1-1", Namespace: "rehearsals"}, Data: map[string]string{pj.Name: text(pj)}},
	)
	indexer := cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc})
	pr := &pipelinev1.PipelineRun{ObjectMeta: metav1.ObjectMeta{
		Name: "run-1", Namespace: "rehearsals", Labels: map[string]string{run.LabelRehearsalUID: "u-1", run.LabelRun: "run-1"},
	}}
	change(pr)
	if err := indexer.Add(pr); err != nil {
		t.Fatal(err)
	}
	return &validator{
		pipelineRuns: pipelinelisters.NewPipelineRunLister(indexer).PipelineRuns("rehearsals"),
		configMaps:   kube.CoreV1().ConfigMaps("rehearsals"), crds: newCRDs(t), memory: newMemory(),
	}, kube
}

func asked(t *testing.T, o object) *admissionv1.AdmissionRequest {
	t.Helper()
	raw, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return &admissionv1.AdmissionRequest{
		Name: "job-1", Operation: admissionv1.Create, Object: runtime.RawExtension{Raw: raw},
		Resource: metav1.GroupVersionResource{Group: "prow.k8s.io", Version: "v1", Resource: "prowjobs"},
	}
}

func answers(t *testing.T, j *validator, req *admissionv1.AdmissionRequest, code int, words string) {
	t.Helper()
	got := j.Admit(t.Context(), req)
	switch {
	case code == http.StatusOK && !got.Allowed:
		t.Errorf("refused: %s", got.Result.Message)
	case code == http.StatusOK:
	case got.Allowed:
		t.Error("allowed")
	case int(got.Result.Code) != code || !strings.Contains(got.Result.Message, words):
		t.Errorf("%d %s, want %d %s", got.Result.Code, got.Result.Message, code, words)
	}
}

func TestAdmit(t *testing.T) {
	other := handedOver()
	other.Spec.ExtraRefs = []prowapi.Refs{{Org: "acme", Repo: "secret"}}
	unnamed := handedOver()
	unnamed.Name = "job-2"
	foreign := handedOver()
	foreign.Labels[run.LabelRehearsalUID] = "u-2"
	done := func(pr *pipelinev1.PipelineRun) {
		pr.Status.SetCondition(&apis.Condition{Type: apis.ConditionSucceeded, Status: corev1.ConditionTrue})
	}
	for name, tc := range map[string]struct {
		got    *prowapi.ProwJob
		change func(*pipelinev1.PipelineRun)
		code   int
		words  string
	}{
		"unchanged ProwJob":               {handedOver(), func(*pipelinev1.PipelineRun) {}, http.StatusOK, ""},
		"additional checkout":             {other, func(*pipelinev1.PipelineRun) {}, http.StatusForbidden, "its spec.extra_refs is not what run run-1 handed over"},
		"ProwJob that no run handed over": {unnamed, func(*pipelinev1.PipelineRun) {}, http.StatusServiceUnavailable, "no active run has handed over the ProwJob job-2"},
		"ProwJob of another Rehearsal":    {foreign, func(*pipelinev1.PipelineRun) {}, http.StatusServiceUnavailable, "no active run"},
		"PipelineRun done":                {handedOver(), done, http.StatusForbidden, "run run-1 has ended"},
		"PipelineRun cancelled": {handedOver(), func(pr *pipelinev1.PipelineRun) {
			pr.Spec.Status = pipelinev1.PipelineRunSpecStatusCancelledRunFinally
		}, http.StatusForbidden, "run run-1 has ended"},
		"PipelineRun not observed yet": {handedOver(), func(pr *pipelinev1.PipelineRun) { pr.Labels = nil }, http.StatusServiceUnavailable, "no active run"},
	} {
		t.Run(name, func(t *testing.T) {
			j, _ := newJudge(t, handedOver(), tc.change)
			answers(t, j, asked(t, created(t, tc.got)), tc.code, tc.words)
		})
	}
}

// TestAsTheAPIServerKeepsIt checks that changes by the cluster's schema are accepted.
func TestAsTheAPIServerKeepsIt(t *testing.T) {
	pj := handedOver()
	pj.Spec.PodSpec.Containers[0].Ports = []corev1.ContainerPort{{ContainerPort: 80}}
	users := true
	pj.Spec.PodSpec.HostUsers = &users
	j, _ := newJudge(t, pj, func(*pipelinev1.PipelineRun) {})
	got := created(t, pj)
	pod := got["spec"].(object)["pod_spec"].(object)
	delete(pod, "hostUsers")
	port := pod["containers"].([]any)[0].(object)["ports"].([]any)[0].(object)
	port["protocol"] = "TCP"
	answers(t, j, asked(t, got), http.StatusOK, "")
	port["protocol"] = "UDP"
	answers(t, j, asked(t, got), http.StatusForbidden, "its spec.pod_spec.containers[0].ports[0].protocol is not")
	port["protocol"] = "TCP"
	pod["hostUsers"] = false
	answers(t, j, asked(t, got), http.StatusForbidden, "its spec.pod_spec.hostUsers is not")
}

// TestWhatCannotBeReadIsAskedAgain checks that a failed read makes the task try again.
func TestWhatCannotBeReadIsAskedAgain(t *testing.T) {
	j, kube := newJudge(t, handedOver(), func(*pipelinev1.PipelineRun) {})
	req := asked(t, created(t, handedOver()))
	kube.PrependReactor("get", "configmaps", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, errors.New("no API server")
	})
	answers(t, j, req, http.StatusServiceUnavailable, "no API server")

	j, _ = newJudge(t, handedOver(), func(*pipelinev1.PipelineRun) {})
	j.crds = &crds{}
	answers(t, j, req, http.StatusOK, "") // the definition is not needed
	other := handedOver()
	other.Spec.Context = "pull-unit"
	answers(t, j, asked(t, created(t, other)), http.StatusServiceUnavailable, "no API server")
}

func TestOnlyCreations(t *testing.T) {
	j, _ := newJudge(t, handedOver(), func(*pipelinev1.PipelineRun) {})
	req := asked(t, created(t, handedOver()))
	req.Operation = admissionv1.Update
	answers(t, j, req, http.StatusForbidden, "not for UPDATE of prowjobs")
	req = asked(t, created(t, handedOver()))
	req.Object.Raw = []byte("{")
	answers(t, j, req, http.StatusForbidden, "cannot be decoded")
}
