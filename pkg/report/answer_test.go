package report

import (
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/policy"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
	"github.com/rehearsal-dev/rehearsal/test/golden"
)

func TestAnswers(t *testing.T) {
	const id, head = "comment-98765-0", "0123456789012345678901234567890123456789"
	cases := []struct{ name, body, marker string }{
		{"denied", denied(head, Commands{}.NotAllowed(policy.Run, "acme", "release")), "<!-- rehearsal:denied mallory.012345678901.NotAllowed -->"},
		{"denied-own", denied(head, Commands{Policy: policy.Config{Preset: "kubevirt"}}.OwnPull(policy.Privileges, "acme", "release")), DeniedMarker("MALLORY", head, "NotAllowed")},
		{"denied-head", denied(head, Commands{}.HeadNotApproved("eve", head, "acme", "release")), DeniedMarker("mallory", head, "NotAllowed")},
		{"unknown", CommandsOf(settings.Defaults().Prefixes, settings.Defaults().Defaults).Unknown(id, "/pj-rehearse ack now", "bob", "nothing may follow `ack`"), AnswerMarker(id)},
		{"unknown-limit", Commands{}.Unknown(id, "/pj-rehearse ack now", "bob", ""), AnswerMarker(id)},
		{"help", CommandsOf(settings.Defaults().Prefixes, settings.Defaults().Defaults).Help(id, "/pj-rehearse help", "bob"), AnswerMarker(id)},
		{"answers", Answer(id, "/pj-rehearse abort", "bob", NothingToAbort(), NothingAffected(), PushBetween(head),
			Closed(), Expired(), NotAffected("pull-b", nil), Excluded("pull-c", "only annotations differ."),
			NeedsOkToTest("needs-ok-to-test"), OtherBase("release-1.0", "acme/release"), UnmappedUser("system:admin"), NotPlanned(), NothingAsked(), NothingFailed(), NoRunYet(), StillRunning(),
			Capped(1200, 500), NothingMatches("*-e2e-*"), NotRunning("pull-widget-e2", []string{"pull-widget-e2e"}), NotAJob("pull-d", nil), NoLongerAffected("pull-e"), NotPinned(1), NotPinned(45)), AnswerMarker(id)},
		{"hostile", Answer(id, "/pj-rehearse @octocat\n# x <!-- rehearsal:plan -->", "bob`", NotAffected("`@octocat` <b>", []string{"x"})), AnswerMarker(id)},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			golden.Compare(t, "answer/"+c.name+".md", c.body)
			if m, ok := FindMarker(c.body); !ok || m != c.marker {
				t.Errorf("marker is %q, want %q", m, c.marker)
			}
		})
	}
}

func denied(head, sentence string) string {
	return Commands{}.Denied(Denial{By: "Mallory", Line: "/pj-rehearse", Head: head, Kind: "NotAllowed", Org: "acme", Repo: "release", Sentence: sentence})
}

// TestCommentsCommandNothing: none of our comments contains a command, even if it is
// quoted.
func TestCommentsCommandNothing(t *testing.T) {
	bodies := []string{Commands{}.Help("comment-1-0", "/pj-rehearse help", "bob"), denied(strings.Repeat("0", 40), "No."), Commands{}.Unknown("comment-1-0", "/pj-rehearse x", "bob", "")}
	for _, c := range runViews {
		bodies = append(bodies, Run(c.view()))
	}
	for _, c := range planViews {
		bodies = append(bodies, Plan(c.view()))
	}
	for _, c := range explainViews {
		bodies = append(bodies, Explain(c.view))
	}
	for _, body := range bodies {
		if lines := event.CommandLines(body, event.DefaultPrefixes()); len(lines) > 0 {
			t.Errorf("%q in:\n%s", lines, body)
		}
	}
}

func TestFindMarker(t *testing.T) {
	cases := []struct {
		name, body, want string
	}{
		{"marker at the end", "text\n\n" + RunMarker("comment-1-0") + "\n", "<!-- rehearsal:run comment-1-0 -->"},
		{"line endings of a browser", "text\r\n" + PlanMarker() + "\r\n", "<!-- rehearsal:plan -->"},
		{"marker not at the end", PlanMarker() + "\nquoted", ""},
		{"marker in a quotation", "> " + PlanMarker(), ""},
		{"marker of another bot", "<!-- test report -->", ""},
		{"empty body", "", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got, ok := FindMarker(c.body); got != c.want || ok != (c.want != "") {
				t.Errorf("got %q, %v", got, ok)
			}
		})
	}
	for _, id := range []string{"a--b", "-->", "x y\n", "dependabot[bot]", "ä", strings.Repeat("-", 5)} {
		m := RunMarker(id)
		if got, ok := FindMarker("x\n" + m); !ok || got != m || strings.Count(m, "--") != 2 {
			t.Errorf("%q becomes %q", id, m)
		}
	}
}
