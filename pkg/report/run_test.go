package report

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
	"github.com/rehearsal-dev/rehearsal/test/golden"
)

var start = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)

func manifest(jobs ...run.Job) run.Manifest {
	return run.Manifest{
		Name: "acme-release-7-x", ID: "comment-98765-0", Org: "acme", Repo: "release", Number: 7,
		Head: strings.Repeat("0123456789", 4), Base: strings.Repeat("abcdef0123", 4), BaseRef: "main",
		By: "bob", Command: "/pj-rehearse", Affected: len(jobs), Jobs: jobs,
	}
}

func job(name string) run.Job {
	return run.Job{Name: name, Type: "presubmit", Repo: "acme/widget", Branch: "main", Rerun: "/pj-rehearse " + name}
}

// at returns an outcome that took the given number of seconds.
func at(name string, verdict run.Verdict, seconds int) run.Outcome {
	o := run.Outcome{Job: job(name), Verdict: verdict, URL: "https://deck.example.com/view/gs/b/" + name}
	if verdict != run.NotStarted && verdict != run.Queued {
		o.Started = start
	}
	if verdict.Ended() {
		o.Finished = start.Add(time.Duration(seconds) * time.Second)
	}
	return o
}

func view(outcomes ...run.Outcome) RunView {
	v := RunView{Outcomes: outcomes, Over: true, PipelineRun: "acme-release-7-98765-0", Namespace: "rehearsals"}
	for _, o := range outcomes {
		v.Manifest.Jobs = append(v.Manifest.Jobs, o.Job)
	}
	v.Manifest = manifest(v.Manifest.Jobs...)
	return v
}

func failedJob() run.Outcome {
	o := at("pull-widget-e2e", run.Failed, 123)
	o.Excerpt = []string{"--- FAIL: TestController (0.11s)", "    controller_test.go:88: timed out waiting for the condition", "…", "make: *** [Makefile:12: test] Error 1"}
	return o
}

var runViews = []struct {
	name  string
	first string
	view  func() RunView
}{
	{"one-of-three-failed", "❌ **1 of 3 rehearsals failed**: 2 passed.", func() RunView {
		v := view(at("pull-widget-unit", run.Passed, 61), failedJob(), at("pull-widget-lint", run.Passed, 9))
		v.Manifest.Affected = 42
		v.Manifest.Notes = []string{Excluded("post-widget-push", "it is a postsubmit, and those publish and deploy, so they are listed but never run"), NotAffected("pull-widget-e2", []string{"pull-widget-e2e"})}
		return v
	}},
	{"all-passed", "✅ **All 3 rehearsals passed**", func() RunView {
		return view(at("pull-widget-unit", run.Passed, 61), at("pull-widget-e2e", run.Passed, 3661), at("pull-widget-lint", run.Passed, 9))
	}},
	{"every-verdict", "❌ **4 of 9 rehearsals failed**: 1 passed, 1 aborted, 1 running, 1 queued, 1 not started.", func() RunView {
		stuck := at("pull-e-stuck", run.Unschedulable, 300)
		stuck.Detail = "no node took its pod in time; FailedScheduling: 0/3 nodes are available: 3 Insufficient memory."
		lost := at("periodic-d-lost", run.Errored, 1)
		lost.Repo, lost.Branch, lost.Type = "", "", "periodic"
		lost.Detail = "Prow does not know the cluster `build99`"
		late := at("pull-c-late", run.TimedOut, 7200)
		late.Detail = "it did not finish within 2h0m0s"
		aborted := at("pull-f-aborted", run.Aborted, 5)
		aborted.Detail = "alice successfully aborted pull-f-aborted."
		return view(at("pull-a", run.Passed, 1), failedJob(), late, lost, stuck, aborted, at("pull-g", run.NotStarted, 0), at("pull-h", run.Running, 0), at("pull-i", run.Queued, 0))
	}},
	{"running", "⏳ **Running 2 of 3 rehearsals**: 1 passed, 1 queued.", func() RunView {
		v := view(at("pull-a", run.Passed, 1), at("pull-b", run.Running, 0), at("pull-c", run.Queued, 0))
		v.Over = false
		return v
	}},
	{"running-with-failure", "⏳ **Running 1 of 2 rehearsals**: 1 failed.", func() RunView {
		v := view(failedJob(), at("pull-b", run.Running, 0))
		v.Over = false
		return v
	}},
	{"queued", "⏳ **2 rehearsals queued**", func() RunView {
		v := view(at("pull-a", run.NotStarted, 0), at("pull-b", run.NotStarted, 0))
		v.Over, v.PipelineRun = false, ""
		return v
	}},
	{"aborted", "🛑 **Aborted**: a new push replaced what was being rehearsed. 1 failed, 1 not started.", func() RunView {
		v := view(failedJob(), at("pull-b", run.Aborted, 3), at("pull-c", run.NotStarted, 0))
		v.AbortReason = "a new push replaced what was being rehearsed"
		return v
	}},
	{"aborting", "🛑 **Aborting**: bob asked for it.", func() RunView {
		o := at("pull-b", run.Aborted, 3)
		o.Finished = time.Time{}
		v := view(o)
		v.AbortReason, v.Over = "bob asked for it.", false
		return v
	}},
	{"progress", "⏳ **Running 3 of 5 rehearsals**: 1 failed, 1 passed, 1 queued.", func() RunView {
		queued := at("pull-c", run.Queued, 0)
		queued.Detail = "waits for a node; 0/3 nodes are available"
		v := view(failedJob(), at("pull-a", run.Passed, 61), at("pull-b", run.Running, 0), queued, at("pull-d", run.Running, 0))
		v.Over, v.Now = false, start.Add(252*time.Second)
		v.Manifest.AutoAck, v.Manifest.Affected, v.Manifest.Page = true, 3412, "https://rehearsals.example.com/runs/acme-release-7-x"
		v.Manifest.Coverage = &run.Coverage{Of: []run.Aspect{
			{What: "cause", Total: 3, Missing: 1, Examples: []string{"a"}}, {What: "repository", Total: 812, Missing: 808, Examples: []string{"acme/a", "acme/b"}},
		}}
		for i := range v.Manifest.Jobs {
			v.Manifest.Jobs[i].Checkouts = []run.Checkout{{Repo: "acme/widget", Ref: "main", SHA: strings.Repeat("5", 40)}}
		}
		v.Manifest.Jobs[1].Checkouts = append(v.Manifest.Jobs[1].Checkouts, run.Checkout{Repo: "acme/tools", Ref: "v2"})
		v.Manifest.Jobs[1].Inputs = []run.Input{{Original: "widget-config", Name: "rehearse-7-widget-config", Cluster: "build01", Namespace: "test-pods"}}
		return v
	}},
	{"same-error", "❌ **16 of 18 rehearsals failed**: 1 passed, 1 aborted.", func() RunView {
		var outcomes []run.Outcome
		for i := range 12 {
			o := at(fmt.Sprintf("pull-widget-%d-e2e", i), run.Failed, 100+i)
			o.Excerpt = []string{fmt.Sprintf("Creating cluster pull-widget-%d-e2e-%x at 10:0%d", i, i*7919, i%10), "error: registry.acme.dev/widget:v2 not found"}
			outcomes = append(outcomes, o)
		}
		for _, name := range []string{"pull-x", "pull-y"} {
			o := at(name, run.Unschedulable, 300)
			o.Detail = "no node took its pod in time; FailedScheduling: 0/3 nodes are available: 3 Insufficient memory."
			outcomes = append(outcomes, o)
		}
		aborted := at("pull-z", run.Aborted, 5)
		aborted.Detail = "Aborted: alice asked for it."
		quiet := at("pull-quiet", run.Failed, 4)
		v := view(append(outcomes, failedJob(), quiet, aborted, at("pull-ok", run.Passed, 4))...)
		v.Manifest.Page = "https://rehearsals.example.com/runs/acme-release-7-x"
		return v
	}},
	{"running-one", "⏳ **Running the rehearsal**", func() RunView {
		v := view(at("pull-a", run.Running, 0))
		v.Over = false
		return v
	}},
	{"auto-ack-passed", "✅ **The rehearsal passed**", func() RunView {
		v := view(at("pull-a", run.Passed, 1))
		v.Manifest.AutoAck = true
		return v
	}},
	{"auto-ack-failed", "❌ **The rehearsal failed**", func() RunView {
		v := view(at("pull-a", run.Failed, 1))
		v.Manifest.AutoAck = true
		return v
	}},
	{"lost", "❌ **1 of 2 rehearsals did not finish**: 1 passed, 1 running.", func() RunView {
		return view(at("pull-a", run.Passed, 1), at("pull-b", run.Running, 0))
	}},
	{"hostile", "❌ **The rehearsal failed**", func() RunView {
		o := at("`x`|<b>@everyone</b>", run.Failed, 1)
		o.Detail = "see <!-- rehearsal:plan --> @octocat #1 [x](javascript:alert(1)) ![](http://e.vil) | `a` ``` \n# heading\n- list"
		o.URL = "javascript:alert(1)"
		o.Branch = "main\n<!-- test report -->"
		o.Rerun = "/pj-rehearse `x` | <!-- y -->"
		o.Excerpt = []string{"`````", "<!-- rehearsal:run comment-1-0 -->", "@octocat \u202e reversed", "a <!--", "test report -->"}
		v := view(o)
		v.Manifest.By, v.Manifest.Command = "bob`@octocat", "/pj-rehearse <!-- rehearsal:plan -->"
		v.Manifest.Notes = []string{"1. @octocat **bold**\n\n<!-- rehearsal:plan -->", "# heading", "`<!-- x -->` www.example.com https://example.com"}
		return v
	}},
}

func TestRun(t *testing.T) {
	for _, c := range runViews {
		t.Run(c.name, func(t *testing.T) {
			v := c.view()
			body := Run(v)
			golden.Compare(t, "run/"+c.name+".md", body)
			golden.Compare(t, "run/"+c.name+".txt", Text(v))
			if first, _, _ := strings.Cut(body, "\n"); first != c.first {
				t.Errorf("first line is %q, want %q", first, c.first)
			}
			if m, ok := FindMarker(body); !ok || m != RunMarker("comment-98765-0") {
				t.Errorf("marker is %q, %v", m, ok)
			}
			own := 1
			if InProgress(body) {
				own = 2
			}
			if n := strings.Count(body, "<!--"); n != own {
				t.Errorf("%d HTML comments, want our own only", n)
			}
			if InProgress(body) != !v.Ended() {
				t.Errorf("in progress: %v, ended: %v", InProgress(body), v.Ended())
			}
		})
	}
}

func TestRunFits(t *testing.T) {
	cases := []struct {
		name       string
		jobs       int
		excerpt    int
		nameLength int
		want       []string
	}{
		{"everything", 30, 5, 40, []string{"\n```text\n"}},
		{"excerpts shortened", 35, 20, 60, []string{"\n```text\n"}},
		{"excerpts left out", 120, 20, 60, []string{"log excerpts do not fit here"}},
		{"reasons left out", 240, 0, 60, []string{"The reasons of"}},
		{"rows left out", 500, 20, 60, []string{"more jobs not shown here", "The reasons of 500 more jobs are not shown here"}},
		{"long names", 500, 20, 5000, []string{"more jobs not shown here"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var outcomes []run.Outcome
			for i := range c.jobs {
				o := at(fmt.Sprintf("pull-%03d-%s", i, strings.Repeat("n", c.nameLength)), run.Failed, i)
				o.Detail = different(i)
				for range c.excerpt {
					o.Excerpt = append(o.Excerpt, strings.Repeat("e", 140))
				}
				outcomes = append(outcomes, o)
			}
			body := Run(view(outcomes...))
			if len(body) > MaxBody {
				t.Errorf("%d bytes", len(body))
			}
			if _, ok := FindMarker(body); !ok {
				t.Error("no marker")
			}
			for _, want := range c.want {
				if !strings.Contains(body, want) {
					t.Errorf("does not say %q:\n%.300s …", want, body)
				}
			}
		})
	}
}

// different returns a different word for every number.
func different(i int) string {
	s := ""
	for ; i > 0 || s == ""; i /= 26 {
		s += string(rune('a' + i%26))
	}
	return s
}

func TestInProgress(t *testing.T) {
	forged := view(at("x", run.Failed, 1))
	forged.Outcomes[0].Excerpt = []string{progressMarker, RunMarker("comment-98765-0")}
	forged.Manifest.Notes = []string{progressMarker}
	going := view(at("x", run.Running, 1))
	going.Over = false
	cases := []struct {
		name, body string
		want       bool
	}{
		{"running", Run(going), true},
		{"line endings of a browser", strings.ReplaceAll(Run(going), "\n", "\r\n"), true},
		{"ended", Run(view(at("x", run.Passed, 1))), false},
		{"marker in a log", Run(forged), false},
		{"quoted", Run(going) + "\n> thanks", false},
		{"comment of a plan", Plan(planView()), false},
		{"nothing", "", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := InProgress(c.body); got != c.want {
				t.Errorf("got %v for\n%s", got, c.body)
			}
		})
	}
}

func TestSettled(t *testing.T) {
	aborting := at("x", run.Aborted, 1)
	aborting.Finished = time.Time{}
	if aborting.Settled() {
		t.Error("a job whose pod may still run is not settled")
	}
	if !at("x", run.Passed, 1).Settled() || at("x", run.Running, 1).Settled() {
		t.Error("settled is for what has ended")
	}
}
