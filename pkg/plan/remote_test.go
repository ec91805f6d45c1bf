package plan_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/sirupsen/logrus"
	"go.uber.org/goleak"
	"k8s.io/apimachinery/pkg/api/resource"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
	"sigs.k8s.io/prow/pkg/config"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/gate"
	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/worker"
	"github.com/rehearsal-dev/rehearsal/pkg/render"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

func TestMain(m *testing.M) {
	if worker.Called(os.Args) {
		os.Exit(worker.Main(os.Args, worker.Incremental))
	}
	// Prow's loader warns about agents it does not know.
	logrus.SetOutput(io.Discard)
	goleak.VerifyTestMain(m, goleak.IgnoreCurrent())
}

// same compares field by field, including unexported ones. Empty and missing values are
// equal. Expressions for triggers and for changed files are not sent, because nobody
// needs them.
var same = cmp.Options{
	cmpopts.EquateEmpty(),
	cmpopts.IgnoreFields(plan.Result{}, "Details", "Weight"),
	cmpopts.IgnoreFields(config.Presubmit{}, "re"),
	cmpopts.IgnoreFields(config.RegexpChangeMatcher{}, "reChanges"),
	cmp.Exporter(func(reflect.Type) bool { return true }),
	cmp.Comparer(func(a, b *regexp.Regexp) bool { return a == b || a != nil && b != nil && a.String() == b.String() }),
	cmp.Comparer(func(a, b resource.Quantity) bool { return a.Cmp(b) == 0 }),
}

// TestRemotePlans makes the same plans in this process and in a child, and asks both all
// questions.
func TestRemotePlans(t *testing.T) {
	for name, each := range map[string]func(*testing.T, func(*testing.T, string, plan.Request)){
		"fixtures": plan.EachFixture, "real pull requests": plan.EachRealPull,
	} {
		t.Run(name, func(t *testing.T) {
			dir := ""
			pool, err := worker.NewPool(worker.Options{Dir: func(plan.Request) string { return dir }, CacheDir: t.TempDir(), Size: 1})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(pool.Close)
			here := plan.NewPlanner(plan.Options{Mirror: func(context.Context, plan.Request) (*repo.Mirror, error) { return repo.OpenClone(dir), nil }})
			each(t, func(t *testing.T, at string, req plan.Request) {
				dir, req.Gates = at, gate.Defaults()
				compareRemote(t, here, pool, req)
			})
		})
	}
}

func compareRemote(t *testing.T, here, there plan.Planner, req plan.Request) {
	t.Helper()
	want, wantErr := here.Plan(t.Context(), req)
	got, err := there.Plan(t.Context(), req)
	if diff := cmp.Diff(wantErr, err, cmp.Comparer(equalErrors)); diff != "" {
		t.Fatal(diff)
	}
	if want == nil || got == nil {
		if want != nil || got != nil {
			t.Fatalf("one plan is missing: %v, %v", want, got)
		}
		return
	}
	short := *want
	short.Affected = told(want.Affected)
	check(t, "plan", short, *got)
	check(t, "digest", want.Digest(), got.Digest())
	if want.Details == nil {
		return
	}
	some := func(r *plan.Result) []affected.Job { return r.Affected[:min(len(r.Affected), 200)] }
	wantJobs, wantErr := want.Effective(t.Context(), some(want))
	gotJobs, err := got.Effective(t.Context(), some(got))
	if wantErr != nil || err != nil {
		t.Fatal(wantErr, err)
	}
	check(t, "jobs", told(wantJobs), gotJobs)
	check(t, "ProwJobs", rendered(t, wantJobs, want.Findings), rendered(t, gotJobs, got.Findings))
	compareDetails(t, want, got, wantJobs, gotJobs)
}

// told returns jobs without their state at base, which stays with the planner unless it
// lets a job run.
func told(jobs []affected.Job) []affected.Job {
	jobs = slices.Clone(jobs)
	for i := range jobs {
		jobs[i].Before = affected.Effective{}
		if jobs[i].Postsubmit == nil {
			jobs[i].Baseline = nil
		}
	}
	return jobs
}

func compareDetails(t *testing.T, want, got *plan.Result, wantJobs, gotJobs []affected.Job) {
	t.Helper()
	wantFindings, wantErr := want.Check(t.Context(), wantJobs)
	findings, err := got.Check(t.Context(), gotJobs)
	if wantErr != nil || err != nil {
		t.Fatal(wantErr, err)
	}
	check(t, "findings", wantFindings, findings)
	wantContents, wantErr := want.ConfigMaps(t.Context(), wantJobs)
	contents, err := got.ConfigMaps(t.Context(), gotJobs)
	if wantErr != nil || err != nil {
		t.Fatal(wantErr, err)
	}
	check(t, "ConfigMaps", wantContents, contents)
	var names []string
	for _, j := range wantJobs {
		names = append(names, j.Name)
	}
	wantLocated, wantErr := want.Lookup(t.Context(), names...)
	located, err := got.Lookup(t.Context(), names...)
	if wantErr != nil || err != nil {
		t.Fatal(wantErr, err)
	}
	check(t, "places", wantLocated, located)
}

func check[T any](t *testing.T, what string, want, got T) {
	t.Helper()
	if diff := cmp.Diff(want, got, same); diff != "" {
		t.Errorf("%s (here -, there +):\n%s", what, diff)
	}
}

func equalErrors(a, b error) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	var here, there *plan.RefusedError
	if errors.As(a, &here) && errors.As(b, &there) {
		return *here == *there
	}
	return a.Error() == b.Error() && plan.Terminal(a) == plan.Terminal(b)
}

// rendered returns the ProwJobs of jobs as they would be created, and their rehearsals.
func rendered(t *testing.T, jobs []affected.Job, findings map[string]gate.Finding) string {
	t.Helper()
	in := render.Input{
		Org: "acme", Repo: "config", Number: 7, Author: "ann", Head: strings.Repeat("a", 40), Base: strings.Repeat("b", 40), BaseRef: "master",
		RepoLink: "https://github.com/acme/config", CloneURI: "https://github.com/acme/config.git",
		Gates: &render.Gates{Findings: findings},
	}
	out := []any{render.Digest(render.Jobs(jobs, in), in, "f")}
	for _, j := range jobs {
		out = append(out, j.Spec(prowapi.Refs{}))
	}
	raw, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// A child that replaces another begins with what that child had learned.
func TestChildrenShareWhatTheyLearned(t *testing.T) {
	cache := t.TempDir()
	plan.EachFixture(t, func(t *testing.T, dir string, req plan.Request) {
		for range 2 {
			pool, err := worker.NewPool(worker.Options{Dir: func(plan.Request) string { return dir }, CacheDir: cache, Size: 1})
			if err != nil {
				t.Fatal(err)
			}
			_, err = pool.Plan(t.Context(), req)
			pool.Close()
			if err != nil && !plan.Terminal(err) {
				t.Fatal(err)
			}
		}
	})
	if files, err := filepath.Glob(filepath.Join(cache, "*.anchor")); err != nil || len(files) == 0 {
		t.Errorf("nothing is kept: %v, %v", files, err)
	}
}
