package rehearsal

import (
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/policy"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/judging"
	standin "github.com/rehearsal-dev/rehearsal/test/github"
)

// aroundThen returns a time, in seconds before or after the command of the test.
func aroundThen(seconds float64) time.Time {
	return at(-1).Add(time.Duration(seconds * float64(time.Second)))
}

func TestCommandsAreBoundToTheHeadTheirAuthorSaw(t *testing.T) {
	other := strings.Repeat("b", 40)
	twin := head[:12] + strings.Repeat("c", 28)
	told := func(event string, seconds float64) *v1alpha1.Observed {
		return &v1alpha1.Observed{Event: event, Head: head, At: metav1.NewTime(aroundThen(seconds))}
	}
	forced := func(sha string, seconds float64) github.Pushes {
		return github.Pushes{Commits: []string{head}, Forced: []github.ForcedPush{{Head: other, At: aroundThen(-300)}, {Head: sha, At: aroundThen(seconds)}}}
	}
	for name, tc := range map[string]struct {
		observed *v1alpha1.Observed
		pushes   github.Pushes
		heard    map[string]v1alpha1.Push
		text     string
		want     string
	}{
		"opened with the head, but another head was pushed": {observed: told("opened", -540), heard: pushedBy("alice", 1, "synchronize", other), want: v1alpha1.ReasonHeadUnknown},
		"opened with the head, at another time":             {observed: told("opened", -480), want: v1alpha1.ReasonHeadUnknown},
		"head pushed after the command":                     {observed: told("synchronize", 10), want: v1alpha1.ReasonPushedSince},
		"head pushed in the second of the command":          {observed: told("synchronize", 0), want: v1alpha1.ReasonPushedSince},
		"head pushed before the command":                    {observed: told("synchronize", -1)},
		"opened with the head":                              {observed: told("opened", -540)},
		"head found by a sweep":                             {observed: told("sweep", 10), want: v1alpha1.ReasonHeadUnknown},
		"no event but the comment":                          {want: v1alpha1.ReasonHeadUnknown},
		"head only in the list of commits":                  {pushes: github.Pushes{Commits: []string{head}}, want: v1alpha1.ReasonHeadUnknown},
		"head forced before the command":                    {pushes: forced(head, -1)},
		"head forced in the second of the command":          {pushes: forced(head, 0.5), want: v1alpha1.ReasonPushedSince},
		"head forced after the command":                     {pushes: forced(head, 1), want: v1alpha1.ReasonPushedSince},
		"another head forced after the command":             {pushes: forced(other, 1), want: v1alpha1.ReasonPushedSince},
		"another head forced before the command":            {pushes: forced(other, -1), want: v1alpha1.ReasonHeadUnknown},

		"abbreviated SHA":                   {text: "approve " + head[:7]},
		"full SHA":                          {text: "approve " + head},
		"abbreviated SHA of another commit": {text: "approve " + other[:12], want: v1alpha1.ReasonOtherCommit},
		"abbreviated SHA of another commit, head forced before":   {text: "approve " + other[:12], pushes: forced(head, -1), want: v1alpha1.ReasonOtherCommit},
		"abbreviated SHA, head pushed after the command":          {text: "approve " + head[:12], observed: told("synchronize", 10), want: v1alpha1.ReasonPushedSince},
		"abbreviated SHA, head forced after the command":          {text: "approve " + head[:12], pushes: forced(head, 1), want: v1alpha1.ReasonPushedSince},
		"full SHA, head pushed after the command":                 {text: "approve " + head, observed: told("synchronize", 10)},
		"abbreviated SHA that an earlier commit shares":           {text: "approve " + head[:12], pushes: github.Pushes{Commits: []string{twin, head}}, want: v1alpha1.ReasonHeadUnknown},
		"abbreviated SHA that a replaced head shares":             {text: "approve " + head[:12], pushes: github.Pushes{Commits: []string{head}, Forced: []github.ForcedPush{{Head: twin, At: aroundThen(-60)}}}, want: v1alpha1.ReasonHeadUnknown},
		"full SHA, abbreviation shared with an earlier commit":    {text: "approve " + head, pushes: github.Pushes{Commits: []string{twin, head}}},
		"abbreviated SHA, another head forced after the command":  {text: "approve " + head[:12], pushes: forced(other, 1), want: v1alpha1.ReasonPushedSince},
		"abbreviated SHA, another head forced before the command": {text: "approve " + head[:12], pushes: forced(other, -1)},
		"abbreviated SHA, head not in the timeline":               {text: "approve " + head[:12], pushes: github.Pushes{Commits: []string{other}}, want: v1alpha1.ReasonHeadUnknown},
	} {
		for _, words := range headBound {
			if tc.text != "" {
				verb, _, _ := strings.Cut(words, " ")
				if !takesCommit(verb) {
					continue
				}
				words = verb + strings.TrimPrefix(tc.text, "approve")
			}
			t.Run(name+"/"+words, func(t *testing.T) {
				w := newWorld(t, command("comment-1-0", strings.TrimSpace("/pj-rehearse "+words), -1))
				w.rh.Spec.Observed, w.rh.Spec.Pushes, w.hub.pushes = tc.observed, tc.heard, tc.pushes
				w.reconcile()
				got := w.verdict("comment-1-0")
				if got == v1alpha1.ReasonNotPlanned && tc.want == "" {
					return // privileges must have been shown as well
				}
				if want := tc.want; got != want && (want != "" || got != "OK") {
					t.Errorf("it is %s, want %s", got, want)
				}
			})
		}
	}
}

// headBound are all kinds of commands that are about one head.
var headBound = []string{"", "more", "all", "pull-unit", "auto-ack", "ack", "skip", "approve", "privileges-allowed", "network-access-allowed"}

func takesCommit(verb string) bool {
	return event.Parse("/rehearse "+verb+" 0123456", event.DefaultPrefixes()).SHA != ""
}

// TestAllThatIsForAHeadIsTested checks that headBound has every such command of the
// grammar.
func TestAllThatIsForAHeadIsTested(t *testing.T) {
	tested := map[event.Verb]bool{}
	for _, words := range headBound {
		tested[event.Parse("/rehearse "+words, event.DefaultPrefixes()).Verb] = true
	}
	for _, r := range event.Table() {
		if r.BindsToHead() && !tested[r.Verb] {
			t.Errorf("%s binds to the head, and nothing shows it", r.Verb)
		}
	}
}

// TestWhatWeShowedProvesTheHead checks that a comment or status of ours which names the
// head proves that the head existed.
func TestWhatWeShowedProvesTheHead(t *testing.T) {
	for name, tc := range map[string]struct {
		show func(*v1alpha1.RehearsalStatus, *metav1.Time)
		of   string
	}{
		"plan comment": {show: func(s *v1alpha1.RehearsalStatus, since *metav1.Time) { s.Plan.Shown = since }},
		"commit status": {show: func(s *v1alpha1.RehearsalStatus, since *metav1.Time) {
			s.Plan, s.CommitStatus = nil, &v1alpha1.CommitStatus{Head: head, Since: since}
		}},
		"comment and status of another head": {of: strings.Repeat("b", 40), show: func(s *v1alpha1.RehearsalStatus, since *metav1.Time) {
			s.Plan, s.CommitStatus = &v1alpha1.PlanStatus{Head: strings.Repeat("b", 40), Shown: since}, &v1alpha1.CommitStatus{Head: strings.Repeat("b", 40), Since: since}
		}},
	} {
		for seconds, before := range map[float64]bool{-1: true, 0: false, 0.9: false, 1: false} {
			rh := &v1alpha1.Rehearsal{Status: v1alpha1.RehearsalStatus{Pull: &v1alpha1.PullStatus{Head: head}, Plan: &v1alpha1.PlanStatus{Head: head}}}
			tc.show(&rh.Status, &metav1.Time{Time: aroundThen(seconds)})
			reason, open := judging.ArrivalOf(rh).AboutHead(command("comment-1-0", "", -1), event.Command{Verb: event.Run})
			if proven := before && tc.of == ""; reason != "" || open == proven {
				t.Errorf("%s, %v s before: %q, open %t", name, -seconds, reason, open)
			}
		}
	}
}

// TestPushWithAnOldDateTakesNoApproval has alice push after bob's approval, before we hear
// of it, with a commit whose date is older than the approval.
func TestPushWithAnOldDateTakesNoApproval(t *testing.T) {
	w, _ := governed(t, policy.Config{})
	w.reconcile()
	w.hub.pull.Head = strings.Repeat("b", 40)
	w.hub.pushes.Commits = []string{head, w.hub.pull.Head}
	w.clock.SetTime(w.clock.Now().Add(time.Minute))
	w.hearFrom("bob", "comment-2-0", "/pj-rehearse approve")
	if a := w.rh.Status.HeadApproval; a != nil || w.verdict("comment-2-0") != v1alpha1.ReasonHeadUnknown {
		t.Fatalf("it is %s: %+v", w.verdict("comment-2-0"), a)
	}
	said := w.hub.comments[len(w.hub.comments)-1].Body
	if want := "It is not known whether `bbbbbbbbbbbb` was already the head when you wrote this. Write `/pj-rehearse approve bbbbbbbbbbbb`"; !strings.Contains(said, want) {
		t.Errorf("bob is told %s", said)
	}
	w.hearFrom("bob", "comment-3-0", "/pj-rehearse approve aaaaaaaaaaaa")
	said = w.hub.comments[len(w.hub.comments)-1].Body
	if want := "`/pj-rehearse approve bbbbbbbbbbbb`"; w.verdict("comment-3-0") != v1alpha1.ReasonOtherCommit || !strings.Contains(said, want) {
		t.Errorf("the old head is %s: %s", w.verdict("comment-3-0"), said)
	}
	w.clock.SetTime(w.clock.Now().Add(time.Minute))
	w.hearFrom("bob", "comment-4-0", "/pj-rehearse approve bbbbbbbbbbbb")
	if a := w.rh.Status.HeadApproval; a == nil || a.Head != w.hub.pull.Head {
		t.Errorf("with the SHA it is %s: %+v", w.verdict("comment-4-0"), a)
	}
}

// TestOldDateOnTheStandIn does the same through GitHub's API, for every command that is
// about a head. The pull request is only reported by its comments.
func TestOldDateOnTheStandIn(t *testing.T) {
	for _, words := range headBound {
		t.Run(words, func(t *testing.T) {
			w := newWorld(t)
			server, _ := onStandIn(t, w)
			w.rh.Spec.Observed = nil
			pull := standin.PullID{Org: "acme", Repo: "config", Number: 1}
			text := strings.TrimSpace("/pj-rehearse " + words)
			say := func() string {
				w.clock.SetTime(w.clock.Now().Add(time.Minute))
				c, err := server.CreateComment(t.Context(), standin.NewComment{PullID: pull, By: "bob", Body: text})
				w.check(err)
				written := command(fmt.Sprintf("comment-%d-0", c.ID), text, 0)
				written.At = metav1.NewTime(c.CreatedAt)
				w.rh.Spec.Commands = append(w.rh.Spec.Commands, written)
				w.rh.Generation++
				return written.ID
			}
			w.reconcile()
			before := say()
			old := noon.Add(-time.Hour)
			_, err := server.Push(t.Context(), standin.NewPush{PullID: pull, Date: &old, Change: standin.Change{Files: map[string]string{"a": "evil"}}})
			w.check(err)
			w.reconcile()
			if got := w.verdict(before); got != v1alpha1.ReasonHeadUnknown {
				t.Errorf("what was written before the push is %s", got)
			}
			// Now the comment with the affected jobs names the head.
			if after := say(); words != "privileges-allowed" {
				w.reconcile()
				if got := w.verdict(after); got != "OK" {
					t.Errorf("what was written after it is %s", got)
				}
			}
		})
	}
}
