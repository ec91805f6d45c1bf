package render

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
	"sigs.k8s.io/yaml"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
	"github.com/rehearsal-dev/rehearsal/test/golden"
)

// inputsFor returns the input of a pull request that changes a ConfigMap which the jobs
// read.
func inputsFor(change func(*ConfigMap), jobs ...Job) Input {
	in := testInput
	cm := ConfigMap{
		Cluster: "build01", Namespace: "test-pods", Name: "scripts",
		Data: map[string]string{"run.sh": "true"}, BinaryData: map[string][]byte{"key": {0, 1}},
	}
	for _, j := range jobs {
		cm.Jobs = append(cm.Jobs, j.Key())
	}
	change(&cm)
	in.ConfigMaps = []ConfigMap{cm}
	return in
}

func TestInputs(t *testing.T) {
	reader := find(t, Jobs(loadJobs(t), testInput), "pull-widget-reader")
	in := inputsFor(func(*ConfigMap) {}, reader)
	in.Tips = map[string]string{TipKey("acme/widget", "main"): tip}
	second := reader
	second.Argument, second.Name = "second", "second"
	in.ConfigMaps[0].Jobs = append(in.ConfigMaps[0].Jobs, second.Key())

	h, err := NewHandover(run.Manifest{}, []Job{reader, second}, in, testRun, nil)
	if err != nil {
		t.Fatal(err)
	}
	row, shard := h.Manifest.Jobs[0], h.ConfigMaps[1]
	if len(row.Inputs) != 1 || len(shard.Data) != 3 {
		t.Fatalf("inputs %+v, %d keys, want one input and two jobs", row.Inputs, len(shard.Data))
	}
	if diff := cmp.Diff(row.Inputs, h.Manifest.Jobs[1].Inputs); diff != "" {
		t.Errorf("the second job has other inputs (-first +second):\n%s", diff)
	}
	name := row.Inputs[0].Name
	want := run.Input{Original: "scripts", Name: name, Cluster: "build01", Namespace: "test-pods", ConfigMap: shard.Name}
	if diff := cmp.Diff(want, row.Inputs[0]); diff != "" {
		t.Errorf("input differs (-want +got):\n%s", diff)
	}
	var pj prowapi.ProwJob
	if err := json.Unmarshal([]byte(shard.Data[row.ProwJob]), &pj); err != nil {
		t.Fatal(err)
	}
	if got := pj.Annotations[run.AnnotationInputs]; got != shard.Name+"/"+name {
		t.Errorf("the ProwJob says that it needs %q", got)
	}
	got, err := yaml.Marshal(&pj)
	if err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, filepath.Join("golden", "pull-widget-reader.yaml"), string(got))

	var cm corev1.ConfigMap
	if err := json.Unmarshal([]byte(shard.Data[name]), &cm); err != nil {
		t.Fatal(err)
	}
	if got, err = yaml.Marshal(&cm); err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, filepath.Join("golden", "configmap-scripts.yaml"), string(got))
}

func TestInputsOfOthers(t *testing.T) {
	reader := find(t, Jobs(loadJobs(t), testInput), "pull-widget-reader")
	for name, change := range map[string]func(*ConfigMap){
		"ConfigMap in another cluster":     func(cm *ConfigMap) { cm.Cluster = "" },
		"ConfigMap in another namespace":   func(cm *ConfigMap) { cm.Namespace = "prow" },
		"ConfigMap with another name":      func(cm *ConfigMap) { cm.Name = "script" },
		"ConfigMap that another job reads": func(cm *ConfigMap) { cm.Jobs = nil },
	} {
		t.Run(name, func(t *testing.T) {
			pj, inputs, err := renderJob(reader, inputsFor(change, reader), testRun)
			if err != nil {
				t.Fatal(err)
			}
			if got := pj.Spec.PodSpec.Volumes[0].ConfigMap.Name; got != "scripts" || len(inputs) > 0 {
				t.Errorf("the volume is of %s, and %d inputs are made", got, len(inputs))
			}
			if _, ok := pj.Annotations[run.AnnotationInputs]; ok {
				t.Error("the job says itself what it needs")
			}
		})
	}
}

func TestInputsThatCannotBeMade(t *testing.T) {
	reader := find(t, Jobs(loadJobs(t), testInput), "pull-widget-reader")
	for name, tc := range map[string]struct {
		change func(*ConfigMap)
		want   string
	}{
		"content with a problem": {func(cm *ConfigMap) { cm.Problem = "larger than 900 KiB" },
			"job pull-widget-reader cannot be rehearsed: it reads the ConfigMap scripts, which this pull request changes, and which cannot be made for a rehearsal: larger than 900 KiB"},
		"too large to store": {func(cm *ConfigMap) { cm.Data["run.sh"] = strings.Repeat(`"`, 600<<10) },
			"job pull-widget-reader cannot be rehearsed: its ConfigMap scripts takes 1200 KiB, and at most 900 KiB can be stored"},
	} {
		t.Run(name, func(t *testing.T) {
			h, err := NewHandover(run.Manifest{}, []Job{reader}, inputsFor(tc.change, reader), testRun, nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{tc.want}, h.Manifest.Notes); diff != "" || len(h.Manifest.Jobs) > 0 {
				t.Errorf("%d jobs, notes differ (-want +got):\n%s", len(h.Manifest.Jobs), diff)
			}
		})
	}
}

func TestInputNames(t *testing.T) {
	cm := ConfigMap{Namespace: "test-pods", Name: "scripts"}
	other := testRun
	other.ID = "comment-1-0"
	elsewhere := cm
	elsewhere.Cluster = "build01"
	long := cm
	long.Name = strings.Repeat("a.", 126) + "a"
	names := map[string]bool{}
	for _, name := range []string{
		inputName(cm, testInput, testRun), inputName(cm, testInput, other), inputName(elsewhere, testInput, testRun), inputName(long, testInput, testRun),
	} {
		if errs := validation.IsDNS1123Subdomain(name); len(errs) > 0 || names[name] || !strings.HasPrefix(name, "rehearse-12-1111111-") {
			t.Errorf("%s is taken or no name: %v", name, errs)
		}
		names[name] = true
	}
}

func TestJoinTakesTheInputsOfTheOther(t *testing.T) {
	reader := find(t, Jobs(loadJobs(t), testInput), "pull-widget-reader")
	in := inputsFor(func(*ConfigMap) {}, reader)
	first, err := NewHandover(run.Manifest{}, []Job{reader}, in, testRun, nil)
	if err != nil {
		t.Fatal(err)
	}
	var active prowapi.ProwJob
	row := first.Manifest.Jobs[0]
	if err := json.Unmarshal([]byte(first.ConfigMaps[1].Data[row.ProwJob]), &active); err != nil {
		t.Fatal(err)
	}
	later := testRun
	later.ID, later.Name = "comment-99999-0", "acme-config-12-99999-0"
	second, err := NewHandover(run.Manifest{}, []Job{reader}, in, later, []prowapi.ProwJob{active})
	if err != nil {
		t.Fatal(err)
	}
	var joined prowapi.ProwJob
	if err := json.Unmarshal([]byte(second.ConfigMaps[1].Data[row.ProwJob]), &joined); err != nil {
		t.Fatal(err)
	}
	if got := joined.Annotations[run.AnnotationInputs]; got != first.ConfigMaps[1].Name+"/"+row.Inputs[0].Name {
		t.Errorf("the joined ProwJob needs %q", got)
	}
	if len(second.ConfigMaps[1].Data) != 1 || len(second.Manifest.Jobs[0].Inputs) > 0 {
		t.Errorf("the joining run has ConfigMaps of its own: %+v", second.Manifest.Jobs[0].Inputs)
	}
}
