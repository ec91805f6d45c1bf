package plan

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/layout"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
	"github.com/rehearsal-dev/rehearsal/test/worktree"
)

var plain = layout.Layout{ProwConfig: "prow/config.yaml", JobConfig: "jobs"}

func TestConflictAndMissingPaths(t *testing.T) {
	w, tree := newWorld(1), worktree.New(t)
	ancestor := w.commit(t, tree)
	tree.Write("jobs/x.yaml", "periodics: []\n")
	base := tree.Commit()
	tree.Git("reset", "--quiet", "--hard", ancestor)
	tree.Write("jobs/x.yaml", "presubmits: {}\n")
	head := tree.Commit()
	planner := NewPlanner(Options{Mirror: func(context.Context, Request) (*repo.Mirror, error) { return tree.Mirror(), nil }})

	_, err := planner.Plan(t.Context(), Request{Base: base, Head: head, Layout: plain})
	var conflict *ConflictError
	if !errors.As(err, &conflict) || !slices.Equal(conflict.Files, []string{"jobs/x.yaml"}) {
		t.Errorf("err = %v", err)
	}
	for setting, s := range map[string]layout.Layout{
		"prow_config":                   {ProwConfig: "nope", JobConfig: "jobs"},
		"job_config":                    {ProwConfig: "prow/config.yaml", JobConfig: "nope"},
		"plugin_config":                 {ProwConfig: "prow/config.yaml", PluginConfig: "nope"},
		"supplemental_prow_config_dirs": {ProwConfig: "prow/config.yaml", SupplementalProwConfigDirs: []string{"nope"}},
	} {
		_, err := planner.Plan(t.Context(), Request{Base: ancestor, Head: head, Layout: s})
		var missing *MissingPathError
		if !errors.As(err, &missing) || missing.Path != "nope" || missing.Setting != setting {
			t.Errorf("%s: err = %v", setting, err)
		}
	}
}

func TestHeadThatTakesPathsAway(t *testing.T) {
	for _, path := range []string{"prow/config.yaml", "jobs"} {
		t.Run(path, func(t *testing.T) {
			w, tree := newWorld(1), worktree.New(t)
			base := w.commit(t, tree)
			tree.Git("rm", "-r", "--quiet", path)
			head := tree.Commit()
			planner := NewPlanner(Options{Mirror: func(context.Context, Request) (*repo.Mirror, error) { return tree.Mirror(), nil }})
			result, err := planner.Plan(t.Context(), Request{Base: base, Head: head, Layout: plain})
			var refused *RefusedError
			if !errors.As(err, &refused) || refused.File != path || result == nil || len(result.Incomplete) == 0 {
				t.Errorf("err = %v", err)
			}
		})
	}
}

func TestBrokenProwConfig(t *testing.T) {
	for name, tc := range map[string]struct {
		base, head string
		refused    string
	}{
		"by the head":   {"", "plank: [", "prow/config.yaml:"},
		"by both":       {"plank: [", "plank: [\n# changed", "the base branch is broken already: prow/config.yaml:"},
		"fixed by head": {"plank: [", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w, tree := newWorld(1), worktree.New(t)
			good := w.commit(t, tree)
			text, err := os.ReadFile(filepath.Join(tree.Dir, "prow/config.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			revision := func(config string) string {
				if config == "" {
					config = string(text)
				}
				tree.Write("prow/config.yaml", config)
				return tree.Commit()
			}
			base := good
			if tc.base != "" {
				base = revision(tc.base)
			}
			w.anyJob()["annotations"] = map[string]any{"x": "y"}
			w.commit(t, tree)
			head := revision(tc.head)
			planner := NewPlanner(Options{Mirror: func(context.Context, Request) (*repo.Mirror, error) { return tree.Mirror(), nil }})
			result, err := planner.Plan(t.Context(), Request{Base: base, Head: head, Layout: plain})
			if tc.refused == "" && err != nil || tc.refused != "" && (err == nil || !strings.HasPrefix(err.Error(), tc.refused)) {
				t.Fatalf("err = %v", err)
			}
			if tc.base != "" && tc.head != "" {
				return
			}
			if len(result.Affected) != 1 || result.Affected[0].Change != affected.ChangeAnnotations {
				t.Errorf("affected = %v", describe(result))
			}
		})
	}
}

// TestConcurrentPlans plans many heads of one repository at once, with one mirror and
// cold caches.
func TestConcurrentPlans(t *testing.T) {
	w, tree := newWorld(2), worktree.New(t)
	base := w.commit(t, tree)
	var heads []string
	for range 6 {
		w.anyJob()["annotations"] = map[string]any{"n": fmt.Sprint("head ", len(heads))}
		heads = append(heads, w.commit(t, tree))
		tree.Git("reset", "--quiet", "--hard", base)
		w = newWorld(2)
	}
	planner := NewPlanner(Options{Workers: 2, Mirror: func(context.Context, Request) (*repo.Mirror, error) { return tree.Mirror(), nil }})
	var wg sync.WaitGroup
	for _, head := range heads {
		wg.Go(func() {
			result, err := planner.Plan(t.Context(), Request{Base: base, Head: head, Layout: plain})
			if err != nil || len(result.Affected) != 1 {
				t.Errorf("%v: %v", err, result)
			}
		})
	}
	wg.Wait()
}

// unpack turns the packs of a repository into loose objects.
func unpack(t *testing.T, dir string) {
	t.Helper()
	packs, err := filepath.Glob(filepath.Join(dir, "objects", "pack", "*.pack"))
	if err != nil || len(packs) == 0 {
		t.Fatalf("packs: %v, %v", packs, err)
	}
	aside := t.TempDir()
	if err := os.Rename(filepath.Join(dir, "objects", "pack"), filepath.Join(aside, "pack")); err != nil {
		t.Fatal(err)
	}
	for _, pack := range packs {
		in, err := os.Open(filepath.Join(aside, "pack", filepath.Base(pack)))
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("git", "--git-dir="+dir, "unpack-objects", "-q")
		cmd.Stdin = in
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		_ = in.Close()
	}
}

func TestDamagedMirrorIsRepaired(t *testing.T) {
	w, tree := newWorld(2), worktree.New(t)
	base := w.commit(t, tree)
	w.anyJob()["annotations"] = map[string]any{"a": "b"}
	head := w.commit(t, tree)
	tree.Git("config", "uploadpack.allowAnySHA1InWant", "true")
	dir := filepath.Join(t.TempDir(), "mirror.git")
	m := repo.Open(dir, "file://"+tree.Dir)
	planner := NewPlanner(Options{Mirror: func(ctx context.Context, req Request) (*repo.Mirror, error) {
		return m, m.Fetch(ctx, req.Base, req.Head)
	}})
	req := Request{Base: base, Head: head, Layout: plain}
	if _, err := planner.Plan(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	unpack(t, dir)
	// Remove a blob that the next plan needs, and that the fetch does not check.
	var blob string
	for _, tip := range []string{base, head} {
		for _, line := range strings.Split(tree.Git("ls-tree", "-r", tip), "\n") {
			blob = strings.Fields(line)[2]
			_ = os.Remove(filepath.Join(dir, "objects", blob[:2], blob[2:]))
		}
	}
	planner = NewPlanner(planner.options)
	result, err := planner.Plan(t.Context(), req)
	if err != nil || len(result.Affected) != 1 {
		t.Fatalf("%v: %v", err, result)
	}
}
