package snapshot

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/layout"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/prowtree"
	"github.com/rehearsal-dev/rehearsal/test/worktree"
)

// whole reads a config repository with jobs of all kinds, as a planner with empty caches
// does.
func whole(t testing.TB) *Snapshot {
	t.Helper()
	tree := worktree.New(t)
	tree.Write("prow/config.yaml", "presets:\n- labels: {preset-main: \"true\"}\n  env: [{name: M, value: m}]\n")
	for i := range 12 {
		n := fmt.Sprint(i)
		tree.Write("jobs/"+n+"/jobs-"+n+".yaml", "presets:\n- labels: {preset-"+n+": \"true\"}\n  env: [{name: A, value: b}]\n"+
			"presubmits:\n  Org/a:\n  - {name: unit-"+n+", context: ctx-"+n+", branches: [main, x], "+spec+"}\n"+
			"  org/b:\n  - {name: lint-"+n+", skip_branches: [main], labels: {preset-"+n+": \"true\"}, annotations: {a: b}, hidden: true, "+spec+"}\n"+
			"postsubmits:\n  other/c:\n  - {name: push-"+n+", cluster: build, decorate: true, decoration_config: {timeout: 1h}, "+spec+"}\n"+
			"periodics:\n- {name: night-"+n+", interval: 1h, job_queue_name: q, extra_refs: [{org: o, repo: r, base_ref: m}], "+
			"spec: {containers: [{image: i}], volumes: [{name: v, configMap: {name: c}}]}}\n")
	}
	tree.Write("jobs/broken.yaml", "periodics: [")
	loader := &prowtree.Loader{
		Cache: prowtree.NewCache(1 << 20), Objects: tree.Mirror().Objects, Workers: 1,
		Layout: layout.Layout{ProwConfig: "prow/config.yaml", JobConfig: "jobs"},
	}
	s := &Snapshot{Tree: tree.Commit(), Problems: Problems{}}
	listing, err := loader.List(t.Context(), s.Tree)
	if err != nil {
		t.Fatal(err)
	}
	s.Listing = listing
	if s.Prow, err = loader.ProwConfig(t.Context(), listing.Config); err != nil || s.Broken() {
		t.Fatal(err, s.Prow)
	}
	files, _, err := loader.JobFiles(t.Context(), s.Tree)
	if err != nil {
		t.Fatal(err)
	}
	loaded := []*affected.Loaded{s.Prow.Main}
	for _, f := range files {
		parsed, err := loader.Parse(t.Context(), []string{f.Blob})
		if err != nil {
			t.Fatal(err)
		}
		l := parsed[f.Blob].At(f.Path, f.Blob)
		loaded = append(loaded, l)
		if l.Err != nil {
			s.Problems[OfFile(l.Key())] = *l.Err
			continue
		}
		s.Problems[OfJob(l.Key(), l.Jobs[0].Ref)] = affected.FileError{File: f.Path, Line: 3, Message: "invalid"}
	}
	s.Index(loaded)
	s.Problems[Key{"jobs/0/jobs-0.yaml", Clash, "twice"}] = affected.FileError{File: "jobs/0/jobs-0.yaml", Message: "twice"}
	s.Problems[Key{"jobs/0/jobs-0.yaml", Duplicate, "twice"}] = affected.FileError{File: "jobs/0/jobs-0.yaml", Message: "twice"}
	return s
}

const spec = "spec: {containers: [{image: i}]}"

// An anchor that is read back in part must give the same results as the whole anchor.
func TestStoredAnchorAnswersAlike(t *testing.T) {
	s := whole(t)
	s.Watched = map[string]string{"prow/plugins.yaml": "1f", "files/list": "2e"}
	back, err := Decode(Encode(s))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(back.Config, s.Config) || !reflect.DeepEqual(back.Problems, s.Problems) || back.Tree != s.Tree || !reflect.DeepEqual(back.Watched, s.Watched) {
		t.Errorf("snapshot = %+v, want %+v", back, s)
	}
	if got, want := back.Revision.Jobs(), s.Revision.Jobs(); got != want || got == 0 {
		t.Errorf("%d jobs, want %d", got, want)
	}
	if got, want := text(t, back.Revision.Presets()), text(t, s.Revision.Presets()); got != want {
		t.Errorf("presets = %s, want %s", got, want)
	}
	var all sync.WaitGroup
	for f := range s.Revision.Files() {
		if f.File == nil {
			continue
		}
		for i := range f.Jobs {
			all.Go(func() {
				ref := f.Jobs[i].Ref
				found, ok := back.Revision.Find(ref)
				again, _ := back.Revision.Find(ref)
				if !ok || found.Key() != f.Key() || found.I != i || found != again {
					t.Errorf("%s is in %v, %v", ref.Name, found, ok)
				}
				ref.Name += "-none"
				if repo := strings.ToUpper(ref.Repo); repo != "" && !back.Revision.Targets(repo) || back.Revision.Targets(repo+"x") {
					t.Errorf("what targets %s cannot be told", repo)
				}
				if back.Revision.HasName(ref) {
					t.Errorf("%s is found", ref.Name)
				}
			})
		}
	}
	all.Wait()
	if got, want := clashesOf(back), clashesOf(s); !slices.Equal(got, want) {
		t.Errorf("clashes = %v, want %v", got, want)
	}
}

// clashesOf adds copies of two files, which clash with themselves.
func clashesOf(s *Snapshot) []affected.FileError {
	changed := map[string]*affected.Loaded{}
	for f := range s.Revision.Files() {
		if f.File != nil && !f.Main {
			other := *f
			other.Path = "elsewhere/" + f.Path
			changed[other.Path] = &other
		}
	}
	r := s.anchor.With(changed)
	// It fails only when its context is done.
	found, _ := r.Clashes(context.Background(), r.Files())
	return found
}

func text(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestAnchorSurvivesEncoding(t *testing.T) {
	s := whole(t)
	back, err := Decode(Encode(s))
	if err != nil {
		t.Fatal(err)
	}
	for f := range s.Revision.Files() {
		want, _ := json.Marshal(f)
		got, _ := json.Marshal(back.Revision.File(f.Key()))
		if !bytes.Equal(got, want) {
			t.Errorf("%s:\n got %s\nwant %s", f.Path, got, want)
		}
	}
}

func FuzzAnchor(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{1, 1, 'a', 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0})
	raw := Encode(whole(f))
	f.Add(raw)
	f.Add(raw[len(magic())+sha256.Size:])
	f.Fuzz(func(t *testing.T, content []byte) {
		// Only a file with the right version and checksum is accepted as a cache.
		if _, err := Decode(content); err == nil {
			sum := sha256.Sum256(content[len(magic())+sha256.Size:])
			if !bytes.HasPrefix(content, slices.Concat(magic(), sum[:])) {
				t.Error("trusted without a checksum")
			}
		}
		// Content with a right checksum must never crash the reader, nor the users of the
		// result.
		s, err := decodeBody(content)
		if err != nil {
			return
		}
		_, _ = s.Revision.Clashes(t.Context(), s.Revision.Files())
		for f := range s.Revision.Files() {
			if f.File == nil {
				continue
			}
			for i := range f.Jobs {
				_ = affected.NewOutlines().Of(&f.Jobs[i])
			}
		}
		if _, err := Decode(Encode(s)); err != nil {
			t.Errorf("what was read cannot be written: %v", err)
		}
	})
}
