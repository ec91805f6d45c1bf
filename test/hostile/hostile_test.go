package hostile_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/gate"
	"github.com/rehearsal-dev/rehearsal/pkg/layout"
	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/render"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
	"github.com/rehearsal-dev/rehearsal/test/hostile"
)

// outcome is the result for a pull request.
type outcome struct {
	err  error
	jobs []render.Job
	// findings are the findings about jobs, by the keys of the jobs.
	findings map[string]gate.Finding
	// run are the names of the jobs with ProwJobs.
	run []string
	// notes are the notes on jobs that are selected by name.
	notes map[string]string
}

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=a", "-c", "user.email=a@example.com"}, args...)...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func commit(t *testing.T, dir string, files map[string]string) string {
	t.Helper()
	git(t, dir, "rm", "-r", "--quiet", "--ignore-unmatch", ".")
	for path, content := range files {
		full := filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	git(t, dir, "add", "--all", "--force")
	git(t, dir, "commit", "--quiet", "--allow-empty", "--message=x")
	return git(t, dir, "rev-parse", "HEAD")
}

// rehearse takes a pull request from git to ProwJobs: it selects all jobs, and every job by
// its name.
func rehearse(t *testing.T, p hostile.Pull) outcome {
	t.Helper()
	dir := t.TempDir()
	git(t, dir, "init", "--quiet", "--initial-branch=main")
	base := commit(t, dir, p.Base)
	head := commit(t, dir, p.Head)
	planner := plan.NewPlanner(plan.Options{
		Mirror: func(context.Context, plan.Request) (*repo.Mirror, error) {
			return repo.OpenClone(filepath.Join(dir, ".git")), nil
		},
		Workers: 2,
	})
	result, err := planner.Plan(t.Context(), plan.Request{
		Org: "acme", Repo: "config", Number: 7, BaseRef: "main", Base: base, Head: head, Gates: p.Gates,
		Layout: layout.Layout{ProwConfig: hostile.ProwConfig, JobConfig: hostile.Jobs},
	})
	if err != nil {
		return outcome{err: err}
	}
	in := render.Input{
		Org: "acme", Repo: "config", Number: 7, Author: "mallory", Head: head, Base: base, BaseRef: "main",
		RepoLink: "https://github.com/acme/config", CloneURI: "https://github.com/acme/config.git",
		Gates: &render.Gates{Findings: result.Findings},
	}
	out := outcome{jobs: render.Jobs(result.Affected, in), findings: result.Findings, notes: map[string]string{}}
	out.run = handOver(t, result, in, render.Select(out.jobs, render.Request{Selection: event.All}).Jobs)
	for _, job := range out.jobs {
		selection := render.Select(out.jobs, render.Request{Selection: event.Named, Names: []string{job.Name}})
		if len(selection.NotRunnable) > 0 {
			out.notes[job.Name] = selection.NotRunnable[0].Why
		}
		out.run = append(out.run, handOver(t, result, in, selection.Jobs)...)
	}
	// Whatever is selected, nothing else must be handed over.
	out.run = append(out.run, handOver(t, result, in, out.jobs)...)
	slices.Sort(out.run)
	out.run = slices.Compact(out.run)
	return out
}

func handOver(t *testing.T, result *plan.Result, in render.Input, jobs []render.Job) []string {
	t.Helper()
	var list []affected.Job
	for _, j := range jobs {
		list = append(list, j.Job)
	}
	effective, err := result.Effective(t.Context(), list)
	if err != nil {
		t.Fatal(err)
	}
	findings, err := result.Check(t.Context(), effective)
	if err != nil {
		t.Fatal(err)
	}
	jobs = render.Regate(render.Complete(jobs, effective), findings, in)
	h, err := render.NewHandover(run.Manifest{}, jobs, in, render.Run{
		Rehearsal: "acme-config-7", UID: "u-1", ID: "comment-1-0", Name: "run-1", Namespace: "prow", PodNamespace: "test-pods",
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, row := range h.Manifest.Jobs {
		names = append(names, row.Name)
	}
	return names
}

// check compares the outcome for a pull request with its cases.
func check(t *testing.T, p hostile.Pull, got outcome) (hostileJobs, harmless int) {
	t.Helper()
	for _, c := range p.Cases {
		if c.Want == hostile.Runs {
			harmless++
		} else {
			hostileJobs++
		}
		if why := wrong(c, got); why != "" {
			t.Errorf("%s: %s: %s", p.Name, c.Job, why)
		}
	}
	return hostileJobs, harmless
}

func wrong(c hostile.Case, got outcome) string {
	runs := slices.Contains(got.run, c.Job)
	var refused *plan.RefusedError
	wasRefused := errors.As(got.err, &refused)
	want, elseWant, either := strings.Cut(c.Want, " or ")
	switch {
	case c.Want != hostile.Runs && runs:
		return "it has a ProwJob"
	case want == hostile.Refused && wasRefused:
		return ""
	case want == hostile.Refused && !either:
		return fmt.Sprintf("it is not refused: %v", got.err)
	case got.err != nil:
		return fmt.Sprintf("nothing runs: %v", got.err)
	case want == hostile.Runs && !runs:
		return "it does not run: " + got.notes[c.Job]
	case want == hostile.Runs:
		return ""
	case either:
		want = elseWant
	}
	// Several jobs may have this name; each affected one needs the rule.
	found := false
	for _, job := range got.jobs {
		if job.Name != c.Job {
			continue
		}
		found = true
		if !hasRule(job, want) {
			return fmt.Sprintf("want %q: problem %q, hold %+v", want, job.Problem, job.Hold)
		}
		if got.notes[c.Job] == "" {
			return "naming it gives no reason"
		}
	}
	if !found {
		return "it is not affected"
	}
	return ""
}

func hasRule(job render.Job, want string) bool {
	if want == hostile.New {
		return job.Hold.New != ""
	}
	if strings.HasPrefix(job.Problem, want) {
		return true
	}
	for _, a := range job.Hold.Asks {
		if said := report.NewAsk(a); string(a.Rule) == want && said.Sentence != "" && said.Path != "" && said.Value != "" {
			return true
		}
	}
	return false
}

// TestEachItsOwnFindings: the findings about two jobs are not mixed up, whatever separators
// their branches contain.
func TestEachItsOwnFindings(t *testing.T) {
	for name, p := range hostile.Twins() {
		t.Run(name, func(t *testing.T) {
			got := rehearse(t, p)
			if got.err != nil || len(got.jobs) != 2 || len(got.run) > 0 {
				t.Fatalf("%v: %d jobs, of which %q run", got.err, len(got.jobs), got.run)
			}
			for _, job := range got.jobs {
				want := "label"
				if len(job.Branches) == 2 {
					want = "secret"
				}
				if asks := got.findings[job.Key()].Asks; len(asks) != 1 || string(asks[0].Rule) != want {
					t.Errorf("%q asks for %+v, want a %s", job.Branches, asks, want)
				}
			}
		})
	}
}

// TestHostile: no hostile job gets a ProwJob, and each has the expected rule; all harmless
// jobs run.
func TestHostile(t *testing.T) {
	bad, good := 0, 0
	for _, p := range slices.Concat([]hostile.Pull{hostile.Everything()}, hostile.InParts(), hostile.Tricks()) {
		b, g := check(t, p, rehearse(t, p))
		if p.Name != hostile.Everything().Name {
			bad, good = bad+b, good+g
		}
	}
	t.Logf("%d hostile jobs, %d harmless ones", bad, good)
	if bad < 200 || good < 10 {
		t.Errorf("%d hostile and %d harmless jobs are too few", bad, good)
	}
}
