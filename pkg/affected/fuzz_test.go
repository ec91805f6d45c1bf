package affected

import (
	"bytes"
	"runtime"
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
		parsed, err := Parse(content)
		if err != nil {
			return
		}
		file := Summarise(parsed.Config)
		raws := Raws(parsed.Config)
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
			if job, ok := delta.Decide(&Pair{Old: at, New: at, OldRaw: raw, NewRaw: raw, Before: effective, After: effective}); ok {
				t.Errorf("a job differs from itself: %+v", job)
			}
		}
	})
}

// FuzzBounds feeds small files, also compressed ones, to the functions that read them.
// They must return, and allocate no more memory than the bounds allow.
func FuzzBounds(f *testing.F) {
	for _, text := range []string{
		"a: &a [x]\nb: [*a, *a]\n", "a: &a {k: 1}\nb: {<<: *a}\n", "? [a]\n: {b: c}\n", "- - - -\n", "a: !!binary x\n", "a: 1e999\n",
		"a: 2001-12-14t21:59:43.10-05:00\n", "a: 1:2:3\n", "%YAML 1.1\n---\na\n...\n", "a: |+9\n  x\n", "\ufeffa: b\n", laughs(3, 9),
		"presubmits: {o/r: [{name: a, branches: ['\\pL{1000}'], trigger: 'x{1000}'}]}\n",
	} {
		f.Add([]byte(text), uint8(0))
		f.Add([]byte(text), uint8(200))
		f.Add(inUTF16(text), uint8(1))
	}
	f.Fuzz(func(t *testing.T, content []byte, times uint8) {
		if len(content) > 64<<10 {
			return
		}
		repeated := bytes.Repeat(content, min(int(times)*8, MaxFile/(len(content)+1))+1)
		for _, file := range [][]byte{content, repeated[:min(len(repeated), 64<<10)], gzipped(t, repeated)} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if parsed, err := Parse(file); err == nil {
				Summarise(parsed.Config)
			}
			runtime.ReadMemStats(&after)
			if mib := (after.TotalAlloc - before.TotalAlloc) >> 20; mib > 1024 {
				t.Errorf("%d MiB allocated for %d bytes", mib, len(file))
			}
		}
	})
}
