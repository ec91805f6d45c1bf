package render

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rehearsal-dev/rehearsal/pkg/affected"
)

func TestSelectByName(t *testing.T) {
	jobs := Jobs(loadJobs(t), testInput)
	for name, tc := range map[string]struct {
		names       []string
		want        []string
		unknown     []string
		notRunnable []NotRunnable
	}{
		"one":         {names: []string{"pull-widget-unit"}, want: []string{"acme/widget pull-widget-unit"}},
		"named twice": {names: []string{"pull-widget-unit", "pull-widget-unit"}, want: []string{"acme/widget pull-widget-unit"}},
		"all variants": {names: []string{"pull-widget-variants"}, want: []string{
			"acme/gadget pull-widget-variants@main", "acme/widget pull-widget-variants@main", "acme/widget pull-widget-variants@next",
		}},
		"one branch":              {names: []string{"pull-widget-variants@next"}, want: []string{"acme/widget pull-widget-variants@next"}},
		"branch as an expression": {names: []string{"pull-widget-unit@main"}, want: []string{"acme/widget pull-widget-unit"}},
		"wrong branch":            {names: []string{"pull-widget-unit@next"}, unknown: []string{"pull-widget-unit@next"}},
		"mistyped":                {names: []string{"pull-widget-unti"}, unknown: []string{"pull-widget-unti"}},
		"postsubmit": {names: []string{"post-widget-publish"}, notRunnable: []NotRunnable{
			{"post-widget-publish", "postsubmits publish and deploy: they are listed, never run"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got := Select(jobs, tc.names, 1, "seed")
			if diff := cmp.Diff(tc.want, labels(got.Jobs)); diff != "" {
				t.Errorf("jobs differ (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.unknown, got.Unknown); diff != "" {
				t.Errorf("unknown differ (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.notRunnable, got.NotRunnable); diff != "" {
				t.Errorf("not runnable differ (-want +got):\n%s", diff)
			}
		})
	}
}

func labels(jobs []Job) []string {
	var out []string
	for _, j := range jobs {
		out = append(out, j.Repo+" "+j.Argument)
	}
	return out
}

func TestSampleIsStable(t *testing.T) {
	jobs := Jobs(loadJobs(t), testInput)
	want := labels(Select(jobs, nil, 5, "seed").Jobs)
	if len(want) != 5 {
		t.Fatalf("selected %d jobs, want 5", len(want))
	}
	reversed := make([]Job, len(jobs))
	for i := range jobs {
		reversed[len(jobs)-1-i] = jobs[i]
	}
	again := map[string]bool{}
	for _, label := range labels(Select(reversed, nil, 5, "seed").Jobs) {
		again[label] = true
	}
	for _, label := range want {
		if !again[label] {
			t.Errorf("%s was chosen in one order only", label)
		}
	}
}

func TestSampleSpreadsOverTargets(t *testing.T) {
	var jobs []Job
	for i := range 50 {
		repo := "acme/big"
		if i%10 == 0 {
			repo = fmt.Sprintf("acme/small-%d", i)
		}
		jobs = append(jobs, Job{Job: affected.Job{Ref: affected.Ref{Repo: repo, Name: fmt.Sprint("job-", i)}, Rehearse: true}})
	}
	targets := map[string]int{}
	s := Select(jobs, nil, 7, "seed")
	for _, j := range s.Jobs {
		targets[j.Repo]++
	}
	if len(targets) != 6 || targets["acme/big"] != 2 {
		t.Errorf("targets = %v, want all 6, and the one with many jobs twice", targets)
	}
	if s.Offered != 50 {
		t.Errorf("offered = %d, want 50", s.Offered)
	}
}

func TestSampleLeavesOutWhatIsNotOffered(t *testing.T) {
	jobs := []Job{
		{Job: affected.Job{Ref: affected.Ref{Name: "listed"}, Excluded: "only annotations differ"}},
		{Job: affected.Job{Ref: affected.Ref{Name: "broken"}, Rehearse: true}, Problem: "no"},
		{Job: affected.Job{Ref: affected.Ref{Name: "good"}, Rehearse: true}, Argument: "good"},
	}
	if diff := cmp.Diff([]string{" good"}, labels(Select(jobs, nil, 10, "seed").Jobs)); diff != "" {
		t.Errorf("jobs differ (-want +got):\n%s", diff)
	}
}
