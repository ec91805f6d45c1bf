package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/policy"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
	"github.com/rehearsal-dev/rehearsal/test/golden"
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

var tenAtOnce = Commands{Limits: map[event.Selection]int{event.Sample: 10}}

// decoration returns jobs of many repositories that are affected by one line of Prow's
// configuration.
func decoration(n int) []PlanJob {
	jobs := planJobs(n)
	for i := range jobs {
		jobs[i].Repo = fmt.Sprintf("acme/widget-%d", i%812)
		jobs[i].Reasons = []Reason{{
			File: "config/prow/config.yaml", Path: "decoration_config.utility_images.clonerefs",
			Old: "clonerefs:v20260801", New: "clonerefs:v20261101",
		}}
	}
	return jobs
}

func planView() PlanView {
	return PlanView{
		Org: "acme", Repo: "release", Number: 7, Total: 3800, BaseRef: "main",
		Head: strings.Repeat("0123456789", 4), Base: strings.Repeat("abcdef0123", 4),
		Commands: tenAtOnce,
	}
}

var planViews = []struct {
	name  string
	first string
	view  func() PlanView
}{
	{"affected", "🔎 **This pull request affects 5 jobs** of 3,800, 3 of which can be rehearsed; 1 job removed.", func() PlanView {
		v := planView()
		v.Jobs = planJobs(1)
		v.Jobs = append(v.Jobs,
			PlanJob{Name: "pull-widget-e2e", Argument: "pull-widget-e2e@release-1.0", Type: "presubmit", Repo: "acme/widget", Branch: "release-1.0", Change: "branches",
				Reasons: []Reason{{File: "jobs/widget.yaml", Path: "branches"}}},
			PlanJob{Name: "periodic-widget", Argument: "periodic-widget", Type: "periodic", Change: "spec", Reasons: []Reason{
				{Path: "preset cloud-credentials ▸ spec.containers[0].env", New: "KEY=1"}, {Path: "spec.timeout", Old: "1h"}, {Path: "a"}, {Path: "b"},
			}},
			PlanJob{Name: "post-widget-push", Type: "postsubmit", Repo: "acme/widget", Branch: "main", Change: "new",
				Reasons: []Reason{{File: "jobs/post.yaml", Path: "name", New: "post-widget-push"}}, Excluded: "postsubmits publish and deploy: they run only when named"},
			PlanJob{Name: "pull-widget-lint", Type: "presubmit", Repo: "acme/widget", Branch: "main", Change: "annotations", Excluded: "only annotations differ"},
		)
		v.Removed = []PlanJob{{Name: "pull-widget-old", Type: "presubmit", Repo: "acme/widget"}}
		v.Warnings = []string{"jobs/widget.yaml: unknown field `imge`"}
		return v
	}},
	{"sample", "🔎 **This pull request affects 11 jobs** of 3,800.", func() PlanView {
		v := planView()
		v.Jobs = planJobs(11)
		v.Commands = Commands{Prefixes: []string{"/rehearse"}, Limits: map[event.Selection]int{event.Sample: 4}, AckLabel: "rehearsals-ack", NetworkLabel: "network-access-rehearsals-ok"}
		v.Coverage = &run.Coverage{}
		return v
	}},
	{"nothing", "✅ **This pull request affects no jobs**: all 3,800 stay as they are.", planView},
	{"only-excluded", "✅ **There is nothing to rehearse**: 1 job affected, none of them offered.", func() PlanView {
		v := planView()
		v.Jobs = []PlanJob{{Name: "post-widget-push", Type: "postsubmit", Repo: "acme/widget", Branch: "main", Change: "new", Excluded: "postsubmits publish and deploy: they run only when named"}}
		return v
	}},
	{"held", "🔎 **This pull request affects 4 jobs** of 3,800, 1 of which can be rehearsed; 3 wait for approval.", func() PlanView {
		v := planView()
		v.Jobs = planJobs(4)
		v.Jobs[1].Held = &Held{Asks: []Ask{
			{"reads a secret", "pod_spec.volumes[0].secret", "cloud-credentials", 9}, {"is privileged on its node", "pod_spec.containers[0].securityContext.privileged", "privileged", 1},
		}}
		v.Jobs[2].Held = &Held{New: "new: it does not exist on the base branch"}
		v.Jobs[3].Held = &Held{}
		for i := range 12 {
			v.Jobs[3].Held.Asks = append(v.Jobs[3].Held.Asks, Ask{"reads a secret", "pod_spec.volumes[0].secret", fmt.Sprintf("secret-%d", i), 9})
		}
		return v
	}},
	{"all-held", "🔒 **Nothing can be rehearsed yet**: 30 wait for approval, of 30 affected jobs.", func() PlanView {
		v := planView()
		v.Jobs = planJobs(30)
		for i := range v.Jobs {
			v.Jobs[i].Held = &Held{Asks: []Ask{{"reads a secret", "pod_spec.volumes[0].secret", "cloud", 9}}}
		}
		return v
	}},
	{"many", "🔎 **This pull request affects 3,512 jobs** of 77,000, 3,452 of which can be rehearsed.", func() PlanView {
		v := planView()
		v.Total, v.Page, v.StatusContext = 77000, "https://rehearsals.example.com/plans/acme-release-7", "ci/rehearsals"
		v.Jobs = decoration(3412)
		for i, j := range planJobs(40) {
			j.Name, j.Argument = fmt.Sprintf("pull-cold-%d", i), fmt.Sprintf("pull-cold-%d", i)
			j.Reasons[0].New = fmt.Sprintf("a:%d", i)
			v.Jobs = append(v.Jobs, j)
		}
		for i := range 60 {
			j := PlanJob{Name: fmt.Sprintf("periodic-%d", i), Type: "periodic", Change: "trigger", Excluded: "only when it is triggered differs",
				Reasons: []Reason{{File: "jobs/p.yaml", Path: "cron", Old: fmt.Sprintf("%d 1 * * *", i), New: "@daily"}}}
			if i < 3 {
				j.Excluded = fmt.Sprintf("agent jenkins-%d: only kubernetes jobs are rehearsed", i)
			}
			v.Jobs = append(v.Jobs, j)
		}
		v.Coverage = &run.Coverage{Of: []run.Aspect{
			{What: "cause", Total: 41, Missing: 31, Examples: []string{"image of pull-cold-9", "image of pull-cold-8"}},
			{What: "repository", Total: 813, Missing: 803, Examples: []string{"acme/widget-9", "acme/widget-8"}},
		}}
		return v
	}},
	{"new-release", "🔎 **This pull request affects 90 jobs** of 3,800.", func() PlanView {
		v := planView()
		for i := range 90 {
			name := fmt.Sprintf("pull-release-9-%d", i)
			v.Jobs = append(v.Jobs, PlanJob{Name: name, Type: "presubmit", Repo: fmt.Sprintf("acme/part-%d", i/10), Branch: "release-9", Change: "new",
				Reasons: []Reason{{File: fmt.Sprintf("jobs/part-%d-9.yaml", i/10), Path: "name", New: name}}})
		}
		return v
	}},
	{"acknowledged", "🔎 **This pull request affects 1 job** of 3,800.", func() PlanView {
		v := planView()
		v.Jobs = planJobs(1)
		v.Acknowledgement = &Acknowledgement{By: "bob", Head: v.Head, Reason: v1alpha1.AckByCommand, At: start, Runs: []string{"comment-98765-0", "body-0a1b-0"}, Label: "rehearsals-ack", Acknowledged: true}
		v.NetworkAccess = &Acknowledgement{By: "carol", Head: v.Head, At: start, Label: "network-access-rehearsals-ok", Acknowledged: true}
		v.StatusContext = "ci/rehearsals"
		return v
	}},
	{"untrusted", "🔎 **This pull request affects 1 job** of 3,800.", func() PlanView {
		v := planView()
		v.Jobs = planJobs(1)
		v.Untrusted = "needs-ok-to-test"
		v.Acknowledgement = &Acknowledgement{Head: v.Head, Reason: v1alpha1.AckPushed, At: start}
		return v
	}},
	{"other-base", "🔎 **This pull request affects 1 job** of 3,800.", func() PlanView {
		v := planView()
		v.Jobs, v.BaseRef, v.OtherBase = planJobs(1), "feature-x", true
		return v
	}},
	{"not-trusted", "🔎 **This pull request affects 1 job** of 3,800.", func() PlanView {
		v := planView()
		v.Jobs = planJobs(1)
		v.NotTrusted, v.Commands.Policy = "eve", policy.Config{Preset: "kubevirt"}
		return v
	}},
	{"approved", "🔎 **This pull request affects 1 job** of 3,800.", func() PlanView {
		v := planView()
		v.Jobs = planJobs(1)
		v.HeadApproval = &Approval{By: "bob", Head: v.Head, At: start}
		v.PrivilegeApproval = &Approval{By: Person("cli-1-0", "carol"), Head: v.Head, At: start}
		return v
	}},
	{"hostile", "🔎 **This pull request affects 22 jobs** of 3,800, 21 of which can be rehearsed; 1 job removed.", func() PlanView {
		v := planView()
		for _, j := range planJobs(21) {
			j.Name, j.Argument = "", "`x`|<b>@everyone</b>\n# y"
			j.Repo, j.Branch = "acme/<!-- rehearsal:plan -->", "](javascript:alert(1))"
			j.Reasons[0] = Reason{File: "![x](http://e.vil/x.png)", Path: "@octocat", Old: "</details>", New: "\u202e|"}
			v.Jobs = append(v.Jobs, j)
		}
		v.Jobs = append(v.Jobs, PlanJob{Name: "- a", Type: "# b", Change: "> c", Excluded: "1. <!-- x --> @octocat [x](http://e.vil)"})
		v.Removed = []PlanJob{{Name: "@octocat\n\n- x"}}
		v.Coverage = covering("# @octocat <b>x</b>")
		v.Page = "javascript:alert(1)"
		v.Untrusted = "`@octocat`"
		v.Acknowledgement = &Acknowledgement{By: "@octocat`", Head: "<b>", Reason: v1alpha1.AckByCommand, Runs: []string{"<!-- x -->", "comment-1-0"}, Label: "@octocat", Acknowledged: true}
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
	{"base-refused", "🚫 **Prow refuses the configuration of `main` even without this change**, in `jobs/a.yaml`. This pull request is not to blame, but cannot be rehearsed until that is fixed:", func() PlanView {
		v := planView()
		v.Problem = &Problem{Refused: &FileProblem{File: "jobs/a.yaml", Message: "duplicated job"}, BaseBroken: true}
		return v
	}},
	{"stopped", "🚫 **The jobs that this commit affects cannot be determined**: planning took more than 2 minutes. This is not retried until the next push.", func() PlanView {
		v := planView()
		v.Problem = &Problem{Stopped: "took more than 2 minutes"}
		return v
	}},
	{"base-stopped", "⚙️ **The configuration of `main` cannot be read**: reading it needed more than 768 MiB of memory. This pull request is not to blame. An operator of this installation has to look into it.", func() PlanView {
		v := planView()
		v.Problem = &Problem{Stopped: "needed more than 768 MiB of memory", BaseBroken: true}
		return v
	}},
	{"too-large", "🚫 **This pull request is too large, so the jobs that it affects are not determined**:", func() PlanView {
		v := planView()
		v.Jobs, v.Problem = nil, &Problem{TooLarge: true, Refused: &FileProblem{Message: "the repository has more than 500000 files"}}
		return v
	}},
	{"base-too-large", "⚙️ **The configuration of `main` is too large to be read**, in `jobs/a.yaml`. This pull request is not to blame. An operator of this installation has to look into it:", func() PlanView {
		v := planView()
		v.Jobs, v.Problem = nil, &Problem{TooLarge: true, BaseBroken: true, Refused: &FileProblem{File: "jobs/a.yaml", Message: "is too much: more than 500 jobs have this name"}}
		return v
	}},
	{"unfetched", "🚫 **This pull request is not rehearsed**: commit 1234 brings more than 256 MiB that the base branch does not have. It is read again after the next push.", func() PlanView {
		v := planView()
		v.Jobs, v.Problem = nil, &Problem{Unfetched: "commit 1234 brings more than 256 MiB that the base branch does not have"}
		return v
	}},
	{"missing-path", "⚙️ **The rehearsal settings do not match this repository**: the setting `prow_config` names `core/config.yaml`, which does not exist. An operator of this installation has to correct it.", func() PlanView {
		v := planView()
		v.Problem = &Problem{Missing: "core/config.yaml", Setting: "prow_config"}
		return v
	}},
}

func TestPlan(t *testing.T) {
	for _, c := range planViews {
		t.Run(c.name, func(t *testing.T) {
			body := Plan(c.view())
			golden.Compare(t, "plan/"+c.name+".md", body)
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
		v.Jobs[i].Reasons[0].Path = strings.Repeat("p", 1000) + v.Jobs[i].Name
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
	for _, want := range []string{"more affected jobs not shown here", "`rehearse affected` in a clone lists them", "**2,500 presubmits** of `acme/widget`: because because", "and 4,970 more", "460 more warnings"} {
		if !strings.Contains(body, want) {
			t.Errorf("does not say %q", want)
		}
	}
	if m, ok := FindMarker(body); !ok || m != AnswerMarker("comment-1-0") {
		t.Errorf("marker is %q, %v", m, ok)
	}
}

func TestAcknowledgement(t *testing.T) {
	const head = "0123456789012345678901234567890123456789"
	given := func(reason v1alpha1.AckReason, runs ...string) *Acknowledgement {
		return &Acknowledgement{By: "bob", Head: head, Reason: reason, At: start, Runs: runs, Label: "ack", Acknowledged: true}
	}
	pushed, older := given(v1alpha1.AckPushed), given(v1alpha1.AckByCommand, "comment-1-0")
	pushed.Acknowledged, older.Head = false, strings.Repeat("a", 40)
	rejected := given(v1alpha1.AckRejected)
	rejected.Acknowledged = false
	cases := []struct {
		name string
		a    *Acknowledgement
		want string
	}{
		{"nobody", nil, ""},
		{"based on a run", given(v1alpha1.AckByCommand, "comment-98765-0"), "☑️ **Acknowledged** by `bob` for " + head + ", 20 November 10:00 UTC, based on [this run](#issuecomment-98765) (label `ack`)."},
		{"based on several runs", given(v1alpha1.AckByCommand, "body-0a-0", "cli-1-0", "comment-3-0", "comment-4-0", "comment-5-0", "comment-6-0"),
			"☑️ **Acknowledged** by `bob` for " + head + ", 20 November 10:00 UTC, based on the run requested in the description, the run `cli-1-0`, [this run](#issuecomment-3), [this run](#issuecomment-4), [this run](#issuecomment-5) and 1 more (label `ack`)."},
		{"based on no run", given(v1alpha1.AckByCommand), "☑️ **Acknowledged** by `bob` for " + head + ", 20 November 10:00 UTC, although no run had passed (label `ack`)."},
		{"skipped", given(v1alpha1.AckSkipped), "☑️ **Acknowledged without a rehearsal** by `bob` for " + head + ", 20 November 10:00 UTC (label `ack`)."},
		{"given by a run", given(v1alpha1.AckAuto, "comment-1-0"), "☑️ **Acknowledged** because all jobs passed, as `bob` asked for " + head + ", 20 November 10:00 UTC, based on [this run](#issuecomment-1) (label `ack`)."},
		{"nothing to rehearse", given(v1alpha1.AckNothing), "☑️ **Acknowledged** because there is nothing to rehearse for " + head + ", 20 November 10:00 UTC (label `ack`)."},
		{"kept", older, "☑️ **Acknowledged** by `bob` for " + older.Head + ", 20 November 10:00 UTC, based on [this run](#issuecomment-1); it also covers what was pushed afterwards (label `ack`)."},
		{"withdrawn by a push", pushed, "⚠️ **No longer acknowledged**: " + head + " was pushed afterwards. To renew this, review the pull request as it is now and write `/pj-rehearse ack`."},
		{"withdrawn by somebody", rejected, "⚠️ **No longer acknowledged**: `bob` withdrew it for " + head + ", 20 November 10:00 UTC. To renew this, review the pull request as it is now and write `/pj-rehearse ack`."},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			v := planView()
			v.Jobs, v.Acknowledgement = planJobs(1), c.a
			if got := strings.TrimSpace(acknowledgement(v)); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if !strings.Contains(Plan(v), c.want) {
				t.Error("the comment does not say it")
			}
		})
	}
}

func TestGroup(t *testing.T) {
	jobs := decoration(plainUpTo)
	if groups, rest := group(jobs, cause); len(groups) != 0 || len(rest) != plainUpTo {
		t.Errorf("%d jobs are %d groups, %d rest", plainUpTo, len(groups), len(rest))
	}
	jobs = append(jobs, planJobs(groupFrom-1)...)
	groups, rest := group(jobs, cause)
	if len(groups) != 1 || len(groups[0].jobs) != plainUpTo || len(rest) != groupFrom-1 {
		t.Errorf("%d groups, %d rest", len(groups), len(rest))
	}
}
