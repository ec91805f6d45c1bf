package render

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
)

func TestSelectByName(t *testing.T) {
	jobs := Jobs(loadJobs(t), testInput)
	for i := range jobs {
		if jobs[i].Name == "pull-widget-listed" {
			jobs[i].Rehearse, jobs[i].Excluded = false, "only annotations differ"
		}
	}
	for name, tc := range map[string]struct {
		names       []string
		want        []string
		unknown     []string
		notRunnable []NotRunnable
	}{
		"one name":         {names: []string{"pull-widget-unit"}, want: []string{"acme/widget pull-widget-unit"}},
		"name given twice": {names: []string{"pull-widget-unit", "pull-widget-unit"}, want: []string{"acme/widget pull-widget-unit"}},
		"name of several jobs": {names: []string{"pull-widget-variants"}, want: []string{
			"acme/gadget pull-widget-variants@main", "acme/widget pull-widget-variants@main", "acme/widget pull-widget-variants@next",
		}},
		"name and branch":                          {names: []string{"pull-widget-variants@next"}, want: []string{"acme/widget pull-widget-variants@next"}},
		"branch given as an expression in the job": {names: []string{"pull-widget-unit@main"}, want: []string{"acme/widget pull-widget-unit"}},
		"branch without the job":                   {names: []string{"pull-widget-unit@next"}, unknown: []string{"pull-widget-unit@next"}},
		"mistyped name":                            {names: []string{"pull-widget-unti"}, unknown: []string{"pull-widget-unti"}},
		"postsubmit without opt-in": {names: []string{"post-widget-publish"}, notRunnable: []NotRunnable{
			{"post-widget-publish", postsubmitProblem},
		}},
		"postsubmit with opt-in":                 {names: []string{"post-widget-images"}, want: []string{"acme/widget post-widget-images"}},
		"job that is not offered":                {names: []string{"pull-widget-listed"}, want: []string{"acme/widget pull-widget-listed"}},
		"patterns":                               {names: []string{"*-unit", "pull-*-variants@n*"}, want: []string{"acme/widget pull-widget-unit", "acme/widget pull-widget-variants@next"}},
		"pattern and name of the same job":       {names: []string{"pull-widget-u*", "pull-widget-unit"}, want: []string{"acme/widget pull-widget-unit"}},
		"patterns for jobs that are not offered": {names: []string{"*-listed", "post-*", "*-hidden"}, unknown: []string{"*-listed", "post-*", "*-hidden"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := Select(jobs, Request{Selection: event.Named, Names: tc.names})
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

func TestSampleLeavesOutWhatIsNotOffered(t *testing.T) {
	jobs := []Job{
		{Job: affected.Job{Ref: affected.Ref{Name: "listed"}, Excluded: "only annotations differ"}},
		{Job: affected.Job{Ref: affected.Ref{Name: "broken"}, Rehearse: true}, Problem: "no"},
		{Job: affected.Job{Ref: affected.Ref{Name: "good"}, Rehearse: true}, Argument: "good"},
	}
	if diff := cmp.Diff([]string{" good"}, labels(Select(jobs, Request{Selection: event.Sample, Limit: 10, Seed: "seed"}).Jobs)); diff != "" {
		t.Errorf("jobs differ (-want +got):\n%s", diff)
	}
}

func TestSelectFailed(t *testing.T) {
	jobs := Jobs(loadJobs(t), testInput)
	got := Select(jobs, Request{Selection: event.Failed, NotPassed: []string{
		"pull-widget-unit", "pull-widget-unit", "pull-widget-variants", "pull-widget-gone", "pull-widget-hidden", "post-widget-images",
	}})
	want := []string{
		"acme/gadget pull-widget-variants@main", "acme/widget pull-widget-unit",
		"acme/widget pull-widget-variants@main", "acme/widget pull-widget-variants@next",
	}
	if diff := cmp.Diff(want, labels(got.Jobs)); diff != "" {
		t.Errorf("jobs differ (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"pull-widget-gone"}, got.Gone); diff != "" {
		t.Errorf("gone differ (-want +got):\n%s", diff)
	}
	wantNot := []NotRunnable{
		{"pull-widget-hidden", "hidden: its output must not appear on a pull request"},
		{"post-widget-images", "postsubmits run only when they are named"},
	}
	if diff := cmp.Diff(wantNot, got.NotRunnable); diff != "" {
		t.Errorf("not runnable differ (-want +got):\n%s", diff)
	}
}

func TestCap(t *testing.T) {
	var jobs []Job
	var names []string
	for i := range 9 {
		jobs = append(jobs, newTestJob(fmt.Sprint("job-", i), fmt.Sprint("acme/", i/3), "main", "default", "f"))
		names = append(names, jobs[i].Name)
	}
	for name, req := range map[string]Request{
		"selection of all jobs":    {Selection: event.All},
		"selection by names":       {Selection: event.Named, Names: names},
		"selection by pattern":     {Selection: event.Named, Names: []string{"*"}},
		"selection of failed jobs": {Selection: event.Failed, NotPassed: names},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Select(jobs, req); len(got.Jobs) != 9 || got.Capped != 0 || got.Coverage != nil {
				t.Errorf("%d jobs, %d capped, %+v, want all", len(got.Jobs), got.Capped, got.Coverage)
			}
			req.Cap = 2
			got := Select(jobs, req)
			if len(got.Jobs) != 2 || got.Capped != 7 || got.Offered != 9 {
				t.Errorf("%d jobs, %d capped of %d, want 2, 7 of 9", len(got.Jobs), got.Capped, got.Offered)
			}
			if c := got.Coverage; c == nil || len(c.Of) != 1 || c.Of[0].What != "repository" || c.Of[0].Total != 3 || c.Of[0].Missing != 1 {
				t.Errorf("of the jobs %+v is covered", c)
			}
		})
	}
}

func TestOrder(t *testing.T) {
	var jobs []Job
	for _, name := range []string{"d", "c", "b", "a"} {
		jobs = append(jobs, newTestJob(name, "acme/widget", "main", "default", "f"))
	}
	durations := map[string]time.Duration{"c": time.Hour, "d": time.Minute}
	for name, tc := range map[string]struct {
		req  Request
		want []string
	}{
		"no duration known":     {Request{Selection: event.All}, []string{"a", "b", "c", "d"}},
		"shorter first":         {Request{Selection: event.All, Durations: durations}, []string{"d", "c", "a", "b"}},
		"limit above the offer": {Request{Limit: 9}, []string{"a", "b", "c", "d"}},
		"no limit":              {Request{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, j := range Select(jobs, tc.req).Jobs {
				got = append(got, j.Name)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("jobs differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestChoiceDoesNotChangeAsDurationsBecomeKnown(t *testing.T) {
	var jobs []Job
	for _, name := range []string{"a", "b", "c", "d"} {
		jobs = append(jobs, newTestJob(name, "acme/widget", "main", "default", "f"))
	}
	before := Select(jobs, Request{Limit: 1, Seed: "s"}).Jobs[0].Name
	for _, job := range jobs {
		known := map[string]time.Duration{job.Name: time.Second}
		if got := Select(jobs, Request{Limit: 1, Seed: "s", Durations: known}).Jobs[0].Name; got != before {
			t.Errorf("%s is chosen once %s is known to be short, %s before", got, job.Name, before)
		}
	}
}
