package plan

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// planned plans with a new process's caches, except for what is on disk.
func planned(t *testing.T, tree workTree, dir, base, head string) *Result {
	t.Helper()
	planner := NewPlanner(Options{
		Mirror:   func(context.Context, Request) (*repo.Mirror, error) { return tree.mirror(), nil },
		CacheDir: dir,
	})
	result, err := planner.Plan(t.Context(), Request{
		Org: "org", Repo: "config", Base: base, Head: head,
		Settings: Settings{ProwConfig: "prow/config.yaml", JobConfig: "jobs"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestCacheOnDisk(t *testing.T) {
	w, tree, dir := newWorld(3), newWorkTree(t), t.TempDir()
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

func TestAnchorSurvivesEncoding(t *testing.T) {
	w, tree := newWorld(5), newWorkTree(t)
	base := w.commit(t, tree)
	work := &work{
		Incremental: NewPlanner(Options{}), objects: tree.mirror().Objects,
		settings: Settings{ProwConfig: "prow/config.yaml", JobConfig: "jobs"},
	}
	s, err := work.cold(t.Context(), base)
	if err != nil {
		t.Fatal(err)
	}
	back, err := decodeAnchor(encodeAnchor(s))
	if err != nil {
		t.Fatal(err)
	}
	for f := range s.revision.Files() {
		want, _ := json.Marshal(f)
		got, _ := json.Marshal(back.revision.File(f.Path))
		if !bytes.Equal(got, want) {
			t.Errorf("%s:\n got %s\nwant %s", f.Path, got, want)
		}
	}
}

func FuzzAnchor(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{1, 1, 'a', 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0})
	f.Fuzz(func(_ *testing.T, body []byte) {
		// Past the checksum, whatever is there must not crash the reader.
		_, _ = decodeBody(body)
	})
}
