package render

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

func handover(t *testing.T, jobs []Job, active ...prowapi.ProwJob) Handover {
	t.Helper()
	h, err := NewHandover(run.Manifest{By: "alice", Command: "/pj-rehearse"}, jobs, testInput, testRun, active)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestHandover(t *testing.T) {
	jobs := Jobs(loadJobs(t), testInput)
	h := handover(t, Select(jobs, Request{Selection: event.All}).Jobs)

	var stored run.Manifest
	if err := json.Unmarshal([]byte(h.ConfigMaps[0].Data[run.ManifestKey]), &stored); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(h.Manifest, stored); diff != "" {
		t.Errorf("the stored manifest differs (-returned +stored):\n%s", diff)
	}
	if h.ConfigMaps[0].Name != stored.Name || stored.Head != testInput.Head || stored.By != "alice" {
		t.Errorf("manifest = %+v", stored)
	}
	if len(stored.Notes) != 1 || !strings.Contains(stored.Notes[0], "pull-gadget-clash") {
		t.Errorf("notes = %q, want one about the job that cannot be rendered", stored.Notes)
	}
	shards := map[string]corev1.ConfigMap{}
	for _, cm := range h.ConfigMaps {
		shards[cm.Name] = cm
	}
	tasks := map[string]bool{}
	for _, j := range stored.Jobs {
		if tasks[j.Task] || len(validation.IsDNS1123Label(j.Task)) > 0 {
			t.Errorf("task name %q of %s is taken or no DNS label", j.Task, j.DisplayName)
		}
		tasks[j.Task] = true
		var pj prowapi.ProwJob
		if err := json.Unmarshal([]byte(shards[j.ConfigMap].Data[j.ProwJob]), &pj); err != nil {
			t.Fatalf("ProwJob of %s: %v", j.DisplayName, err)
		}
		if pj.Name != j.ProwJob || pj.Annotations[run.AnnotationJob] != j.Name {
			t.Errorf("row %s leads to ProwJob %s of %s", j.DisplayName, pj.Name, pj.Annotations[run.AnnotationJob])
		}
	}
}

func TestTimeouts(t *testing.T) {
	jobs := Jobs(loadJobs(t), testInput)
	for name, tc := range map[string]struct {
		job  string
		want time.Duration
	}{
		"own timeout with grace period": {"pull-widget-unit", 40 * time.Minute},
		"default timeout":               {"periodic-widget-nightly", 2*time.Hour + 10*time.Minute},
		"undecorated job":               {"periodic-alone", 48 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			h := handover(t, []Job{find(t, jobs, tc.job)})
			if got := h.Manifest.Jobs[0].Timeout; got != tc.want {
				t.Errorf("timeout = %s, want %s", got, tc.want)
			}
			if want := tc.want + time.Hour; h.Manifest.Time != want {
				t.Errorf("it may take %s, want %s", h.Manifest.Time, want)
			}
		})
	}
}

func TestShards(t *testing.T) {
	big := find(t, Jobs(loadJobs(t), testInput), "pull-widget-unit")
	var jobs []Job
	for i := range 40 {
		j := big
		j.Name = strings.Repeat("x", i+1)
		presubmit := *big.Presubmit
		presubmit.Annotations = map[string]string{"padding": strings.Repeat("y", 64<<10)}
		j.Presubmit = &presubmit
		jobs = append(jobs, j)
	}
	huge := jobs[0]
	huge.Argument = "huge"
	presubmit := *big.Presubmit
	presubmit.Annotations = map[string]string{"padding": strings.Repeat("y", 1<<20)}
	huge.Presubmit = &presubmit

	h := handover(t, append(jobs, huge))
	if len(h.ConfigMaps) != 7 {
		t.Errorf("%d ConfigMaps, want one for the manifest and 6 for 40 jobs of 64 KiB", len(h.ConfigMaps))
	}
	names := map[string]bool{}
	for _, cm := range h.ConfigMaps {
		size := 0
		for k, v := range cm.Data {
			size += len(k) + len(v)
		}
		if size > fullShard || !*cm.Immutable || names[cm.Name] || cm.Labels[run.LabelRun] != testRun.Name {
			t.Errorf("ConfigMap %s: %d bytes, labels %v", cm.Name, size, cm.Labels)
		}
		names[cm.Name] = true
	}
	if len(h.Manifest.Jobs) != 40 || len(h.Manifest.Notes) != 1 || !strings.Contains(h.Manifest.Notes[0], "huge") {
		t.Errorf("%d jobs, notes %q", len(h.Manifest.Jobs), h.Manifest.Notes)
	}
}

func TestJoin(t *testing.T) {
	job := find(t, Jobs(loadJobs(t), testInput), "pull-widget-unit")
	earlier := testRun
	earlier.ID, earlier.Name = "comment-1-0", "acme-config-12-1-0"
	rendered, err := ProwJob(job, testInput, earlier)
	if err != nil {
		t.Fatal(err)
	}
	now := metav1.NewTime(time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC))
	for name, tc := range map[string]struct {
		change func(*prowapi.ProwJob)
		joined bool
	}{
		"ProwJob active":       {func(*prowapi.ProwJob) {}, true},
		"ProwJob pending":      {func(pj *prowapi.ProwJob) { pj.Status.State = prowapi.PendingState }, true},
		"ProwJob complete":     {func(pj *prowapi.ProwJob) { pj.Status.CompletionTime = &now }, false},
		"ProwJob aborted":      {func(pj *prowapi.ProwJob) { pj.Status.State = prowapi.AbortedState }, false},
		"other head":           {func(pj *prowapi.ProwJob) { pj.Spec.Refs.Pulls[0].SHA = "3" }, false},
		"other pull request":   {func(pj *prowapi.ProwJob) { pj.Spec.Refs.Pulls[0].Number = 13 }, false},
		"other job":            {func(pj *prowapi.ProwJob) { pj.Spec.Job = "rehearse-12-other" }, false},
		"ProwJob without refs": {func(pj *prowapi.ProwJob) { pj.Spec.Refs = nil }, false},
	} {
		t.Run(name, func(t *testing.T) {
			active := rendered.DeepCopy()
			active.ResourceVersion = "7"
			tc.change(active)
			h := handover(t, []Job{job}, *active)
			got := h.Manifest.Jobs[0].ProwJob
			if (got == rendered.Name) != tc.joined {
				t.Errorf("the run uses ProwJob %s, the earlier one is %s, want joined = %t", got, rendered.Name, tc.joined)
			}
			var stored prowapi.ProwJob
			if err := json.Unmarshal([]byte(h.ConfigMaps[1].Data[got]), &stored); err != nil {
				t.Fatal(err)
			}
			// The label tells the task which run owns the ProwJob.
			if owner := map[bool]string{true: earlier.Name, false: testRun.Name}[tc.joined]; stored.Labels[run.LabelRun] != owner {
				t.Errorf("the stored ProwJob belongs to run %s, want %s", stored.Labels[run.LabelRun], owner)
			}
			if strings.Contains(h.ConfigMaps[1].Data[got], "resourceVersion") {
				t.Error("the stored ProwJob has a resourceVersion")
			}
		})
	}
}
