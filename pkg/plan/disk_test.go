package plan

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/layout"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
	"github.com/rehearsal-dev/rehearsal/test/worktree"
)

// planned plans with a new process's caches, except for what is on disk.
func planned(t *testing.T, tree worktree.Tree, dir, base, head string) *Result {
	t.Helper()
	planner := NewPlanner(Options{
		Mirror:   func(context.Context, Request) (*repo.Mirror, error) { return tree.Mirror(), nil },
		CacheDir: dir,
	})
	result, err := planner.Plan(t.Context(), Request{
		Org: "org", Repo: "config", Base: base, Head: head,
		Layout: layout.Layout{ProwConfig: "prow/config.yaml", JobConfig: "jobs"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestCacheOnDisk(t *testing.T) {
	w, tree, dir := newWorld(3), worktree.New(t), t.TempDir()
	base := w.commit(t, tree)
	w.anyJob()["annotations"] = map[string]any{"a": "b"}
	head := w.commit(t, tree)
	want := planned(t, tree, "", base, head).Digest()

	check := func(name string) {
		t.Helper()
		if got := planned(t, tree, dir, base, head).Digest(); got != want {
			t.Errorf("%s: another answer", name)
		}
	}
	check("empty cache")
	files, err := filepath.Glob(filepath.Join(dir, "*.anchor"))
	if err != nil || len(files) != 1 {
		t.Fatalf("cache files: %v, %v", files, err)
	}
	good, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	check("filled cache")

	flipped := bytes.Clone(good)
	flipped[len(flipped)/2] ^= 1
	for name, content := range map[string][]byte{
		"truncated": good[:len(good)/2],
		"bit flip":  flipped,
		"older":     append([]byte("rehearsal-anchor-0\n"), good...),
		"empty":     nil,
	} {
		if err := os.WriteFile(files[0], content, 0o644); err != nil {
			t.Fatal(err)
		}
		check(name)
		if now, err := os.ReadFile(files[0]); err != nil || !bytes.HasPrefix(now, magic()) || len(now) != len(good) {
			t.Errorf("%s: not rebuilt (%v)", name, err)
		}
	}
	check("base moved on")
	if got := planned(t, tree, dir, head, base).Digest(); got == "" {
		t.Error("no answer")
	}
}

// A cache spares the loading of supplemental files, and still sees what changes
// in them.
func TestCacheOnDiskWithSupplementalFiles(t *testing.T) {
	tree, dir := worktree.New(t), t.TempDir()
	settings := layout.Layout{ProwConfig: "prow/config.yaml", JobConfig: "jobs", SupplementalProwConfigDirs: []string{"prow/extra"}}
	plan := func(base, head string) (*Result, error) {
		planner := NewPlanner(Options{
			Mirror:   func(context.Context, Request) (*repo.Mirror, error) { return tree.Mirror(), nil },
			CacheDir: dir,
		})
		return planner.Plan(t.Context(), Request{Org: "org", Repo: "config", Base: base, Head: head, Layout: settings})
	}
	tree.Write("prow/config.yaml", "prowjob_namespace: ci\nbranch-protection: {orgs: {org: {protect: true}}}\n")
	tree.Write("prow/extra/a_prowconfig.yaml", "tide: {merge_method: {org/repo: squash}}\n")
	tree.Write("jobs/a.yaml", "periodics:\n- {name: one, interval: 1h, spec: {containers: [{image: i}]}}\n")
	base := tree.Commit()
	if _, err := plan(base, base); err != nil {
		t.Fatal(err)
	}
	tree.Write("jobs/a.yaml", "periodics:\n- {name: one, interval: 1h, spec: {containers: [{image: j}]}}\n")
	spec := tree.Commit()
	result, err := plan(base, spec)
	if err != nil || len(result.Affected) != 1 || result.Details.(*Local).HeadConfig.ProwJobNamespace != "ci" {
		t.Errorf("result = %+v, %v", result, err)
	}
	tree.Write("prow/extra/b_prowconfig.yaml", "prowjob_namespace: other\n")
	for _, from := range []string{base, spec} {
		var refused *RefusedError
		if _, err := plan(from, tree.Commit()); !errors.As(err, &refused) || refused.BaseBroken {
			t.Errorf("err = %v", err)
		}
	}
	tree.Write("prow/extra/b_prowconfig.yaml", "tide: {merge_method: {org/other: squash}}\n")
	if result, err := plan(base, tree.Commit()); err != nil || len(result.Affected) != 1 {
		t.Errorf("result = %+v, %v", result, err)
	}
}

// anchorOf reads a world.
func anchorOf(w *world, t testing.TB) (*state, error) {
	t.Helper()
	tree := worktree.New(t)
	base := w.commit(t, tree)
	work := NewPlanner(Options{}).work(Request{Layout: plain}, tree.Mirror().Objects)
	return work.cold(t.Context(), base)
}

func TestAnchorSurvivesEncoding(t *testing.T) {
	s, err := anchorOf(newWorld(5), t)
	if err != nil {
		t.Fatal(err)
	}
	back, err := decodeAnchor(encodeAnchor(s))
	if err != nil {
		t.Fatal(err)
	}
	for f := range s.revision.Files() {
		want, _ := json.Marshal(f)
		got, _ := json.Marshal(back.revision.File(f.Key()))
		if !bytes.Equal(got, want) {
			t.Errorf("%s:\n got %s\nwant %s", f.Path, got, want)
		}
	}
}

func FuzzAnchor(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{1, 1, 'a', 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0})
	if s, err := anchorOf(newWorld(5), f); err == nil {
		raw := encodeAnchor(s)
		f.Add(raw)
		f.Add(raw[len(magic())+sha256.Size:])
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		// Only what carries the version and the checksum of its content is
		// taken for a cache.
		if _, err := decodeAnchor(content); err == nil {
			sum := sha256.Sum256(content[len(magic())+sha256.Size:])
			if !bytes.HasPrefix(content, slices.Concat(magic(), sum[:])) {
				t.Error("trusted without a checksum")
			}
		}
		// Past the checksum, whatever is there must not crash the reader, nor
		// those who use what it made of it.
		s, err := decodeBody(content)
		if err != nil {
			return
		}
		_, _ = s.revision.Clashes(t.Context(), s.revision.Files())
		for f := range s.revision.Files() {
			if f.File == nil {
				continue
			}
			for i := range f.Jobs {
				_ = affected.NewOutlines().Of(&f.Jobs[i])
			}
		}
		if _, err := decodeAnchor(encodeAnchor(s)); err != nil {
			t.Errorf("what was read cannot be written: %v", err)
		}
	})
}
