package plan

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/layout"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
	"github.com/rehearsal-dev/rehearsal/test/worktree"
)

// planned plans with the caches of a new process, except for those on disk.
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
		if now, err := os.ReadFile(files[0]); err != nil || !bytes.Equal(now[:min(len(now), 16)], good[:16]) || len(now) != len(good) {
			t.Errorf("%s: not rebuilt (%v)", name, err)
		}
	}
	check("base moved on")
	if got := planned(t, tree, dir, head, base).Digest(); got == "" {
		t.Error("no answer")
	}
}

// A cache avoids loading supplemental files, but their changes are still detected.
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
