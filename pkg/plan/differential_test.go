package plan

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/rehearsal-dev/rehearsal/pkg/repo"
	"github.com/rehearsal-dev/rehearsal/test/oracle"
	"github.com/rehearsal-dev/rehearsal/test/worktree"
)

// disagreement says how a plan differs from the truth; "" if it does not.
func disagreement(ctx context.Context, before, after truth, result *Result, err error) string {
	var refused *RefusedError
	var missing *MissingPathError
	switch {
	case errors.As(err, &missing):
		if before.err == nil {
			return "base misses a path, but loads: " + err.Error()
		}
		return ""
	case err != nil && !errors.As(err, &refused):
		return "unexpected error: " + err.Error()
	case after.err != nil && refused == nil:
		return "accepted, but Prow says " + firstLine(after.err)
	case after.err == nil && refused != nil:
		return "refused: " + err.Error()
	case refused != nil && refused.BaseBroken && before.err == nil:
		return "base is blamed wrongly: " + err.Error()
	case refused != nil && (refused.File == "" || result == nil || len(result.Incomplete) == 0):
		return "refused without file or result"
	case refused != nil:
		return ""
	case result.Jobs != len(after.jobs):
		return fmt.Sprintf("%d jobs; want %d", result.Jobs, len(after.jobs))
	}
	if before.err != nil {
		return ""
	}
	return differences(ctx, before, after, result)
}

func firstLine(err error) string {
	s, _, _ := strings.Cut(err.Error(), "\n")
	return s
}

func differences(ctx context.Context, before, after truth, result *Result) string {
	want, removed := after.changes(before)
	got := map[string]string{}
	var gone, out []string
	for _, j := range result.Affected {
		key := keyOf(j.Ref)
		got[key] = string(j.Change)
		if len(j.Reasons) == 0 || j.Reasons[0].File == "" {
			out = append(out, "no reason for "+key)
		}
		for _, r := range j.Reasons {
			if !before.files[r.File] && !after.files[r.File] {
				out = append(out, fmt.Sprintf("%s: no file %q", key, r.File))
			}
		}
		if want := after.jobs[key].rehearsed(before.jobs[key], string(j.Change)); j.Rehearse != want || want != (j.Excluded == "") {
			out = append(out, fmt.Sprintf("%s: rehearsed = %v, %q", key, j.Rehearse, j.Excluded))
		}
	}
	for _, r := range result.Removed {
		gone = append(gone, keyOf(r))
	}
	slices.Sort(gone)
	if len(got) != len(result.Affected) {
		out = append(out, "jobs are listed twice")
	}
	if !maps.Equal(got, want) {
		out = append(out, fmt.Sprintf("affected %v;\nwant %v", got, want))
	}
	if !slices.Equal(gone, removed) {
		out = append(out, fmt.Sprintf("removed %q; want %q", gone, removed))
	}
	jobs, err := result.Effective(ctx, result.Affected)
	if err != nil {
		return err.Error()
	}
	for _, j := range jobs {
		if !equality.Semantic.DeepEqual(j.Spec(anyRefs), after.jobs[keyOf(j.Ref)].spec) {
			out = append(out, "effective job differs: "+keyOf(j.Ref))
		}
		if e := j.Before; !e.IsZero() && !equality.Semantic.DeepEqual(e.Spec(anyRefs), before.jobs[keyOf(j.Ref)].spec) {
			out = append(out, "effective job before differs: "+keyOf(j.Ref))
		}
	}
	return strings.Join(out, "\n")
}

// loads reports whether Prow accepts the scene.
func (s *scene) loads(dir string) bool {
	_ = os.RemoveAll(dir)
	put := func(p string, do func(full string) error) {
		full := filepath.Join(dir, p)
		if err := errors.Join(os.MkdirAll(filepath.Dir(full), 0o755), do(full)); err != nil {
			panic(err)
		}
	}
	for p := range s.files {
		put(p, func(full string) error { return os.WriteFile(full, []byte(s.text(p)), 0o644) })
	}
	for p, text := range s.raw {
		put(p, func(full string) error { return os.WriteFile(full, []byte(text), 0o644) })
	}
	for p, to := range s.links {
		put(p, func(full string) error { return os.Symlink(to, full) })
	}
	_, err := oracle.Load(dir, scenery)
	return err == nil
}

// edited returns the scene after some edits, most of which Prow accepts.
func (s *scene) edited(dir string, edits int) *scene {
	out, anything := s.clone(), s.IntN(6) == 0
	for tries := 0; edits > 0 && tries < 50; tries++ {
		next := out.clone()
		next.edit()
		if anything || next.loads(dir) {
			out = next
			edits--
		}
	}
	return out
}

// TestDifferential plans pull requests of a random history, in random order, with one
// planner. It compares each plan with the result of Prow's own loader on a checkout.
func TestDifferential(t *testing.T) {
	from, walks, steps := 0, 4, 8
	if n, err := strconv.Atoi(os.Getenv("REHEARSAL_RANDOM_WALKS")); err == nil {
		walks = n
	}
	if n, err := strconv.Atoi(os.Getenv("REHEARSAL_RANDOM_SEED")); err == nil {
		from = n
	}
	for seed := from; seed < from+walks; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { walk(t, uint64(seed), steps) })
	}
}

type pull struct{ base, head int }

func walk(t *testing.T, seed uint64, steps int) {
	s, h := newScene(seed), &history{}
	loader := &truths{worktree.New(t), scenery, map[string]truth{}}
	dir := filepath.Join(t.TempDir(), "scene")
	for !s.loads(dir) {
		s = newScene(s.Uint64())
	}
	s = s.edited(dir, 20)
	base := h.commit(s, 0)
	var pulls []pull
	for range steps {
		head := s.edited(dir, 1+s.IntN(8))
		n := h.commit(head, base)
		pulls = append(pulls, pull{base, n})
		if s.IntN(3) > 0 {
			moved := s.edited(dir, 1+s.IntN(2))
			base = h.commit(moved, base)
			pulls = append(pulls, pull{base, n})
			s = moved
		} else if s.IntN(3) > 0 {
			s, base = head, n
		}
	}
	shas := h.write(loader.tree)
	mirror := func(context.Context, Request) (*repo.Mirror, error) { return loader.tree.Mirror(), nil }
	cache := t.TempDir()
	warm := NewPlanner(Options{Mirror: mirror, Workers: 2, CacheDir: cache})
	s.Shuffle(len(pulls), func(i, j int) { pulls[i], pulls[j] = pulls[j], pulls[i] })
	for i, p := range pulls {
		req := Request{Org: "org", Repo: "config", Base: shas[p.base], Head: shas[p.head], Layout: scenery}
		merged, err := oracle.Merge(loader.tree.Dir, req.Base, req.Head)
		if err != nil {
			continue
		}
		before, after := loader.of(req.Base), loader.of(merged)
		planners := map[string]*Incremental{"warm": warm}
		if i%4 == 0 {
			planners["cold"] = NewPlanner(Options{Mirror: mirror, Workers: 1})
			planners["from disk"] = NewPlanner(Options{Mirror: mirror, Workers: 2, CacheDir: cache})
		}
		for name, planner := range planners {
			result, err := planner.Plan(t.Context(), req)
			if text := disagreement(t.Context(), before, after, result, err); text != "" {
				t.Errorf("pull %d, %s: %s\nbase loads: %v\n%s", i, name, text, before.err == nil, shown(loader.tree.Git("diff", req.Base, merged)))
			}
		}
	}
}

func shown(s string) string {
	return s[:min(len(s), 6000)]
}
