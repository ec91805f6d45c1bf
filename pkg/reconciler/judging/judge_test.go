package judging

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"k8s.io/utils/ptr"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
)

var (
	noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	head = strings.Repeat("a", 40)
)

func at(minutes int) metav1.Time {
	return metav1.NewTime(noon.Add(time.Duration(minutes) * time.Minute))
}

func command(id, text string, minutes int) v1alpha1.Command {
	return v1alpha1.Command{ID: id, Text: text, By: "bob", At: at(minutes)}
}

func TestJudge(t *testing.T) {
	open := v1alpha1.PullStatus{Head: head, Open: true, Author: "alice"}
	closed := v1alpha1.PullStatus{Head: head}
	untrusted := v1alpha1.PullStatus{Head: head, Open: true, Untrusted: true}
	partly := &v1alpha1.PlanStatus{Asks: "x", AsksSince: ptr.To(at(-2)), Asking: []v1alpha1.AskingJob{{Job: "a", Asks: "1"}, {Job: "b@main", Asks: "2"}}}
	elsewhere := v1alpha1.PullStatus{Head: head, Open: true, OtherBase: true}
	for name, tc := range map[string]struct {
		minutes int
		verb    event.Verb
		pull    v1alpha1.PullStatus
		writer  bool
		pushed  bool
		verdict v1alpha1.Verdict
		reason  string
		// own, unapproved and plan are left empty where they do not matter.
		own        string
		unapproved bool
		plan       *v1alpha1.PlanStatus
		jobs       []string
	}{
		"run by a writer":                                  {minutes: -1, verb: event.Run, pull: open, writer: true, verdict: v1alpha1.VerdictAccepted},
		"run by an outsider":                               {minutes: -1, verb: event.Run, pull: open, verdict: v1alpha1.VerdictDenied, reason: v1alpha1.ReasonNotAllowed},
		"unknown command by an outsider":                   {minutes: -1, verb: event.Unknown, pull: open, verdict: v1alpha1.VerdictDenied, reason: v1alpha1.ReasonNotAllowed},
		"unknown command by a writer":                      {minutes: -1, verb: event.Unknown, pull: open, writer: true, verdict: v1alpha1.VerdictUnknown, reason: v1alpha1.ReasonNotUnderstood},
		"run from before the push":                         {minutes: -6, verb: event.Run, pull: open, writer: true, pushed: true, verdict: v1alpha1.VerdictDenied, reason: v1alpha1.ReasonPushedSince},
		"abort from before the push":                       {minutes: -6, verb: event.Abort, pull: open, writer: true, pushed: true, verdict: v1alpha1.VerdictAccepted},
		"run on a closed pull request":                     {minutes: -1, verb: event.Run, pull: closed, writer: true, verdict: v1alpha1.VerdictDenied, reason: v1alpha1.ReasonClosed},
		"abort on a closed pull request":                   {minutes: -1, verb: event.Abort, pull: closed, writer: true, verdict: v1alpha1.VerdictAccepted},
		"ack from before the push":                         {minutes: -6, verb: event.Ack, pull: open, writer: true, pushed: true, verdict: v1alpha1.VerdictDenied, reason: v1alpha1.ReasonPushedSince},
		"help on a closed pull request":                    {minutes: -1, verb: event.Help, pull: closed, writer: true, verdict: v1alpha1.VerdictAccepted},
		"list on a closed pull request":                    {minutes: -1, verb: event.List, pull: closed, writer: true, verdict: v1alpha1.VerdictDenied, reason: v1alpha1.ReasonClosed},
		"run with the untrusted label":                     {minutes: -1, verb: event.Run, pull: untrusted, writer: true, verdict: v1alpha1.VerdictDenied, reason: v1alpha1.ReasonUntrusted},
		"run for a branch that is not served":              {minutes: -1, verb: event.Run, pull: elsewhere, writer: true, verdict: v1alpha1.VerdictDenied, reason: v1alpha1.ReasonOtherBase},
		"approval for a branch that is not served":         {minutes: -1, verb: event.Approve, pull: elsewhere, writer: true, verdict: v1alpha1.VerdictDenied, reason: v1alpha1.ReasonOtherBase},
		"abort for a branch that is not served":            {minutes: -1, verb: event.Abort, pull: elsewhere, writer: true, verdict: v1alpha1.VerdictAccepted},
		"skip with the untrusted label":                    {minutes: -1, verb: event.Skip, pull: untrusted, writer: true, verdict: v1alpha1.VerdictDenied, reason: v1alpha1.ReasonUntrusted},
		"list with the untrusted label":                    {minutes: -1, verb: event.List, pull: untrusted, writer: true, verdict: v1alpha1.VerdictAccepted},
		"network access":                                   {minutes: -1, verb: event.AllowNetwork, pull: open, writer: true, verdict: v1alpha1.VerdictAccepted},
		"network access by the author":                     {minutes: -1, verb: event.AllowNetwork, pull: open, own: v1alpha1.ReasonOwnPull, verdict: v1alpha1.VerdictDenied, reason: v1alpha1.ReasonOwnPull},
		"run on an unapproved head":                        {minutes: -1, verb: event.Run, pull: open, writer: true, unapproved: true, verdict: v1alpha1.VerdictDenied, reason: v1alpha1.ReasonHeadNotApproved},
		"ack on an unapproved head":                        {minutes: -1, verb: event.Ack, pull: open, writer: true, unapproved: true, verdict: v1alpha1.VerdictDenied, reason: v1alpha1.ReasonHeadNotApproved},
		"skip on an unapproved head":                       {minutes: -1, verb: event.Skip, pull: open, writer: true, unapproved: true, verdict: v1alpha1.VerdictDenied, reason: v1alpha1.ReasonHeadNotApproved},
		"network access on an unapproved head":             {minutes: -1, verb: event.AllowNetwork, pull: open, writer: true, unapproved: true, verdict: v1alpha1.VerdictDenied, reason: v1alpha1.ReasonHeadNotApproved},
		"approval of an unapproved head":                   {minutes: -1, verb: event.Approve, pull: open, writer: true, unapproved: true, verdict: v1alpha1.VerdictAccepted},
		"approval from before the push":                    {minutes: -1, verb: event.Approve, pull: open, writer: true, pushed: true, verdict: v1alpha1.VerdictDenied, reason: v1alpha1.ReasonPushedSince},
		"approval with the untrusted label":                {minutes: -1, verb: event.Approve, pull: untrusted, writer: true, unapproved: true, verdict: v1alpha1.VerdictAccepted},
		"run on an approved head with the untrusted label": {minutes: -1, verb: event.Run, pull: untrusted, writer: true, verdict: v1alpha1.VerdictDenied, reason: v1alpha1.ReasonUntrusted},
		"privileges that were shown":                       {minutes: -1, verb: event.AllowPrivileges, pull: open, writer: true, plan: &v1alpha1.PlanStatus{Asks: "x", AsksSince: ptr.To(at(-2)), AsksShown: true}, verdict: v1alpha1.VerdictAccepted},
		"privileges that were only partly shown":           {minutes: -1, verb: event.AllowPrivileges, pull: open, writer: true, plan: partly, verdict: v1alpha1.VerdictDenied, reason: v1alpha1.ReasonNotShown},
		"privileges of named jobs that were shown":         {minutes: -1, verb: event.AllowPrivileges, jobs: []string{"a", "b@main"}, pull: open, writer: true, plan: partly, verdict: v1alpha1.VerdictAccepted},
		"privileges of a named job that was not shown":     {minutes: -1, verb: event.AllowPrivileges, jobs: []string{"a", "c"}, pull: open, writer: true, plan: partly, verdict: v1alpha1.VerdictDenied, reason: v1alpha1.ReasonNotShown},
		"privileges of a job named without its branch":     {minutes: -1, verb: event.AllowPrivileges, jobs: []string{"b"}, pull: open, writer: true, plan: partly, verdict: v1alpha1.VerdictDenied, reason: v1alpha1.ReasonNotShown},
		"privileges from before the push":                  {minutes: -1, verb: event.AllowPrivileges, pull: open, writer: true, pushed: true, plan: &v1alpha1.PlanStatus{Asks: "x"}, verdict: v1alpha1.VerdictDenied, reason: v1alpha1.ReasonPushedSince},
		"privileges when no job requests any":              {minutes: -1, verb: event.AllowPrivileges, pull: open, writer: true, plan: &v1alpha1.PlanStatus{}, verdict: v1alpha1.VerdictDenied, reason: v1alpha1.ReasonNothingAsked},
		"privileges shown after the command":               {minutes: -1, verb: event.AllowPrivileges, pull: open, writer: true, plan: &v1alpha1.PlanStatus{Asks: "x", AsksSince: ptr.To(at(0))}, verdict: v1alpha1.VerdictDenied, reason: v1alpha1.ReasonNotPlanned},
		"privileges shown in the second of the command":    {minutes: -1, verb: event.AllowPrivileges, pull: open, writer: true, plan: &v1alpha1.PlanStatus{Asks: "x", AsksSince: ptr.To(at(-1))}, verdict: v1alpha1.VerdictDenied, reason: v1alpha1.ReasonNotPlanned},
		"privileges never shown":                           {minutes: -1, verb: event.AllowPrivileges, pull: open, writer: true, plan: &v1alpha1.PlanStatus{Asks: "x"}, verdict: v1alpha1.VerdictDenied, reason: v1alpha1.ReasonNotPlanned},
		"privileges without a plan":                        {minutes: -1, verb: event.AllowPrivileges, pull: open, writer: true, verdict: v1alpha1.VerdictDenied, reason: v1alpha1.ReasonNotPlanned},
		"ack by an outsider":                               {minutes: -1, verb: event.Ack, pull: open, verdict: v1alpha1.VerdictDenied, reason: v1alpha1.ReasonNotAllowed},
		"new verb on an unapproved head":                   {minutes: -1, verb: "bogus", pull: open, writer: true, unapproved: true, verdict: v1alpha1.VerdictDenied, reason: v1alpha1.ReasonHeadNotApproved},
		"new verb on a closed pull request":                {minutes: -1, verb: "bogus", pull: closed, writer: true, verdict: v1alpha1.VerdictDenied, reason: v1alpha1.ReasonClosed},
		"new verb from before the push":                    {minutes: -1, verb: "bogus", pull: open, writer: true, pushed: true, verdict: v1alpha1.VerdictDenied, reason: v1alpha1.ReasonPushedSince},
		"run older than a week":                            {minutes: -7*24*60 - 1, verb: event.Run, pull: open, writer: true, verdict: v1alpha1.VerdictExpired, reason: v1alpha1.ReasonTooOld},
		"run older than a week by an outsider":             {minutes: -7*24*60 - 1, verb: event.Run, pull: open, verdict: v1alpha1.VerdictExpired, reason: v1alpha1.ReasonTooOld},
	} {
		t.Run(name, func(t *testing.T) {
			c := command("comment-1-0", "", tc.minutes)
			in := Circumstances{Pull: &tc.pull, Allowed: tc.writer, Own: tc.own, Approved: !tc.unapproved, Plan: tc.plan, Now: noon}
			if tc.pushed {
				in.Unseen = v1alpha1.ReasonPushedSince
			}
			got := Judge(c, event.Command{Verb: tc.verb, Jobs: tc.jobs}, in)
			want := v1alpha1.CommandStatus{ID: "comment-1-0", Verdict: tc.verdict, Reason: tc.reason, Head: head, At: &c.At}
			want.Told = tc.verdict == v1alpha1.VerdictUnknown || tc.verdict == v1alpha1.VerdictAccepted && (tc.verb == event.List || tc.verb == event.Help)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFold(t *testing.T) {
	type runs map[string]string // id: abort reason
	run := func(id string, minutes int) v1alpha1.Command { return command(id, "/pj-rehearse", minutes) }
	abort := func(id string, minutes int) v1alpha1.Command { return command(id, "/pj-rehearse abort", minutes) }
	const byBob = "bob wrote /pj-rehearse abort"
	for name, tc := range map[string]struct {
		commands []v1alpha1.Command
		denied   string
		done     string
		runs     runs
		aborted  map[string]int
		jobs     map[string][]string // id: names to abort
	}{
		"one run for one command": {
			commands: []v1alpha1.Command{run("comment-1-0", 0)},
			runs:     runs{"comment-1-0": ""},
		},
		"no run for a denied command": {
			commands: []v1alpha1.Command{run("comment-1-0", 0)}, denied: "comment-1-0",
			runs: runs{},
		},
		"an abort ends earlier runs": {
			commands: []v1alpha1.Command{run("comment-1-0", 0), run("comment-2-0", 1), abort("comment-3-0", 2), run("comment-4-0", 3)},
			runs:     runs{"comment-1-0": byBob, "comment-2-0": byBob, "comment-4-0": ""},
			aborted:  map[string]int{"comment-3-0": 2},
		},
		"an abort found late by the sweep ends earlier runs": {
			commands: []v1alpha1.Command{run("comment-4-0", 3), abort("comment-3-0", 2), run("comment-1-0", 0)},
			runs:     runs{"comment-1-0": byBob, "comment-4-0": ""},
			aborted:  map[string]int{"comment-3-0": 1},
		},
		"an abort of jobs ends no run": {
			commands: []v1alpha1.Command{run("comment-1-0", 0), command("comment-3-0", "/pj-rehearse abort a b*", 2), run("comment-4-0", 3)},
			runs:     runs{"comment-1-0": "", "comment-4-0": ""},
			jobs:     map[string][]string{"comment-1-0": {"a", "b*"}},
		},
		"a denied abort ends nothing": {
			commands: []v1alpha1.Command{run("comment-1-0", 0), abort("comment-3-0", 2)}, denied: "comment-3-0",
			runs: runs{"comment-1-0": ""},
		},
		"a run that is over stays as it is": {
			commands: []v1alpha1.Command{run("comment-1-0", 0), abort("comment-3-0", 2)}, done: "comment-1-0",
			runs:    runs{"comment-1-0": ""},
			aborted: map[string]int{"comment-3-0": 0},
		},
	} {
		t.Run(name, func(t *testing.T) {
			rh := &v1alpha1.Rehearsal{Spec: v1alpha1.RehearsalSpec{Commands: tc.commands}}
			rh.Status.Pull = &v1alpha1.PullStatus{Head: head, BaseRef: "main", Open: true}
			for _, c := range tc.commands {
				verdict := v1alpha1.VerdictAccepted
				if c.ID == tc.denied {
					verdict = v1alpha1.VerdictDenied
				}
				rh.Status.Commands = append(rh.Status.Commands, v1alpha1.CommandStatus{ID: c.ID, Verdict: verdict, Head: head})
			}
			if tc.done != "" {
				rh.Status.Runs = []v1alpha1.RunStatus{{ID: tc.done, State: v1alpha1.RunPassed}}
			}
			want := tc.aborted
			if want == nil {
				want = map[string]int{}
			}
			for range 2 { // folding again must change nothing
				if diff := cmp.Diff(want, Fold(rh, event.DefaultPrefixes())); diff != "" {
					t.Error(diff)
				}
			}
			got := runs{}
			for _, r := range rh.Status.Runs {
				got[r.ID] = r.AbortReason
				var names []string
				for _, a := range JobAborts(rh, event.DefaultPrefixes())[r.ID] {
					names = append(names, a.Names...)
				}
				if diff := cmp.Diff(tc.jobs[r.ID], names); diff != "" {
					t.Error(diff)
				}
			}
			if diff := cmp.Diff(tc.runs, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOutdate(t *testing.T) {
	other := strings.Repeat("b", 40)
	for name, tc := range map[string]struct {
		open    bool
		runHead string
		state   v1alpha1.RunState
		want    string
	}{
		"same head":           {true, head, v1alpha1.RunRunning, ""},
		"another head":        {true, other, v1alpha1.RunRunning, "a new push replaced the head with aaaaaaaaaaaa"},
		"closed pull request": {false, head, v1alpha1.RunPending, "the pull request was closed"},
		"run already over":    {false, other, v1alpha1.RunPassed, ""},
	} {
		t.Run(name, func(t *testing.T) {
			rh := &v1alpha1.Rehearsal{Status: v1alpha1.RehearsalStatus{
				Pull: &v1alpha1.PullStatus{Head: head, Open: tc.open},
				Runs: []v1alpha1.RunStatus{{ID: "comment-1-0", Head: tc.runHead, State: tc.state}},
			}}
			Outdate(rh)
			if got := rh.Status.Runs[0].AbortReason; got != tc.want {
				t.Errorf("abort reason %q, want %q", got, tc.want)
			}
		})
	}
}

func TestTrim(t *testing.T) {
	old := -8 * 24 * 60
	rh := &v1alpha1.Rehearsal{
		Spec: v1alpha1.RehearsalSpec{Commands: []v1alpha1.Command{
			command("comment-1-0", "x", old), command("comment-2-0", "x", old), command("comment-3-0", "x", old),
			command("comment-4-0", "x", old), command("comment-5-0", "x", -1),
			command("comment-6-0", "x", -1), command("cli-7-0", "x", -1), command("cli-8-0", "x", 100*365*24*60), command("comment-9-0", "x", -1),
		}},
		Status: v1alpha1.RehearsalStatus{
			Commands: []v1alpha1.CommandStatus{
				{ID: "comment-1-0", Answered: true}, {ID: "comment-2-0"}, {ID: "comment-3-0", Answered: true},
				{ID: "comment-4-0", Answered: true}, {ID: "comment-5-0", Answered: true},
				// Commands of outsiders are removed at once, those from the command line
				// when they are old, whatever the decision.
				{ID: "comment-6-0", Answered: true, Reason: v1alpha1.ReasonNotAllowed}, {ID: "cli-7-0", Answered: true, Reason: v1alpha1.ReasonNotAllowed},
				{ID: "cli-8-0", Answered: true, At: ptr.To(at(old))}, {ID: "comment-9-0", Reason: v1alpha1.ReasonNotAllowed},
			},
			Runs: []v1alpha1.RunStatus{{ID: "comment-3-0", State: v1alpha1.RunRunning}, {ID: "comment-4-0", State: v1alpha1.RunFailed}},
		},
	}
	want := []PatchOp{
		{"test", "/spec/commands/7/id", "cli-8-0"}, {Op: "remove", Path: "/spec/commands/7"},
		{"test", "/spec/commands/5/id", "comment-6-0"}, {Op: "remove", Path: "/spec/commands/5"},
		{"test", "/spec/commands/3/id", "comment-4-0"}, {Op: "remove", Path: "/spec/commands/3"},
		{"test", "/spec/commands/0/id", "comment-1-0"}, {Op: "remove", Path: "/spec/commands/0"},
	}
	if diff := cmp.Diff(want, Trim(rh, noon)); diff != "" {
		t.Error(diff)
	}
}
