package local

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/cli/program"
	"github.com/rehearsal-dev/rehearsal/pkg/cli/screen"
	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/sources/configupdater"
	"github.com/rehearsal-dev/rehearsal/pkg/sources/preset"
	"github.com/rehearsal-dev/rehearsal/pkg/sources/prowconfig"
)

func TestPanicsAreErrors(t *testing.T) {
	result, err := safely(func() (*plan.Local, error) { panic("index out of range") })
	if result != nil || err == nil || program.Status(err) != program.ExitUsage || err.Error() != "the planner crashed on this change, which is a bug: index out of range" {
		t.Errorf("got %v, %v", result, err)
	}
}

func planned(jobs ...affected.Job) *change {
	r := affected.Result{Base: strings.Repeat("0123456789", 4), Jobs: 100, Affected: jobs}
	return &change{base: "origin/main", result: &plan.Local{Result: plan.Result{Result: r}}}
}

func job(name string, branches ...string) affected.Job {
	return affected.Job{
		Ref:    affected.Ref{Type: "presubmit", Repo: "org/repo", Name: name, Branches: branches},
		Change: affected.ChangeSpec, Rehearse: true,
		Reasons: []affected.Reason{
			{Source: affected.SourceJobConfig, Path: "spec.containers[0].image", Old: "registry/image:1", New: "registry/image:2"},
			{Source: preset.Name, Path: "preset credentials"},
		},
	}
}

func TestTableFitsTheTerminal(t *testing.T) {
	const summary = "\n2 of 100 jobs affected, 2 of them to rehearse, 0 removed\nmerged into origin/main (0123456789)\n"
	long := "pull-ci-organisation-repository-release-4.20-end-to-end-upgrade"
	for name, tc := range map[string]struct {
		change *change
		wide   bool
		width  int
		want   string
	}{
		"not a terminal": {
			change: planned(job("one", "main"), job("two")),
			want: `NAME  TYPE       REPO      BRANCHES  CHANGE  REHEARSE  WHY
one   presubmit  org/repo  main      spec    yes       spec.containers[0].image: registry/image:1 → registry/image:2 (and 1 more)
two   presubmit  org/repo  -         spec    yes       spec.containers[0].image: registry/image:1 → registry/image:2 (and 1 more)
` + summary,
		},
		"narrow terminal": {
			change: planned(job("one", "main"), job("two")), width: 80,
			want: `NAME  TYPE       REPO      BRANCHES  CHANGE  REHEARSE  WHY
one   presubmit  org/repo  main      spec    yes       spec.containers[0].image…
two   presubmit  org/repo  -         spec    yes       spec.containers[0].image…
` + summary,
		},
		"terminal too narrow for rows": {
			change: planned(job(long, "release-4.20"), job("two")), width: 80,
			want: long + `
  spec, rehearse: yes; presubmit of org/repo at release-4.20
  spec.containers[0].image: registry/image:1 → registry/image:2 (and 1 more)
two
  spec, rehearse: yes; presubmit of org/repo
  spec.containers[0].image: registry/image:1 → registry/image:2 (and 1 more)
` + summary,
		},
		"names with wide characters": {
			change: planned(job("単体テスト", "main"), job("two")), width: 90,
			want: `NAME        TYPE       REPO      BRANCHES  CHANGE  REHEARSE  WHY
単体テスト  presubmit  org/repo  main      spec    yes       spec.containers[0].image: re…
two         presubmit  org/repo  -         spec    yes       spec.containers[0].image: re…
` + summary,
		},
		"-o wide on a narrow terminal": {
			change: planned(job("one", "main"), job("two")), wide: true, width: 40,
			want: `NAME  TYPE       REPO      BRANCHES  CHANGE  REHEARSE  WHY
one   presubmit  org/repo  main      spec    yes       spec.containers[0].image: registry/image:1 → registry/image:2; preset credentials
two   presubmit  org/repo  -         spec    yes       spec.containers[0].image: registry/image:1 → registry/image:2; preset credentials
` + summary,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := tc.change.table(tc.wide, tc.width)
			if got != tc.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, tc.want)
			}
			for line := range strings.Lines(strings.TrimSuffix(got, summary)) {
				if n := screen.Cells(strings.TrimSuffix(line, "\n")); tc.width > 0 && !tc.wide && n > tc.width {
					t.Errorf("%d cells: %s", n, line)
				}
			}
		})
	}
}

func TestHostileTextStaysText(t *testing.T) {
	hostile := job("\x1b[2J\xff", "a|b`c", "<script>")
	hostile.Reasons = []affected.Reason{{Source: affected.SourceJobConfig, Path: "x", New: "@all [a](b) *c* \x1b]0;t\a"}}
	c := planned(hostile)
	c.result.Warnings = []string{"@everyone\x1b[0m"}
	for name, text := range map[string]string{"table": c.table(false, 0), "wide": c.table(true, 0), "markdown": c.markdown()} {
		if strings.ContainsAny(text, "\x1b\a") || !utf8.ValidString(text) {
			t.Errorf("%s steers the terminal: %q", name, text)
		}
	}
	for _, markup := range []string{" @all", "<script>", "a|b", " [a](b)", " *c*", " @everyone"} {
		if text := c.markdown(); strings.Contains(text, markup) {
			t.Errorf("%q in %s", markup, text)
		}
	}
}

func TestRemovedJobsAreNamed(t *testing.T) {
	c := planned()
	for range few + 2 {
		c.result.Removed = append(c.result.Removed, affected.Ref{Type: "periodic", Name: "gone"})
	}
	if text := c.table(false, 0); strings.Count(text, "removed: gone (periodic)") != few || !strings.Contains(text, "and 2 more") {
		t.Error(text)
	}
	if text := c.table(true, 0); strings.Count(text, "removed: gone (periodic)") != few+2 {
		t.Error(text)
	}
}

func TestProblemsAreNamed(t *testing.T) {
	c := planned()
	for range few + 2 {
		c.result.Incomplete = append(c.result.Incomplete, affected.FileError{File: "a.yaml", Line: 3, Message: "odd"})
	}
	if text := c.table(false, 0); strings.Count(text, "incomplete: a.yaml:3: odd") != few || !strings.Contains(text, "and 2 more") {
		t.Error(text)
	}
	if text := c.table(true, 0); strings.Count(text, "incomplete: a.yaml:3: odd") != few+2 {
		t.Error(text)
	}
}

func TestReasonText(t *testing.T) {
	for want, r := range map[string]affected.Reason{
		"spec.x: 1 → 2":                         {Source: affected.SourceJobConfig, File: "f", Path: "spec.x", Old: "1", New: "2"},
		"preset a ▸ env[B].value: 2":            {Source: preset.Name, File: "f", Path: "preset a ▸ env[B].value", New: "2"},
		"prow config: pod_namespace: a → b":     {Source: prowconfig.Name, File: "f", Path: "pod_namespace", Old: "a", New: "b"},
		"ConfigMap cm, filled from files/a.txt": {Source: configupdater.Name, File: "files/a.txt", Path: "ConfigMap cm"},
	} {
		if got := reasonText(r); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestNearest(t *testing.T) {
	all := []string{"pull-kubernetes-e2e-gce", "pull-kubernetes-e2e-kind", "pull-kubernetes-unit", "unit"}
	for name, want := range map[string]string{
		"pull-kubernetes-e2e":      "pull-kubernetes-e2e-gce pull-kubernetes-e2e-kind pull-kubernetes-unit",
		"pull-kuberntes-unti":      "pull-kubernetes-unit",
		"Unit":                     "unit pull-kubernetes-unit",
		"pull-kubernetes-e2e-kind": "pull-kubernetes-e2e-kind pull-kubernetes-e2e-gce",
		"":                         "",
		"kubernetes-e2e-knid":      "pull-kubernetes-e2e-gce pull-kubernetes-e2e-kind",
		"something-else":           "",
	} {
		if got := strings.Join(nearest(name, all), " "); got != want {
			t.Errorf("nearest(%s) = %q, want %q", name, got, want)
		}
	}
}

func TestBranchName(t *testing.T) {
	for ref, want := range map[string]string{
		"refs/remotes/origin/trunk": "trunk", "refs/heads/master": "master", "upstream/release-1": "release-1",
		"fork/x": "x", "feature/y": "feature/y", "0123456789abcdef": "main", "main~3": "main", "refs/heads/deadbeef": "deadbeef",
	} {
		if got := branchName(ref, []string{"fork", "origin"}); got != want {
			t.Errorf("branchName(%s) = %q, want %q", ref, got, want)
		}
	}
}
