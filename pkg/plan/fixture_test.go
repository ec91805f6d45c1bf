package plan

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/layout"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
	"github.com/rehearsal-dev/rehearsal/test/oracle"
	"github.com/rehearsal-dev/rehearsal/test/worktree"
)

// fixture is a config repository before and after a change, and the answer.
//
// A file in test/testdata/affected has directives ("remove: PATH",
// "gzip: SIDE/PATH", "link: SIDE/PATH TARGET"), a sentence, and sections
// "-- NAME --": files as base/PATH and head/PATH (which are laid over the
// base's), and the answers "want" and "refused".
type fixture struct {
	name       string
	base, head map[string]string
	links      map[string]map[string]string
	removed    []string
	want       []string
	refused    string
}

// sized skips a test about mere size in short mode. The race detector, with which make
// unit runs short tests, finds nothing in it; the full run is without it.
func sized(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("it is about size")
	}
}

func readFixture(t *testing.T, path string) fixture {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f := fixture{
		name: strings.TrimSuffix(filepath.Base(path), ".txtar"),
		base: map[string]string{}, head: map[string]string{},
		links: map[string]map[string]string{"base": {}, "head": {}},
	}
	sections := strings.Split("\n"+string(raw), "\n-- ")
	for _, section := range sections[1:] {
		name, content, _ := strings.Cut(section, " --\n")
		content = strings.TrimSuffix(content, "\n") + "\n"
		side, rest, _ := strings.Cut(name, "/")
		switch side {
		case "base":
			f.base[rest] = content
		case "head":
			f.head[rest] = content
		case "want":
			f.want = strings.Split(strings.Trim(content, "\n"), "\n")
		case "refused":
			f.refused = strings.TrimSpace(content)
		}
	}
	for _, line := range strings.Split(sections[0], "\n") {
		verb, rest, _ := strings.Cut(line, ": ")
		switch verb {
		case "remove":
			f.removed = append(f.removed, rest)
		case "gzip":
			f.head[strings.TrimPrefix(rest, "head/")] = compressed(t, f.head[strings.TrimPrefix(rest, "head/")])
		case "link":
			place, target, _ := strings.Cut(rest, " ")
			side, p, _ := strings.Cut(place, "/")
			f.links[side][p] = target
		}
	}
	return f
}

func compressed(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func (f fixture) commit(t *testing.T) (w worktree.Tree, base, head string) {
	t.Helper()
	w = worktree.New(t)
	lay := func(files map[string]string, links map[string]string) string {
		for p, content := range files {
			w.Write(p, content)
		}
		for p, target := range links {
			if err := os.Symlink(target, filepath.Join(w.Dir, p)); err != nil {
				t.Fatal(err)
			}
		}
		return w.Commit()
	}
	base = lay(f.base, f.links["base"])
	for _, p := range f.removed {
		w.Git("rm", "--quiet", p)
	}
	head = lay(f.head, f.links["head"])
	return w, base, head
}

func (f fixture) settings() layout.Layout {
	s := layout.Layout{ProwConfig: "prow/config.yaml", JobConfig: "jobs"}
	for p := range f.base {
		if p == "prow/plugins.yaml" {
			s.PluginConfig = p
		}
		if strings.HasPrefix(p, "prow/extra/") {
			s.SupplementalProwConfigDirs = []string{"prow/extra"}
		}
	}
	return s
}

// describe renders a result as the fixtures' "want" does.
func describe(r *Result) []string {
	var out []string
	for _, j := range r.Affected {
		line := fmt.Sprintf("%s %s %s %s!%s: %s, ", j.Type, j.Repo, j.Name, strings.Join(j.Branches, ","), strings.Join(j.SkipBranches, ","), j.Change)
		if j.Rehearse {
			line += "rehearsed"
		}
		line += j.Excluded
		for _, reason := range j.Reasons {
			line += ", " + reason.Source + " " + reason.Path
			if reason.Old+reason.New != "" {
				line += " " + reason.Old + " > " + reason.New
			}
		}
		out = append(out, line)
	}
	if len(r.Removed) > 0 {
		out = append(out, fmt.Sprintf("removed %d", len(r.Removed)))
	}
	for _, warning := range r.Warnings {
		out = append(out, "warning "+warning)
	}
	return out
}

func TestFixtures(t *testing.T) {
	paths, err := filepath.Glob("../../test/testdata/affected/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for _, path := range paths {
		f := readFixture(t, path)
		t.Run(f.name, func(t *testing.T) { checkFixture(t, f) })
	}
}

func checkFixture(t *testing.T, f fixture) {
	w, base, head := f.commit(t)
	mirror := func(context.Context, Request) (*repo.Mirror, error) { return w.Mirror(), nil }
	planner := NewPlanner(Options{Mirror: mirror, Workers: 2})
	req := Request{Org: "org", Repo: "config", Base: base, Head: head, Layout: f.settings()}
	var result *Result
	for _, temperature := range []string{"cold", "warm"} {
		var err error
		result, err = planner.Plan(t.Context(), req)
		var refused *RefusedError
		if errors.As(err, &refused) != (f.refused != "") || err != nil && refused == nil {
			t.Fatalf("%s: err = %v; want %q", temperature, err, f.refused)
		}
		if refused != nil && !strings.Contains(err.Error(), f.refused) {
			t.Errorf("%s: refused with %q; want %q", temperature, err, f.refused)
		}
		if refused != nil && len(result.Incomplete) == 0 {
			t.Errorf("%s: refused, but nothing is incomplete", temperature)
		}
		got := describe(result)
		if want := slices.DeleteFunc(slices.Clone(f.want), func(s string) bool { return s == "" }); f.refused == "" || len(want) > 0 {
			if !slices.Equal(got, want) {
				t.Errorf("%s:\n got %s\nwant %s", temperature, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
			}
		}
	}
	checkAgainstFullLoad(t, w, req, result)
}

// checkAgainstFullLoad compares a result with Prow's loader: what it refuses or, if it
// does not, the affected jobs.
func checkAgainstFullLoad(t *testing.T, tree worktree.Tree, req Request, result *Result) {
	t.Helper()
	truth, err := wholly(tree.Dir, req)
	if (err != nil) != (len(result.Incomplete) > 0) {
		t.Fatalf("Prow's loader says %v; incomplete: %v", err, result.Incomplete)
	}
	if err != nil {
		return
	}
	missing, extra := sideBySide(answersOf(&result.Result), answersOf(truth))
	if len(missing)+len(extra) > 0 {
		t.Errorf("compared with Prow's loader, missing %q, too many %q", missing, extra)
	}
	if result.Jobs != truth.Jobs || len(result.Removed) != len(truth.Removed) {
		t.Errorf("%d jobs, %d removed; Prow's loader says %d, %d", result.Jobs, len(result.Removed), truth.Jobs, len(truth.Removed))
	}
	checkEffective(t, result, truth)
}

// wholly plans by loading both revisions completely with Prow.
func wholly(repository string, req Request) (*affected.Result, error) {
	merged, err := oracle.Merge(repository, req.Base, req.Head)
	if err != nil {
		return nil, err
	}
	return oracle.Plan(repository, req.Base, merged, req.Layout)
}

// checkEffective compares the jobs that would be rendered.
func checkEffective(t *testing.T, result *Result, truth *affected.Result) {
	t.Helper()
	jobs, err := result.Effective(t.Context(), result.Affected)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]affected.Job{}
	for _, j := range truth.Affected {
		want[j.Key()] = j
	}
	for _, j := range jobs {
		other, ok := want[j.Key()]
		if !ok {
			continue
		}
		if got, expected := asJSON(t, j.Spec(prowapi.Refs{})), asJSON(t, other.Spec(prowapi.Refs{})); got != expected {
			t.Errorf("effective job %s:\n got %s\nwant %s", j.Name, got, expected)
		}
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// newTestPlanner returns a planner for the repository of a work tree.
func newTestPlanner(tree worktree.Tree) *Incremental {
	return NewPlanner(Options{Mirror: func(context.Context, Request) (*repo.Mirror, error) { return tree.Mirror(), nil }})
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
