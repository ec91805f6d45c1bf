package report

import (
	"strings"
	"testing"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/joblog"
	"github.com/rehearsal-dev/rehearsal/pkg/policy"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// canary is a secret that a log may contain, but no comment.
const canary = "kanarienvogel-42"

// FuzzRun checks the comment and the page of a run with any output and any names in the
// pull request.
func FuzzRun(f *testing.F) {
	for i, s := range hostile {
		f.Add(s, hostile[(i+1)%len(hostile)], hostile[(i+2)%len(hostile)], "Error: "+s+canary+"\n"+s, uint8(i))
	}
	f.Add("pull-a", "acme/widget", "it failed", "ok\nkana<!--\nerror -->rienvogel-42\n", uint8(3))
	verdicts := []run.Verdict{run.Failed, run.TimedOut, run.Errored, run.Unschedulable, run.Aborted, run.NotStarted, run.Running, run.Queued, run.Passed}
	f.Fuzz(func(t *testing.T, name, repo, words, log string, n uint8) {
		if strings.Contains(name+repo+words, canary) {
			t.Skip("a name is not a secret")
		}
		excerpt := joblog.Excerpt(log+canary+log, []string{canary})
		var outcomes []run.Outcome
		for i := range 1 + int(n)%5 {
			o := run.Outcome{Verdict: verdicts[(int(n)+i)%len(verdicts)], Detail: words, Started: start, URL: "https://deck.example.com/" + name}
			o.Job = run.Job{Name: name, Type: words, Repo: repo, Branch: words, Rerun: "/pj-rehearse " + name}
			o.Job.Checkouts = []run.Checkout{{Repo: repo, Ref: words, SHA: name}}
			o.Job.Inputs = []run.Input{{Original: name, Name: words, Cluster: repo, Namespace: words}}
			if o.Verdict.Bad() {
				o.Excerpt = excerpt
			}
			outcomes = append(outcomes, o)
		}
		v := view(outcomes...)
		v.Over, v.Now, v.AbortReason = n%2 == 0, start.Add(time.Minute), strings.Repeat(words, int(n)%3/2)
		m := &v.Manifest
		m.By, m.Command, m.BaseRef, m.Coverage, m.AutoAck = name, words, repo, covering(words), n%3 == 0
		m.Notes, m.Head = []string{words, NotAffected(name, []string{name, repo}), Excluded(name, words)}, name
		body, page := Run(v), RunPage(v)
		checkSafe(t, body)
		checkPage(t, page)
		if all := body + Text(v) + string(page); strings.Contains(all, canary) {
			t.Errorf("the secret shows in\n%s", all)
		}
	})
}

// FuzzPlan checks the comments and the page of a plan with any text in the pull request.
func FuzzPlan(f *testing.F) {
	for i, s := range hostile {
		f.Add(s, hostile[(i+1)%len(hostile)], hostile[(i+2)%len(hostile)], hostile[(i+3)%len(hostile)], uint8(i))
	}
	changes := []string{"new", "branches", "spec", "labels", "trigger", "annotations"}
	f.Fuzz(func(t *testing.T, name, repo, file, words string, n uint8) {
		v := planView()
		for i := range int(n) % 40 {
			j := PlanJob{Name: name, Type: "presubmit", Repo: repo, Branch: words, Argument: name, Change: changes[(i+int(n))%len(changes)]}
			for range i % 4 {
				j.Reasons = append(j.Reasons, Reason{File: file, Path: words, Old: name, New: repo})
			}
			if i%3 == 0 {
				j.Excluded = words
			}
			v.Jobs = append(v.Jobs, j)
		}
		v.Head, v.Org, v.Repo, v.BaseRef, v.Coverage, v.Untrusted, v.StatusContext = name, repo, name, words, covering(words), strings.Repeat(name, int(n)%2), words
		v.Removed, v.Warnings, v.Unread = []PlanJob{{Name: name}}, []string{words}, []FileProblem{{File: file, Line: int(n), Message: words}}
		v.Acknowledgement = &Acknowledgement{By: name, Head: words, Reason: v1alpha1.AckReason(file), Runs: []string{repo, "comment-1-0"}, Label: words, Acknowledged: n%2 == 0}
		v.NetworkAccess = &Acknowledgement{By: words, Head: name, Reason: v1alpha1.AckPushed, Label: file, Acknowledged: n%3 == 0}
		v.NotTrusted, v.HeadApproval = words, &Approval{By: file, Head: words}
		v.PrivilegeApproval = v.HeadApproval
		if n%2 == 0 {
			v.HeadApproval = nil
		}
		v.Commands = Commands{Limits: map[event.Selection]int{event.Sample: int(n)}, AckLabel: words, NetworkLabel: name}
		if n%4 == 0 {
			v.Problem = &Problem{Conflicts: []string{file}}
		} else if n%5 == 0 {
			v.Problem = &Problem{Refused: &FileProblem{File: file, Message: words}, BaseBroken: n%2 == 0}
		}
		checkSafe(t, Plan(v))
		checkPage(t, PlanPage(v))
		j := ExplainJob{PlanJob: PlanJob{Name: name, Type: words, Repo: repo, Change: words, Reasons: []Reason{{file, words, name, repo}}, Excluded: words}, Affected: n%2 == 0,
			Branches: []string{words, file}, Rehearsal: &Rehearsal{Name: name, Context: words, Cluster: repo, Agent: file, Checkouts: []run.Checkout{{Repo: repo, Ref: words}}}}
		checkSafe(t, Explain(ExplainView{CommandID: name, Line: words, By: repo, Name: name, Jobs: []ExplainJob{j}[:n%2], Nearest: []string{file}}))
		checkSafe(t, Answer(words, name, repo, NothingMatches(words), NotRunning(name, []string{words}), NeedsOkToTest(words), UnmappedUser(file)))
		checkSafe(t, Commands{Policy: policy.Config{Run: policy.Rule{"label:" + name, "team:" + repo}}}.Denied(Denial{By: repo, Line: words, Head: file, Kind: name, Org: words, Repo: name, Sentence: words}))
	})
}
