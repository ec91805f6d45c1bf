package plan

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/layout"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
	presets "github.com/rehearsal-dev/rehearsal/pkg/sources/preset"
	"github.com/rehearsal-dev/rehearsal/pkg/sources/prowconfig"
)

// pullCase is a real pull request with its known affected jobs.
type pullCase struct {
	PR       int
	Base     string
	Head     string
	Jobs     int
	Removed  int
	Affected []struct{ Type, Repo, Name, Branches, Why string }
}

var testInfra = layout.Layout{
	ProwConfig:   "config/prow/config.yaml",
	JobConfig:    "config/jobs",
	PluginConfig: "config/prow/plugins.yaml",
}

// realPulls returns the real pull requests and a clone that has them. It skips the test
// if they are not available.
func realPulls(t testing.TB) ([]pullCase, *repo.Mirror) {
	t.Helper()
	dir := os.Getenv("REHEARSAL_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "data")
	}
	packed, err := os.Open(filepath.Join(dir, "test-infra-pulls.json.gz"))
	if err != nil {
		t.Skipf("no real pull requests at hand (set REHEARSAL_DATA to their directory): %v", err)
	}
	defer func() { _ = packed.Close() }()
	raw, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	var cases []pullCase
	if err := json.NewDecoder(raw).Decode(&cases); err != nil {
		t.Fatal(err)
	}
	// They are in order of time, so that each base is near the one before.
	slices.SortFunc(cases, func(a, b pullCase) int { return a.PR - b.PR })
	clone := filepath.Join(t.TempDir(), "pulls.git")
	bundle, err := filepath.Abs(filepath.Join(dir, "test-infra-pulls.bundle"))
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"init", "--quiet", "--bare", clone},
		{"-C", clone, "fetch", "--quiet", bundle, "refs/*:refs/*"},
	} {
		if out, err := exec.Command("git", args...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	return cases, repo.OpenClone(clone)
}

// answers renders the known affected jobs in the form in which plans are rendered: a line
// for each job.
func (c pullCase) answers() []string {
	var out []string
	for _, a := range c.Affected {
		why := strings.TrimSuffix(a.Why, "-only")
		out = append(out, fmt.Sprintf("%s %s %s %s: %s", a.Type, a.Repo, a.Name, a.Branches, why))
	}
	slices.Sort(out)
	return out
}

func answersOf(r *affected.Result) []string {
	var out []string
	for _, j := range r.Affected {
		if j.Change == affected.ChangeSpec && onlyElsewhere(j) {
			// These come on top of the definition.
			continue
		}
		branches := strings.Join(j.Branches, ",") + "!" + strings.Join(j.SkipBranches, ",")
		if j.Repo == "" {
			branches = ""
		}
		out = append(out, fmt.Sprintf("%s %s %s %s: %s", j.Type, j.Repo, j.Name, branches, j.Change))
	}
	slices.Sort(out)
	return out
}

// onlyElsewhere reports whether Prow's loader sees none of the reasons.
func onlyElsewhere(j affected.Job) bool {
	return !slices.ContainsFunc(j.Reasons, func(r affected.Reason) bool {
		return slices.Contains([]string{affected.SourceJobConfig, presets.Name, prowconfig.Name}, r.Source)
	})
}

func sideBySide(got, want []string) (missing, extra []string) {
	count := map[string]int{}
	for _, g := range got {
		count[g]++
	}
	for _, w := range want {
		count[w]--
	}
	for _, line := range slices.Sorted(maps.Keys(count)) {
		switch n := count[line]; {
		case n < 0:
			missing = append(missing, line)
		case n > 0:
			extra = append(extra, line)
		}
	}
	return missing, extra
}

func checkCase(t *testing.T, c pullCase, result *affected.Result) {
	t.Helper()
	missing, extra := sideBySide(answersOf(result), c.answers())
	if len(missing)+len(extra) > 0 {
		t.Errorf("%d missing: %.5q\n%d too many: %.5q", len(missing), missing, len(extra), extra)
	}
	if result.Jobs != c.Jobs || len(result.Removed) != c.Removed {
		t.Errorf("%d jobs, %d removed; want %d, %d", result.Jobs, len(result.Removed), c.Jobs, c.Removed)
	}
}

// TestRealPulls checks the plans of all real pull requests, with cold caches for the
// first and warm ones for the others.
func TestRealPulls(t *testing.T) {
	cases, clone := realPulls(t)
	planner := NewPlanner(Options{Mirror: func(context.Context, Request) (*repo.Mirror, error) { return clone, nil }})
	start := time.Now()
	for _, c := range cases {
		t.Run(fmt.Sprint(c.PR), func(t *testing.T) {
			result, err := planner.Plan(t.Context(), Request{Org: "kubernetes", Repo: "test-infra", Base: c.Base, Head: c.Head, Layout: testInfra})
			if err != nil {
				t.Fatal(err)
			}
			checkCase(t, c, &result.Result)
			for _, j := range result.Affected {
				if len(j.Reasons) == 0 {
					t.Errorf("%s %s is affected for no reason", j.Type, j.Name)
				}
			}
		})
	}
	t.Logf("%d pull requests in %v", len(cases), time.Since(start))
}

// TestFullLoadOnRealPulls checks the definition of affected jobs itself on a few pull
// requests. It is slow.
func TestFullLoadOnRealPulls(t *testing.T) {
	cases, clone := realPulls(t)
	if os.Getenv("REHEARSAL_DATA_FULL") == "" {
		cases = cases[:3]
	}
	if testing.Short() {
		cases = cases[:1]
	}
	start := time.Now()
	for _, c := range cases {
		t.Run(fmt.Sprint(c.PR), func(t *testing.T) {
			result, err := wholly(clone.Dir(), Request{Base: c.Base, Head: c.Head, Layout: testInfra})
			if err != nil {
				t.Fatal(err)
			}
			checkCase(t, c, result)
		})
	}
	t.Logf("%d pull requests in %v", len(cases), time.Since(start))
}
