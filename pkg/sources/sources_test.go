package sources

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
	"sigs.k8s.io/prow/pkg/config"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/layout"
)

// plugins is the content of every blob.
type plugins string

func (p plugins) Parsed(_ context.Context, _, _ string, parse func([]byte) (any, error)) (any, error) {
	return parse([]byte(p))
}

func (p plugins) Blobs(_ context.Context, blobs []string, each func(string, []byte) error) error {
	for _, b := range blobs {
		if err := each(b, []byte(p)); err != nil {
			return err
		}
	}
	return nil
}

func (plugins) Merged(context.Context, func(string) bool) (map[string]string, error) { return nil, nil }

// everything returns a change in which every source finds something, and n jobs that it
// may affect.
func everything(t testing.TB, n int) (*affected.Delta, []affected.At) {
	t.Helper()
	file := &affected.Loaded{Path: "jobs.yaml", File: &affected.File{}}
	var at []affected.At
	for i := range n {
		file.Jobs = append(file.Jobs, affected.Entry{
			Ref:   affected.Ref{Type: prowapi.PeriodicJob, Name: fmt.Sprint("job-", i)},
			Agent: "kubernetes", Cluster: "default", Pod: true, ConfigMaps: []string{"other"},
			Labels: map[string]string{"preset-other": "true", "team": fmt.Sprint(i)},
		})
		at = append(at, affected.At{Loaded: file, I: i})
	}
	revision := affected.NewAnchor([]*affected.Loaded{file}).With(nil)
	defaults := func(value string) *affected.Defaults {
		return affected.NewDefaults("config.yaml", &config.Config{ProwConfig: config.ProwConfig{PodNamespace: "pods-" + value}}, []affected.PlacedPreset{
			{File: "jobs.yaml", Preset: config.Preset{Labels: map[string]string{"preset-a": "true"}, Env: []corev1.EnvVar{{Name: "A", Value: value}}}},
		})
	}
	d := &affected.Delta{
		Before: revision, After: revision, Old: defaults("old"), New: defaults("new"),
		Layout: layout.Layout{PluginConfig: "plugins.yaml"}, Repository: "org/config",
		Files:         []affected.FileChange{{Path: "files/a.txt", OldBlob: "1", NewBlob: "2"}},
		WatchedBefore: map[string]string{"plugins.yaml": "p"}, WatchedAfter: map[string]string{"plugins.yaml": "p"},
	}
	files := plugins("config_updater: {maps: {files/a.txt: {name: filled}}}")
	if err := d.Compare(t.Context(), All, files); err != nil {
		t.Fatal(err)
	}
	if len(d.Found) != len(All) {
		t.Fatalf("%d of %d sources have found something", len(d.Found), len(All))
	}
	return d, at
}

// Asking a source about a job must not allocate memory: there may be a hundred thousand
// jobs.
func TestSelectingAllocatesNothing(t *testing.T) {
	d, at := everything(t, 100)
	selecting := 0
	for _, f := range d.Found {
		selects := f.Selects()
		if selects == nil {
			continue
		}
		selecting++
		quick, isQuick := f.Evidence.(affected.Quick)
		allocated := testing.AllocsPerRun(10, func() {
			for _, a := range at {
				if selects(a.Entry()) && isQuick {
					quick.Steps(a.Entry())
					quick.Decide(a)
				}
			}
		})
		if allocated > 0 {
			t.Errorf("%s: %v allocations for %d jobs", f.Name(), allocated, len(at))
		}
	}
	if selecting < 3 {
		t.Errorf("only %d sources select jobs", selecting)
	}
}

func TestNamesAndWords(t *testing.T) {
	page, err := os.ReadFile("../../docs/affected.md")
	if err != nil {
		t.Fatal(err)
	}
	_, row, _ := strings.Cut(string(page), "\n| `source` | ")
	row, _, _ = strings.Cut(row, "\n")
	seen := map[string]bool{}
	for _, s := range All {
		if seen[s.Name()] {
			t.Errorf("two sources are called %s", s.Name())
		}
		seen[s.Name()] = true
		if !strings.Contains(row, "`"+s.Name()+"`") {
			t.Errorf("docs/affected.md does not list the source %s: %s", s.Name(), row)
		}
	}
	for want, r := range map[string]affected.Reason{
		"spec.x":                       {Source: "job config", Path: "spec.x", File: "f"},
		"prow config: pod_namespace":   {Source: "prow config", Path: "pod_namespace", File: "f"},
		"ConfigMap a, filled from f !": {Source: "configmap", Path: "ConfigMap a", File: "f"},
		"anything":                     {Source: "of another version", Path: "anything", File: "f"},
	} {
		text, named := Phrase(r)
		if named {
			text += " !"
		}
		if text != want {
			t.Errorf("%+v reads %q, want %q", r, text, want)
		}
	}
}

func BenchmarkSelect(b *testing.B) {
	d, at := everything(b, 10_000)
	b.ReportAllocs()
	for b.Loop() {
		for _, f := range d.Found {
			selects := f.Selects()
			if selects == nil {
				continue
			}
			quick, _ := f.Evidence.(affected.Quick)
			for _, a := range at {
				if selects(a.Entry()) && quick != nil {
					quick.Decide(a)
				}
			}
		}
	}
}
