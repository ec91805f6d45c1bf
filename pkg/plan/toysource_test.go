package plan

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/layout"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
	"github.com/rehearsal-dev/rehearsal/pkg/sources"
	"github.com/rehearsal-dev/rehearsal/test/worktree"
)

// toySource is a source that exists only in this file. It affects jobs that listFile
// names after the change and not before.
type toySource struct{}

const listFile = "rehearse/list"

func (toySource) Name() string                   { return "list" }
func (toySource) Watches(layout.Layout) []string { return []string{listFile} }

func (toySource) Compare(ctx context.Context, d *affected.Delta, files affected.Reader) (affected.Evidence, error) {
	before, err := namesIn(ctx, files, d.WatchedBefore[listFile])
	if err != nil || d.ValidityOnly {
		return nil, err
	}
	after, err := namesIn(ctx, files, d.WatchedAfter[listFile])
	fresh := maps.Clone(after)
	maps.DeleteFunc(fresh, func(name string, _ bool) bool { return before[name] })
	if err != nil || len(fresh) == 0 {
		return nil, err
	}
	return newlyListed(fresh), nil
}

func namesIn(ctx context.Context, files affected.Reader, blob string) (map[string]bool, error) {
	if blob == "" {
		return nil, nil
	}
	names, err := files.Parsed(ctx, "list", blob, func(content []byte) (any, error) { return setOf(strings.Fields(string(content))), nil })
	if err != nil {
		return nil, err
	}
	return names.(map[string]bool), nil
}

type newlyListed map[string]bool

func (l newlyListed) Selects() func(*affected.Entry) bool { return l.Reads }
func (l newlyListed) Reads(e *affected.Entry) bool        { return l[e.Ref.Name] }
func (l newlyListed) Files() []string                     { return []string{listFile} }

func (l newlyListed) Explain(p *affected.Pair, change affected.Change) []affected.Reason {
	if change != affected.ChangeSpec || !l.Reads(p.New.Entry()) {
		return nil
	}
	return []affected.Reason{{Source: "list", File: listFile, Path: "listed"}}
}

// A source is one file and one line in the list of sources; nothing else knows of this
// one. Its results are the same with cold and warm caches, read back from disk, and after
// the base has moved.
func TestToySource(t *testing.T) {
	tree := worktree.New(t)
	tree.Write("prow/config.yaml", "pod_namespace: test-pods\n")
	jobs := "periodics:\n"
	for _, name := range []string{"one", "two", "three"} {
		jobs += "- {name: " + name + ", interval: 1h, spec: {containers: [{image: i}]}}\n"
	}
	tree.Write("jobs/a.yaml", jobs)
	tree.Write(listFile, "one\n")
	first := tree.Commit()
	tree.Write(listFile, "one two\n")
	second := tree.Commit()
	tree.Write(listFile, "one two three\n")
	tree.Write("jobs/a.yaml", strings.Replace(jobs, "image: i", "image: j", 1))
	third := tree.Commit()
	tree.Write("files/other", "more\n")
	fourth := tree.Commit()

	cache := t.TempDir()
	planner := func() *Incremental {
		return NewPlanner(Options{
			Mirror:   func(context.Context, Request) (*repo.Mirror, error) { return tree.Mirror(), nil },
			CacheDir: cache, Sources: append(slices.Clip(sources.All), toySource{}),
		})
	}
	const (
		two   = "periodic  two !: spec, rehearsed, list listed"
		three = "periodic  three !: spec, rehearsed, list listed"
		one   = "periodic  one !: spec, rehearsed, job config spec.containers[0].image i > j"
	)
	running := planner()
	for _, step := range []struct {
		name       string
		planner    *Incremental
		base, head string
		want       []string
	}{
		{"cold", running, first, second, []string{two}},
		{"warm", running, first, third, []string{one, three, two}},
		{"from disk", planner(), first, second, []string{two}},
		{"from disk, the base moved", planner(), second, third, []string{one, three}},
		{"the base moved", running, second, third, []string{one, three}},
		{"nothing listed", running, third, fourth, nil},
		{"no longer listed", running, second, first, nil},
	} {
		result, err := step.planner.Plan(t.Context(), Request{Org: "org", Repo: "config", Base: step.base, Head: step.head, Layout: plain})
		if err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if got := describe(result); !slices.Equal(got, step.want) {
			t.Errorf("%s:\n got %q\nwant %q", step.name, got, step.want)
		}
	}

	without, err := newTestPlanner(tree).Plan(t.Context(), Request{Org: "org", Repo: "config", Base: first, Head: second, Layout: plain})
	if err != nil || len(without.Affected) > 0 {
		t.Errorf("without the source: %v, %v", describe(without), err)
	}
}

func TestDeciding(t *testing.T) {
	all, none := func(*affected.Entry) bool { return true }, func(*affected.Entry) bool { return false }
	quick := struct{ affected.Quick }{}
	for name, tc := range map[string]struct {
		sources     []candidateSource
		quick, look bool
	}{
		"nobody":             {[]candidateSource{{none, nil}, {none, quick}}, false, false},
		"one that is quick":  {[]candidateSource{{none, nil}, {all, quick}}, true, false},
		"one that is not":    {[]candidateSource{{all, nil}, {none, quick}}, false, true},
		"both":               {[]candidateSource{{all, quick}, {all, nil}}, false, true},
		"two that are quick": {[]candidateSource{{all, quick}, {all, quick}}, false, true},
	} {
		if q, look := deciding(tc.sources, &affected.Entry{}); (q != nil) != tc.quick || look != tc.look {
			t.Errorf("%s: %v, %v", name, q, look)
		}
	}
}
