package affected

import (
	"testing"

	"sigs.k8s.io/prow/pkg/config"
)

// FuzzJobFile feeds arbitrary job files to everything that reads them.
func FuzzJobFile(f *testing.F) {
	f.Add([]byte("periodics:\n- name: a\n  interval: 1h\n  spec: {containers: [{image: i}]}\n"))
	f.Add([]byte("presubmits:\n  o/r:\n  - name: a\n    branches: [\"(\"]\n    labels: {p: x}\npresets:\n- labels: {p: x}\n  env: [{name: A}]\n"))
	f.Add([]byte("postsubmits: {o/r: [{name: a, agent: tekton-pipeline, pipeline_run_spec: {pipelineSpec: {tasks: [{}]}}}]}"))
	f.Add([]byte("\x1f\x8b"))
	f.Fuzz(func(t *testing.T, content []byte) {
		jc, _, err := Parse(content)
		if err != nil {
			return
		}
		file := Summarise(jc)
		raws := Raws(jc)
		if len(raws) != len(file.Jobs) {
			t.Fatalf("%d jobs, %d summaries", len(raws), len(file.Jobs))
		}
		loaded := &Loaded{Path: "a.yaml", Blob: "b", File: file}
		revision := NewAnchor([]*Loaded{loaded}).With(nil)
		_, _ = revision.Clashes(t.Context(), revision.Files())
		defaults := NewDefaults("config.yaml", &config.Config{}, revision.Presets())
		delta := &Delta{Before: revision, After: revision, Old: defaults, New: defaults}
		for i, raw := range raws {
			effective, err := defaults.Apply(raw)
			if err != nil {
				continue
			}
			at := At{Loaded: loaded, I: i}
			if job, ok := delta.Judge(&Pair{Old: at, New: at, OldRaw: raw, NewRaw: raw, Before: effective, After: effective}); ok {
				t.Errorf("a job differs from itself: %+v", job)
			}
		}
	})
}
