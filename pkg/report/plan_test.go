package report

import (
	"fmt"
	"strings"
	"testing"
)

func planJobs(n int) []PlanJob {
	var jobs []PlanJob
	for i := range n {
		name := fmt.Sprintf("pull-widget-%03d", i)
		jobs = append(jobs, PlanJob{
			Name: name, Argument: name, Type: "presubmit", Repo: "acme/widget", Branch: "main", Change: "spec",
			Reasons: []Reason{{File: "jobs/widget.yaml", Path: "spec.containers[0].image", Old: "a:1", New: "a:2"}},
		})
	}
	return jobs
}

func planView() PlanView {
	return PlanView{
		Org: "acme", Repo: "release", Total: 3800, BaseRef: "main",
		Head: strings.Repeat("0123456789", 4), Base: strings.Repeat("abcdef0123", 4),
		Commands: Commands{Limit: 10},
	}
}

var planViews = []struct {
	name  string
	first string
	view  func() PlanView
}{
	{"affected", "🔎 **This pull request affects 5 jobs** of 3800, 3 of which can be rehearsed; 1 job removed.", func() PlanView {
		v := planView()
		v.Jobs = planJobs(1)
		v.Jobs = append(v.Jobs,
			PlanJob{Name: "pull-widget-e2e", Argument: "pull-widget-e2e@release-1.0", Type: "presubmit", Repo: "acme/widget", Branch: "release-1.0", Change: "branches",
				Reasons: []Reason{{File: "jobs/widget.yaml", Path: "branches"}}},
			PlanJob{Name: "periodic-widget", Argument: "periodic-widget", Type: "periodic", Change: "spec", Reasons: []Reason{
				{Path: "preset cloud-credentials ▸ spec.containers[0].env", New: "KEY=1"}, {Path: "spec.timeout", Old: "1h"}, {Path: "a"}, {Path: "b"},
			}},
			PlanJob{Name: "post-widget-push", Type: "postsubmit", Repo: "acme/widget", Branch: "main", Change: "new",
				Reasons: []Reason{{File: "jobs/post.yaml", Path: "new"}}, Excluded: "postsubmits run only when named"},
			PlanJob{Name: "pull-widget-lint", Type: "presubmit", Repo: "acme/widget", Branch: "main", Change: "annotations", Excluded: "only annotations differ"},
		)
		v.Removed = []PlanJob{{Name: "pull-widget-old", Type: "presubmit", Repo: "acme/widget"}}
		v.Warnings = []string{"jobs/widget.yaml: unknown field `imge`"}
		return v
	}},
	{"sample", "🔎 **This pull request affects 11 jobs** of 3800.", func() PlanView {
		v := planView()
		v.Jobs = planJobs(11)
		v.Commands = Commands{Prefixes: []string{"/rehearse"}, Limit: 4}
		return v
	}},
	{"nothing", "✅ **This pull request affects no job**: all 3800 stay as they are.", planView},
	{"only-excluded", "✅ **There is nothing to rehearse**: 1 job affected, none of them offered.", func() PlanView {
		v := planView()
		v.Jobs = []PlanJob{{Name: "post-widget-push", Type: "postsubmit", Repo: "acme/widget", Branch: "main", Change: "new"}}
		return v
	}},
	{"conflict", "⚠️ **This pull request does not merge into `main`**, so there is nothing to rehearse yet. Resolve the conflicts in:", func() PlanView {
		v := planView()
		v.Problem = &Problem{Conflicts: []string{"jobs/a.yaml", "jobs/b.yaml"}}
		return v
	}},
	{"refused", "🚫 **Prow would refuse this configuration**, in `jobs/a.yaml:12`:", func() PlanView {
		v := planView()
		v.Jobs = planJobs(1)
		v.Problem = &Problem{Refused: &FileProblem{File: "jobs/a.yaml", Line: 12, Message: "yaml: line 12: did not find expected key\n```\n<!-- x -->"}}
		v.Unread = []FileProblem{{File: "jobs/a.yaml", Line: 12, Message: "did not find expected key"}}
		return v
	}},
	{"base-refused", "🚫 **Prow refuses the configuration of `main` as it is**, so this pull request is not to blame, and cannot be rehearsed until that is mended, in `jobs/a.yaml`:", func() PlanView {
		v := planView()
		v.Problem = &Problem{Refused: &FileProblem{File: "jobs/a.yaml", Message: "duplicated job"}, BaseBroken: true}
		return v
	}},
	{"missing-path", "⚙️ **The configuration of the rehearsals does not fit this repository**: the setting `prow_config` names `core/config.yaml`, which does not exist. Whoever runs the rehearsals has to correct it.", func() PlanView {
		v := planView()
		v.Problem = &Problem{Missing: "core/config.yaml", Setting: "prow_config"}
		return v
	}},
}

func TestPlan(t *testing.T) {
	for _, c := range planViews {
		t.Run(c.name, func(t *testing.T) {
			body := Plan(c.view())
			golden(t, "plan/"+c.name+".md", body)
			if first, _, _ := strings.Cut(body, "\n"); first != c.first {
				t.Errorf("first line is %q, want %q", first, c.first)
			}
			if m, ok := FindMarker(body); !ok || m != PlanMarker() {
				t.Errorf("marker is %q, %v", m, ok)
			}
			if n := strings.Count(body, "<!--"); n != 1 {
				t.Errorf("%d HTML comments, want our own only", n)
			}
		})
	}
}

func TestPlanFits(t *testing.T) {
	v := planView()
	v.Marker = AnswerMarker("comment-1-0")
	v.Jobs = planJobs(5000)
	for i := range v.Jobs {
		if i%2 == 0 {
			v.Jobs[i].Excluded = strings.Repeat("because ", 100)
		}
		v.Jobs[i].Reasons[0].Path = strings.Repeat("p", 1000)
	}
	v.Removed = planJobs(5000)
	for range 500 {
		v.Warnings = append(v.Warnings, strings.Repeat("w", 300))
		v.Unread = append(v.Unread, FileProblem{File: strings.Repeat("f", 300), Message: strings.Repeat("m", 3000)})
	}
	body := Plan(v)
	if len(body) > MaxBody {
		t.Errorf("%d bytes", len(body))
	}
	for _, want := range []string{"more affected jobs that there is no room for", "more such jobs that there is no room for", "and 4970 more", "460 more warnings"} {
		if !strings.Contains(body, want) {
			t.Errorf("does not say %q", want)
		}
	}
	if m, ok := FindMarker(body); !ok || m != AnswerMarker("comment-1-0") {
		t.Errorf("marker is %q, %v", m, ok)
	}
}
