package render

import (
	"fmt"
	"testing"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
	"sigs.k8s.io/prow/pkg/config"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// onBranches returns a presubmit that runs on main and on another branch.
func onBranches(t *testing.T, name, other string) affected.Job {
	t.Helper()
	jobs := []config.Presubmit{{
		JobBase:  config.JobBase{Name: name, Agent: string(prowapi.KubernetesAgent), Spec: somePod()},
		Brancher: config.Brancher{Branches: []string{"main", other}},
		Reporter: config.Reporter{Context: name},
		// Prow requires these fields.
		AlwaysRun: true, Trigger: `(?m)^/test x$`, RerunCommand: "/test x",
	}}
	if err := config.SetPresubmitRegexes(jobs); err != nil {
		t.Fatal(err)
	}
	effective := affected.Effective{Presubmit: &jobs[0]}
	return affected.Job{Ref: effective.Identify("acme/widget"), Effective: effective, Rehearse: true, Change: affected.ChangeSpec}
}

// sameSuffix finds two jobs with the same name and the same short suffix.
func sameSuffix(t *testing.T, name string) (a, b affected.Job) {
	t.Helper()
	seen := map[string]string{}
	for i := range 1 << 20 {
		branch := fmt.Sprint("b", i)
		ref := affected.Ref{Type: prowapi.PresubmitJob, Repo: "acme/widget", Name: name, Branches: []string{branch, "main"}}
		hash := shortHash(ref.Key())
		if other, ok := seen[hash]; ok {
			return onBranches(t, name, other), onBranches(t, name, branch)
		}
		seen[hash] = branch
	}
	t.Fatal("no two jobs have the same suffix")
	return a, b
}

// TestNamesThatSomebodyLookedFor checks that no two rehearsals share a name, a context, a
// task or a ProwJob, even if their authors choose the names of jobs for that.
func TestNamesThatSomebodyLookedFor(t *testing.T) {
	a, b := sameSuffix(t, "pull-x")
	short := shortHash(a.Key())
	for name, list := range map[string][]affected.Job{
		"same short suffix":                              {a, b},
		"name of another job with its suffix":            {a, onBranches(t, "pull-x", "c"), onBranches(t, "pull-x-"+short, "c")},
		"same short suffix, and a name with that suffix": {a, b, onBranches(t, "pull-x-"+short, "c")},
		"name of another job with its long suffix":       {a, b, onBranches(t, "pull-x-"+short+"-"+longHash(a.Key()), "c")},
	} {
		t.Run(name, func(t *testing.T) {
			if a.Key() == b.Key() || shortHash(b.Key()) != short {
				t.Fatal("the jobs are not what they should be")
			}
			jobs := Jobs(list, testInput)
			seen := map[string]string{}
			for _, row := range handover(t, jobs).Manifest.Jobs {
				for _, what := range []string{"task " + row.Task, "ProwJob " + row.ProwJob} {
					if seen[what] != "" {
						t.Errorf("two have the %s", what)
					}
					seen[what] = what
				}
			}
			if len(seen) != 2*len(list) {
				t.Errorf("%d of %d jobs are handed over", len(seen)/2, len(list))
			}
			for _, j := range jobs {
				for _, what := range []string{"name " + j.rehearsal, "context " + j.context} {
					if seen[what] != "" {
						t.Errorf("%s and %s have the %s", seen[what], j.Key(), what)
					}
					seen[what] = j.Key()
				}
			}
		})
	}
	if got := taskName("x", "k", []run.Job{{Task: taskName("x", "k", nil)}}); got == taskName("x", "k", nil) {
		t.Errorf("a task that is taken is called %s again", got)
	}
}

// TestSeparatorsInNames checks that separators in names do not make two keys equal.
func TestSeparatorsInNames(t *testing.T) {
	if TipKey("acme/x@main", "d") == TipKey("acme/x", "main@d") {
		t.Error("two branches have one key")
	}
	if prowJobName(Run{UID: "u", ID: "a"}, "\x00b") == prowJobName(Run{UID: "u", ID: "a\x00"}, "b") {
		t.Error("two jobs have one ProwJob")
	}
	refs := []affected.Ref{
		{Name: "x", Branches: []string{"a", "b"}}, {Name: "x", Branches: []string{"a\x00+b"}},
		{Name: "x", Branches: []string{"a"}, SkipBranches: []string{"b"}}, {Name: "x", Branches: []string{"a\x00-b"}},
		{Name: "x\x00+a", Branches: []string{"b"}}, {Repo: "x\x00a", Name: "b"}, {Repo: "x", Name: "a\x00b"},
		{Name: "x", SkipBranches: []string{"a", "b"}},
	}
	seen := map[string]int{}
	for i, ref := range refs {
		if other, ok := seen[ref.Key()]; ok {
			t.Errorf("%+v and %+v have one key", refs[other], ref)
		}
		seen[ref.Key()] = i
	}
}
