package render

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const postsubmitProblem = "postsubmits publish and deploy: to rehearse one, first merge the label `rehearsal.dev/can-be-rehearsed: \"true\"` for it, then name it"

func TestProblems(t *testing.T) {
	jobs := Jobs(loadJobs(t), testInput)
	for name, want := range map[string]string{
		"pull-widget-unit":        "",
		"pull-widget-anywhere":    "",
		"pull-widget-digits":      "it names no single branch, and does not run on main, the default branch of acme/widget",
		"pull-widget-hidden":      "hidden: its output must not appear on a pull request",
		"pull-widget-jenkins":     "agent jenkins: only kubernetes jobs are rehearsed",
		"pull-gadget-skips":       "it names no single branch, and does not run on trunk, the default branch of acme/gadget",
		"pull-config-old":         "it does not run on main, the branch of this pull request",
		"post-widget-publish":     postsubmitProblem,
		"post-widget-images":      "",
		"periodic-widget-nightly": "",
	} {
		t.Run(name, func(t *testing.T) {
			job := find(t, jobs, name)
			ok, why := job.Runnable()
			if why != want || ok != (want == "") {
				t.Errorf("Runnable() = %t, %q, want %q", ok, why, want)
			}
			if !ok && (job.Offered() || job.NotOffered() != why) {
				t.Errorf("Offered() = %t, NotOffered() = %q, want the same answer", job.Offered(), job.NotOffered())
			}
		})
	}
}

func TestUnknownDefaultBranch(t *testing.T) {
	in := testInput
	in.DefaultBranches = nil
	list := loadJobs(t)
	job := find(t, Jobs(list, in), "pull-widget-anywhere")
	if want := "it names no single branch, and the default branch of acme/widget is not known"; job.Problem != want {
		t.Errorf("problem = %q, want %q", job.Problem, want)
	}
	in.Unknown = map[string]string{"acme/widget": "nobody may say"}
	if want := "it names no single branch, and the default branch of acme/widget is not known: nobody may say"; find(t, Jobs(list, in), "pull-widget-anywhere").Problem != want {
		t.Errorf("problem is not %q", want)
	}
	// The branch becomes a reference to clone, so a name that git reads as something else
	// is refused.
	for _, odd := range []string{"+pull/1/head", "-upload-pack=x", "main:x", "refs/heads/*", "a b"} {
		in.DefaultBranches = map[string]string{"acme/widget": odd}
		if job := find(t, Jobs(list, in), "pull-widget-anywhere"); job.Branch != "" || !strings.Contains(job.Problem, "has a name that cannot be checked out") {
			t.Errorf("%q is %q, %q", odd, job.Branch, job.Problem)
		}
	}
	want := []string{"acme/gadget", "acme/widget"}
	if diff := cmp.Diff(want, NeedDefaultBranch(list, in)); diff != "" {
		t.Errorf("NeedDefaultBranch differs (-want +got):\n%s", diff)
	}
}

func TestNamesAreUnique(t *testing.T) {
	jobs := Jobs(loadJobs(t), testInput)
	names, contexts, keys := map[string]string{}, map[string]string{}, map[string]string{}
	for _, j := range jobs {
		if ok, _ := j.Runnable(); !ok || j.Name == "pull-gadget-clash" {
			continue
		}
		pj, err := ProwJob(j, testInput, testRun)
		if err != nil {
			t.Fatal(err)
		}
		for what, m := range map[string]map[string]string{pj.Spec.Job: names, pj.Spec.Context: contexts, pj.Name: keys} {
			if other, ok := m[what]; ok {
				t.Errorf("%s and %s are both called %s", other, j.Key(), what)
			}
			m[what] = j.Key()
		}
	}
}

func TestNamesDoNotDependOnTheOrder(t *testing.T) {
	list := loadJobs(t)
	want := map[string]string{}
	for _, j := range Jobs(list, testInput) {
		want[j.Key()] = j.rehearsal + " " + j.context
	}
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
	got := map[string]string{}
	for _, j := range Jobs(list, testInput) {
		got[j.Key()] = j.rehearsal + " " + j.context
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("names differ (-sorted +reversed):\n%s", diff)
	}
}

func TestTwoCheckoutsInOnePlace(t *testing.T) {
	job := find(t, Jobs(loadJobs(t), testInput), "pull-gadget-clash")
	_, err := ProwJob(job, testInput, testRun)
	if err == nil || !strings.Contains(err.Error(), "acme/config and acme/gadget would be checked out in the same place") {
		t.Errorf("error = %v, want one that names both repositories", err)
	}
}

func TestTaskName(t *testing.T) {
	for name, tc := range map[string]struct{ job, want string }{
		"lower case with dashes":          {"pull-widget-unit", "pull-widget-unit-"},
		"upper case and other characters": {"Pull_Widget.Unit@main", "pull-widget-unit-main-"},
		"long name":                       {strings.Repeat("very-long-", 10), "very-long-very-long-very-long-very-long-"},
		"no letters":                      {"..", "job-"},
	} {
		t.Run(name, func(t *testing.T) {
			got := taskName(tc.job, "key", nil)
			if got != tc.want+shortHash("key") {
				t.Errorf("taskName(%q) = %q, want %q and a hash", tc.job, got, tc.want)
			}
		})
	}
}
