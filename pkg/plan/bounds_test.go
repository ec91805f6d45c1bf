package plan

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/prowtree"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/snapshot"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
	"github.com/rehearsal-dev/rehearsal/test/worktree"
)

// TestLargeFiles plans heads that are too large to load, and checks the refusals.
func TestLargeFiles(t *testing.T) {
	bomb := "a: &a " + strings.Repeat("x", 64<<10) + "\nb: [" + strings.Repeat("*a, ", 1000) + "]\n"
	long := strings.Repeat("#", affected.MaxFile+1)
	split := ": larger than 16 MiB: split it into several files"
	expanded := ": larger than 16 MiB once its YAML aliases are expanded: use fewer aliases"
	tree := worktree.New(t)
	tree.Write("prow/config.yaml", "{}")
	tree.Write("prow/extra/README", "x")
	tree.Write("jobs/a.yaml", periodic("a"))
	tree.Write("jobs/b.yaml", periodic("b"))
	base := tree.Commit()
	planner := NewPlanner(Options{Mirror: func(context.Context, Request) (*repo.Mirror, error) { return tree.Mirror(), nil }})
	for name, tc := range map[string]struct{ path, content, refused string }{
		"job file":            {"jobs/a.yaml", long, split},
		"aliases":             {"jobs/a.yaml", bomb, expanded},
		"prow config":         {"prow/config.yaml", long, split},
		"aliases there":       {"prow/config.yaml", bomb, expanded},
		"supplemental config": {"prow/extra/x_prowconfig.yaml", bomb, expanded},
	} {
		t.Run(name, func(t *testing.T) {
			tree.Git("reset", "--quiet", "--hard", base)
			tree.Write(tc.path, tc.content)
			tree.Write("jobs/b.yaml", periodic("c"))
			head := tree.Commit()
			req := Request{Org: "org", Repo: "config", Base: base, Head: head, Layout: scenery}
			cold := NewPlanner(planner.options)
			for name, p := range map[string]*Incremental{"warm": planner, "cold": cold} {
				result, err := p.Plan(t.Context(), req)
				if err == nil || !strings.HasPrefix(err.Error(), tc.path+": ") || !strings.HasSuffix(err.Error(), tc.refused[2:]) {
					t.Fatalf("%s: err = %v; want %s", name, err, tc.path+tc.refused)
				}
				if len(result.Incomplete) != 1 || strings.HasPrefix(tc.path, "jobs/") && len(result.Affected) != 1 {
					t.Errorf("%s: %v, incomplete: %v", name, describe(result), result.Incomplete)
				}
			}
			// If the base is too large, a pull request can repair it.
			back := Request{Org: "org", Repo: "config", Base: head, Head: base, Layout: scenery}
			back.Head = func() string {
				tree.Git("checkout", "--quiet", base, "--", ".")
				tree.Git("rm", "--quiet", "--force", "--ignore-unmatch", "prow/extra/x_prowconfig.yaml")
				return tree.Commit()
			}()
			if _, err := planner.Plan(t.Context(), back); err != nil {
				t.Errorf("taking it away again: %v", err)
			}
		})
	}
}

// A plan whose context is done stops between two jobs.
func TestContextsAreHeeded(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f := &affected.Loaded{Path: "x.yaml", File: &affected.File{Jobs: make([]affected.Entry, 10)}}
	none, some := affected.NewAnchor(nil).With(nil), affected.NewAnchor([]*affected.Loaded{f}).With(nil)
	c := &step{after: &snapshot.Snapshot{Revision: some}, delta: &affected.Delta{Before: none, After: some}, files: []string{"x.yaml"}}
	if _, _, err := c.rewritten(ctx, snapshot.Problems{}); !errors.Is(err, context.Canceled) {
		t.Errorf("rewritten: err = %v", err)
	}
}

// The number and the length of mistakes are limited.
func TestMistakesAreBounded(t *testing.T) {
	long := strings.Repeat("é", prowtree.MaxMessage)
	var mistakes []affected.FileError
	var warnings []string
	for range maxListed + 7 {
		mistakes, warnings = append(mistakes, affected.FileError{File: "f", Message: long}), append(warnings, long)
	}
	gotMistakes, gotWarnings := listed(mistakes), warned(warnings)
	if n := len(gotMistakes); n != maxListed+1 || gotMistakes[n-1].Message != "and 7 more mistakes" {
		t.Errorf("%d mistakes", n)
	}
	if n := len(gotWarnings); n != maxListed+1 || gotWarnings[n-1] != "and 7 more warnings" {
		t.Errorf("%d warnings", n)
	}
	for _, text := range []string{gotMistakes[0].Message, gotWarnings[0]} {
		if len(text) > prowtree.MaxMessage+len("…") || !strings.HasSuffix(text, "é…") {
			t.Errorf("a message of %d bytes: …%s", len(text), text[len(text)-10:])
		}
	}
	if got := listed(mistakes[:2]); len(got) != 2 {
		t.Errorf("%d of 2 mistakes", len(got))
	}
}
