package planview

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/render"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

func ref(name string, branches ...string) affected.Ref {
	return affected.Ref{Type: "presubmit", Repo: "acme/widget", Name: name, Branches: branches}
}

func planned(r affected.Ref, branch string) render.Job {
	j := render.Job{Branch: branch, Argument: r.Name + "@" + branch}
	j.Ref, j.Change, j.Rehearse = r, affected.ChangeSpec, true
	j.Reasons = []affected.Reason{{Source: affected.SourceJobConfig, File: "jobs.yaml", Path: "spec", Old: "a", New: "b"}}
	return j
}

// jobs returns the jobs of a plan; the third cannot be run, the fourth is not offered.
func jobs() []render.Job {
	broken := planned(ref("broken", "main"), "main")
	broken.Problem = "the job has no pod spec"
	listed := planned(ref("listed", "main"), "main")
	listed.Rehearse, listed.Excluded = false, "only annotations differ"
	return []render.Job{planned(ref("e2e", "^main$"), "main"), planned(ref("e2e", "v1"), "v1"), broken, listed}
}

type named map[string][]affected.Ref

func (n named) Named(name string) []affected.Ref { return n[name] }

func TestNew(t *testing.T) {
	result := &affected.Result{
		Head: "h", Base: "b", Jobs: 7, Warnings: []string{"w"}, Removed: []affected.Ref{ref("old", "main")},
		Incomplete: []affected.FileError{{File: "f", Line: 3, Message: "m"}},
	}
	v := New(result, jobs())
	if v.Head != "h" || v.Base != "b" || v.Total != 7 || len(v.Jobs) != 4 || len(v.Removed) != 1 || len(v.Unread) != 1 || len(v.Warnings) != 1 {
		t.Errorf("got %+v", v)
	}
	want := report.PlanJob{
		Name: "e2e", Type: "presubmit", Repo: "acme/widget", Branch: "main", Key: jobs()[0].Key(), Argument: "e2e@main", Change: "spec",
		Reasons: []report.Reason{{File: "jobs.yaml", Path: "spec", Old: "a", New: "b"}},
	}
	if diff := cmp.Diff(want, v.Jobs[0]); diff != "" {
		t.Error(diff)
	}
	if v.Jobs[2].Excluded != "the job has no pod spec" || v.Jobs[3].Excluded != "only annotations differ" {
		t.Errorf("rules are %q and %q", v.Jobs[2].Excluded, v.Jobs[3].Excluded)
	}
	if v := New(nil, nil); len(v.Jobs) != 0 {
		t.Errorf("no plan has %d jobs", len(v.Jobs))
	}
}

func TestExplain(t *testing.T) {
	known := named{
		"e2e":    {ref("e2e", "^main$"), ref("e2e", "v1"), ref("e2e", "v0")},
		"broken": {ref("broken", "main")}, "listed": {ref("listed", "main")},
		"unit": {ref("unit", "main")},
	}
	describe := func(j render.Job) render.Description {
		if j.Name == "listed" {
			return render.Description{Problem: "cannot be rendered"}
		}
		return render.Description{Name: "rehearse-7-" + j.Name, Context: "ci", Branch: j.Branch, Cluster: "build01", Timeout: time.Hour,
			Checkouts: []run.Checkout{{Repo: "acme/widget"}}, ConfigMaps: []string{"c"}}
	}
	cases := []struct {
		name string
		// want is the branch, affected, rehearsal and problem of each job.
		want    []string
		removed bool
		nearest []string
	}{
		{name: "e2e", want: []string{"main true rehearse-7-e2e ", "v1 true rehearse-7-e2e ", " false  "}},
		{name: "e2e@v1", want: []string{"v1 true rehearse-7-e2e "}},
		{name: "e2e@v0", want: []string{" false  "}},
		{name: "unit", want: []string{" false  "}},
		{name: "broken", want: []string{"main true  the job has no pod spec"}},
		{name: "listed", want: []string{"main true  cannot be rendered"}},
		{name: "old", removed: true},
		{name: "listet@main", nearest: []string{"listed@main"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			v := Explain(known, []affected.Ref{ref("old", "main")}, jobs(), c.name, describe)
			var got []string
			for _, j := range v.Jobs {
				name := ""
				if j.Rehearsal != nil {
					name = j.Rehearsal.Name
				}
				got = append(got, fmt.Sprintf("%s %v %s %s", j.Branch, j.Affected, name, j.Problem))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(c.nearest, v.Nearest); diff != "" || v.Removed != c.removed || v.Affected != 4 {
				t.Errorf("%s; removed %v, affected %d", diff, v.Removed, v.Affected)
			}
		})
	}
}

func TestAcknowledgement(t *testing.T) {
	if a := Acknowledgement(nil, "label"); a != nil {
		t.Errorf("nobody is %+v", a)
	}
	at := metav1.NewTime(time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC))
	got := Acknowledgement(&v1alpha1.Acknowledgement{
		State: v1alpha1.StateAcknowledged, Reason: v1alpha1.AckByCommand, By: "bob", Head: "h", Runs: []string{"r"}, At: &at,
	}, "label")
	want := &report.Acknowledgement{By: "bob", Head: "h", At: at.Time, Reason: v1alpha1.AckByCommand, Runs: []string{"r"}, Label: "label", Acknowledged: true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if Acknowledgement(&v1alpha1.Acknowledgement{State: v1alpha1.StateWithdrawn}, "").Acknowledged {
		t.Error("what was withdrawn holds")
	}
}

// TestReasons: the report describes each reason in the API by different words.
func TestReasons(t *testing.T) {
	said := map[string]v1alpha1.AckReason{}
	for _, reason := range []v1alpha1.AckReason{v1alpha1.AckByCommand, v1alpha1.AckSkipped, v1alpha1.AckAuto, v1alpha1.AckNothing, v1alpha1.AckRejected, v1alpha1.AckPushed} {
		state := v1alpha1.StateAcknowledged
		if reason == v1alpha1.AckRejected || reason == v1alpha1.AckPushed {
			state = v1alpha1.StateWithdrawn
		}
		a := Acknowledgement(&v1alpha1.Acknowledgement{State: state, Reason: reason, By: "bob", Head: "h"}, "")
		body := report.Plan(report.PlanView{Acknowledgement: a})
		if other, ok := said[body]; ok {
			t.Errorf("%s and %s are said in the same words:\n%s", reason, other, body)
		}
		said[body] = reason
	}
}

func TestProblem(t *testing.T) {
	cases := []struct {
		name string
		err  error
		want *report.Problem
	}{
		{"conflict", fmt.Errorf("x: %w", &plan.ConflictError{Files: []string{"a"}}), &report.Problem{Conflicts: []string{"a"}}},
		{"refused", &plan.RefusedError{Reason: "r", File: "f", Line: 2, BaseBroken: true}, &report.Problem{Refused: &report.FileProblem{File: "f", Line: 2, Message: "r"}, BaseBroken: true}},
		{"refused as too large to plan", &plan.RefusedError{Reason: "r", TooLarge: true}, &report.Problem{Refused: &report.FileProblem{Message: "r"}, TooLarge: true}},
		{"stopped", fmt.Errorf("x: %w", &plan.StoppedError{Why: "broke down"}), &report.Problem{Stopped: "broke down"}},
		{"stopped while planning base", &plan.StoppedError{Why: "broke down", Base: true}, &report.Problem{Stopped: "broke down", BaseBroken: true}},
		{"not fetched", fmt.Errorf("fetching: %w", &plan.UnfetchedError{Reason: "it is too large"}), &report.Problem{Unfetched: "it is too large"}},
		{"missing path", &plan.MissingPathError{Path: "p", Setting: "s"}, &report.Problem{Missing: "p", Setting: "s"}},
		{"other error", errors.New("x"), nil},
		{"no error", nil, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, Problem(c.err)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
