package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/test/worktree"
)

// lines returns n lines.
func lines(n int, line func(i int) string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(line(i))
	}
	return b.String()
}

// numbered returns n presubmit jobs.
func numbered(n int, more string) string {
	return "presubmits:\n  a/b:\n" + lines(n, func(i int) string { return fmt.Sprintf("  - {name: j%d, %s}\n", i, more) })
}

// decorationFor returns a main file with a default decoration that has so many media
// types.
func decorationFor(types int) string {
	all := lines(types, func(i int) string { return fmt.Sprintf("e%d: text/x,", i) })
	return "plank: {default_decoration_config_entries: [{config: {" + strings.Replace(decorated, "bucket: b", "bucket: b, mediaTypes: {"+all+"}", 1) + "}}]}\n"
}

// TestMultiplied plans heads in which one text has to be applied to thousands of jobs or
// containers.
func TestMultiplied(t *testing.T) {
	sized(t)
	environment := func(n int) string {
		return "presets:\n- labels: {p: x}\n  env: [" + lines(n, func(i int) string { return fmt.Sprintf("{name: E%d},", i) }) + "]\n"
	}
	runs := "decorate: true, spec: {containers: [{command: [c]}]}"
	const steps = "more than 250000000 steps"
	for name, tc := range map[string]struct {
		base, head map[string]string
		want       string
	}{
		"many variables in many jobs": {
			head: map[string]string{"jobs/p.yaml": environment(3000), "jobs/x.yaml": numbered(100, "labels: {p: x}, "+spec)},
			want: "jobs/p.yaml: adds too much to too many jobs: to put presets and defaults into the jobs that differ takes " + steps,
		},
		"a long value in many jobs": {
			head: map[string]string{"jobs/p.yaml": "presets:\n- {labels: {p: x}, env: [{name: E, value: " + strings.Repeat("v", 1<<20) + "}]}\n", "jobs/x.yaml": numbered(300, "labels: {p: x}, "+spec)},
			want: "jobs/p.yaml: adds too much to too many jobs: to put presets and defaults into the jobs that differ takes " + steps,
		},
		"variables in many containers": {
			head: map[string]string{"jobs/p.yaml": environment(1000), "jobs/x.yaml": numbered(1, "labels: {p: x}, spec: {containers: ["+strings.Repeat("{name: c},", 600)+"]}")},
			want: "jobs/p.yaml: adds too much to too many jobs: to put presets and defaults into the jobs that differ takes " + steps,
		},
		"a preset of old jobs": {
			base: map[string]string{"jobs/p.yaml": environment(1), "jobs/x.yaml": numbered(100, "labels: {p: x}, "+spec)},
			head: map[string]string{"jobs/p.yaml": environment(3000)},
			want: "jobs/p.yaml: adds too much to too many jobs: to put presets and defaults into the jobs that differ takes " + steps,
		},
		"a long decoration of new jobs": {
			base: map[string]string{"prow/config.yaml": decorationFor(10_000)},
			head: map[string]string{"jobs/x.yaml": numbered(2000, runs)},
			want: "prow/config.yaml: adds too much to too many jobs: to put presets and defaults into the jobs that differ takes " + steps,
		},
		"a longer decoration of old jobs": {
			base: map[string]string{"prow/config.yaml": decorationFor(1), "jobs/x.yaml": numbered(2000, runs)},
			head: map[string]string{"prow/config.yaml": decorationFor(10_000)},
			want: "prow/config.yaml: adds too much to too many jobs: to put presets and defaults into the jobs that differ takes " + steps,
		},
		"more media types than reasons": {
			base: map[string]string{"prow/config.yaml": decorationFor(1), "jobs/x.yaml": numbered(2000, runs)},
			head: map[string]string{"prow/config.yaml": decorationFor(200)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			tree := worktree.New(t)
			before := map[string]string{"prow/config.yaml": "{}", "prow/extra/README": "x", "jobs/README": "x"}
			maps.Copy(before, tc.base)
			for _, files := range []map[string]string{before, tc.head} {
				for path, content := range files {
					tree.Write(path, content)
				}
				tree.Commit()
			}
			req := Request{Org: "org", Repo: "config", Base: tree.Git("rev-parse", "HEAD~"), Head: tree.Git("rev-parse", "HEAD"), Layout: scenery}
			result, err := newTestPlanner(tree).Plan(t.Context(), req)
			if tc.want != "" {
				if result == nil || !Terminal(err) || !strings.HasPrefix(errorText(err), tc.want) {
					t.Errorf("err = %.300v", err)
				}
				return
			}
			if err != nil || len(result.Affected) != 2000 {
				t.Fatalf("%d affected, err = %.300v", len(result.Affected), err)
			}
			for _, j := range result.Affected {
				if n := len(j.Reasons); n == 0 || n > 101 {
					t.Fatalf("%d reasons", n)
				}
			}
		})
	}
}

// What is applied to all jobs of a base that is read first is limited as well.
func TestMultipliedAtBase(t *testing.T) {
	tree := worktree.New(t)
	tree.Write("prow/config.yaml", "{}")
	tree.Write("prow/extra/README", "x")
	tree.Write("jobs/p.yaml", "presets:\n- {labels: {p: x}, env: [{name: E, value: "+strings.Repeat("v", 1<<20)+"}]}\n")
	tree.Write("jobs/x.yaml", numbered(1000, "labels: {p: x}, "+spec))
	base := tree.Commit()
	_, err := newTestPlanner(tree).Plan(t.Context(), Request{Org: "org", Repo: "config", Base: base, Head: base, Layout: scenery})
	if !Terminal(err) || !strings.HasPrefix(errorText(err), "the base branch is broken already: jobs/p.yaml: adds too much to too many jobs: to put presets and defaults into all jobs takes more than 1000000000 steps") {
		t.Errorf("err = %.300v", err)
	}
}

// TestManyFiles plans with many files, or with much content in them, at base or in the
// head.
func TestManyFiles(t *testing.T) {
	sized(t)
	for name, tc := range map[string]struct {
		dir, suffix, want string
		files             int
		content           func(i int) string
	}{
		"job files":          {"jobs", ".yaml", "the repository has more than 50000 job files", 50_001, nil},
		"supplemental files": {"prow/extra", "_prowconfig.yaml", "the repository has more than 10000 files that are merged into Prow's main file", 10_001, nil},
		"supplemental items": {"prow/extra", "_prowconfig.yaml", "500000 list items and mappings", 10, func(i int) string { return fmt.Sprintf("#%d", i) + strings.Repeat(",", 60_000) }},
		"supplemental bytes": {"prow/extra", "_prowconfig.yaml", "more than 32 MiB", 5, func(i int) string { return fmt.Sprintf("#%d", i) + strings.Repeat("x", 7<<20) }},
		"items":              {"jobs", ".yaml", "the repository has job files of more than 25000000 list items and mappings together", 18, func(i int) string { return fmt.Sprintf("#%d", i) + strings.Repeat(",", 1_450_000) }},
		"items of many":      {"jobs", ".yaml", "the repository has job files of more than 25000000 list items and mappings together", 170, func(i int) string { return fmt.Sprintf("#%d", i) + strings.Repeat(",", 150_000) }},
		"a long name":        {"prow/extra", strings.Repeat("n", 250) + "_prowconfig.yaml", "…: has a name of more than 255 bytes in it", 1, nil},
	} {
		t.Run(name, func(t *testing.T) {
			tree := worktree.New(t)
			tree.Write("prow/config.yaml", "{}")
			tree.Write("prow/extra/README", "x")
			tree.Write("jobs/a.yaml", periodic("a"))
			base := tree.Commit()
			head := withFiles(tree, tc.dir, tc.suffix, tc.files, tc.content)
			req := Request{Org: "org", Repo: "config", Base: base, Head: head, Layout: scenery}
			result, err := newTestPlanner(tree).Plan(t.Context(), req)
			if result == nil || !Terminal(err) || !strings.Contains(errorText(err), tc.want) {
				t.Errorf("err = %.300v", err)
			}
			req.Base, req.Head = head, base
			_, err = newTestPlanner(tree).Plan(t.Context(), req)
			if !Terminal(err) || !strings.HasPrefix(errorText(err), "the base branch is broken already: ") || !strings.Contains(errorText(err), tc.want) {
				t.Errorf("base: err = %.300v", err)
			}
		})
	}
}

// withFiles commits a directory of many files. Without content they are equal.
func withFiles(w worktree.Tree, dir, suffix string, n int, content func(i int) string) string {
	w.T.Helper()
	blob := w.GitWith("{}\n", "hash-object", "-w", "--stdin")
	var in strings.Builder
	in.WriteString("commit refs/heads/many\nmark :1\ncommitter a <a@example.com> 1 +0000\ndata 0\nfrom " + w.Git("rev-parse", "HEAD") + "\n")
	for i := range n {
		path := fmt.Sprintf("%s/%d%s", dir, i, suffix)
		if content == nil {
			fmt.Fprintf(&in, "M 100644 %s %s\n", blob, path)
			continue
		}
		text := content(i)
		fmt.Fprintf(&in, "M 100644 inline %s\ndata %d\n%s\n", path, len(text), text)
	}
	w.GitWith(in.String(), "fast-import", "--quiet")
	return w.Git("rev-parse", "many")
}

// Links and unreadable files are each read once, however many there are.
func TestManyProblems(t *testing.T) {
	tree := worktree.New(t)
	tree.Write("prow/config.yaml", "{}")
	tree.Write("prow/extra/README", "x")
	tree.Write("jobs/a.yaml", periodic("a"))
	base := tree.Commit()
	head := withFiles(tree, "jobs", ".yaml", 40_000, func(i int) string { return "[" + fmt.Sprint(i%50) })
	req := Request{Org: "org", Repo: "config", Base: base, Head: head, Layout: scenery}
	result, err := newTestPlanner(tree).Plan(t.Context(), req)
	if !Terminal(err) || len(result.Incomplete) != maxListed+1 || !slices.ContainsFunc(result.Incomplete, func(e affected.FileError) bool { return strings.HasPrefix(e.Message, "and ") }) {
		t.Errorf("%d mistakes, err = %.300v", len(result.Incomplete), err)
	}
}
