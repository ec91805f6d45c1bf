package rehearsal

import (
	"context"
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/policy"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
)

func TestCommandsFromTheCommandLine(t *testing.T) {
	for name, tc := range map[string]struct {
		by, head, text string
		want, message  string
	}{
		"mapped user":                         {"kube-bob", head, "/pj-rehearse", "OK", ""},
		"user who is not mapped":              {"system:admin", head, "/pj-rehearse", v1alpha1.ReasonUnmappedUser, "The setting `users` does not give the GitHub login of the Kubernetes user `system:admin`"},
		"user named like a login, not mapped": {"bob", head, "/pj-rehearse", v1alpha1.ReasonUnmappedUser, "`bob`"},
		"another head":                        {"kube-bob", strings.Repeat("b", 40), "/pj-rehearse", v1alpha1.ReasonPushedSince, "Write it again"},
		"command without a head":              {"kube-bob", "", "/pj-rehearse", v1alpha1.ReasonPushedSince, "Write it again"},
		"command with an abbreviated head":    {"kube-bob", head[:12], "/pj-rehearse", v1alpha1.ReasonPushedSince, "Write it again"},
		"network access by the author":        {"kube-alice", head, "/pj-rehearse network-access-allowed", v1alpha1.ReasonOwnPull, "write access"},
		"ack by the author, who may run jobs": {"kube-alice", head, "/pj-rehearse ack", "OK", ""},
		"unknown command":                     {"kube-bob", head, "/pj-rehearse list it", v1alpha1.ReasonNotUnderstood, "nothing may follow"},
		"abort without a head":                {"kube-bob", "", "/pj-rehearse abort", "OK", ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := by(tc.by, "cli-0-0", tc.text)
			c.Head = tc.head
			w, r := governed(t, policy.Config{}, c)
			r.rights["alice"] = "writer"
			w.reconcile()
			if got := w.verdict("cli-0-0"); got != tc.want {
				t.Errorf("it is %s, want %s", got, tc.want)
			}
			if v := w.rh.Status.VerdictOn("cli-0-0"); !strings.Contains(v.Message, tc.message) || (v.Message == "") != (tc.want == "OK") {
				t.Errorf("the message is %q", v.Message)
			}
			for _, comment := range w.hub.comments {
				if tc.want != "OK" && !strings.Contains(comment.Body, report.PlanMarker()) {
					t.Errorf("what was denied on the command line is told on the pull request: %s", comment.Body)
				}
				if strings.Contains(comment.Body, "kube-") || strings.Contains(comment.Body, "system:") {
					t.Errorf("a comment names a user of Kubernetes: %s", comment.Body)
				}
			}
		})
	}
}

func TestWhoUsesTheCommandLineIsShownAsSuch(t *testing.T) {
	c := by("kube-bob", "cli-0-0", "/pj-rehearse")
	c.Head = head
	ack := by("kube-bob", "cli-1-0", "/pj-rehearse ack")
	ack.Head = head
	w, r := governed(t, policy.Config{}, c, ack)
	r.rights["alice"] = "writer"
	w.reconcile()
	if r := w.rh.Status.Runs[0]; r.By != "bob" {
		t.Errorf("the run is by %s", r.By)
	}
	for _, marker := range []string{report.RunMarker("cli-0-0"), report.PlanMarker()} {
		if body := w.comment(marker); !strings.Contains(body, "`bob (on the command line)`") {
			t.Errorf("the comment does not say who asked, and how: %s", body)
		}
	}
}

func kubevirt() policy.Config { return policy.Config{Preset: "kubevirt"} }

func TestApproversByOwners(t *testing.T) {
	base := map[string]string{"OWNERS": "approvers: [root]\n", "jobs/OWNERS": "approvers: [Bob]\n", "OWNERS_ALIASES": "aliases: {}\n"}
	for name, tc := range map[string]struct {
		rights string
		files  []string
		base   map[string]string
		want   string
		says   string
	}{
		"approver of every changed file":  {"member collaborator", []string{"jobs/a", "jobs/b/c"}, base, "OK", ""},
		"approver of some changed files":  {"member collaborator", []string{"jobs/a", "README"}, base, v1alpha1.ReasonNotAllowed, "approvers of every changed file"},
		"approver who is no collaborator": {"member", []string{"jobs/a"}, base, v1alpha1.ReasonNotAllowed, ""},
		"approver who is no member":       {"collaborator", []string{"jobs/a"}, base, v1alpha1.ReasonNotAllowed, ""},
		"no changed files":                {"member collaborator", nil, base, v1alpha1.ReasonNotAllowed, ""},
		"no OWNERS files":                 {"member collaborator", []string{"jobs/a"}, nil, v1alpha1.ReasonNotAllowed, ""},
		"unreadable OWNERS file":          {"member collaborator", []string{"jobs/a"}, map[string]string{"jobs/OWNERS": "approvers: {"}, v1alpha1.ReasonNotAllowed, "`jobs/OWNERS` of the base branch cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			w, r := governed(t, kubevirt(), runCommand())
			r.rights["alice"], r.rights["bob"], r.files, r.base = "member", tc.rights, tc.files, tc.base
			w.reconcile()
			if got := w.verdict(wholeRun); got != tc.want {
				t.Errorf("it is %s, want %s", got, tc.want)
			}
			if said := strings.Join(w.denials(), ""); !strings.Contains(said, tc.says) || (said == "") != (tc.want == "OK") {
				t.Errorf("said %q", said)
			}
		})
	}
}

func TestFilesAreThoseOfTheHead(t *testing.T) {
	w, r := governed(t, kubevirt(), runCommand())
	r.rights["alice"], r.files, r.base = "member", []string{"jobs/a"}, map[string]string{"jobs/OWNERS": "approvers: [bob]\n"}
	other := strings.Repeat("b", 40)
	r.listing = func() { r.pull.Head, r.listing = other, nil }
	w.sync()
	rh := w.rh.DeepCopy()
	if err := w.reconciler.ReconcileKind(context.Background(), rh); err == nil || len(rh.Status.Commands) > 0 {
		t.Errorf("decided %+v while a push came, error %v", rh.Status.Commands, err)
	}
	w.rh = rh
	w.reconcile()
	if v := w.rh.Status.VerdictOn(wholeRun); v == nil || v.Head != other {
		t.Errorf("decided %+v", v)
	}
}

func TestTooManyFilesAreNotDecided(t *testing.T) {
	w, r := governed(t, kubevirt(), runCommand())
	r.rights["alice"] = "member"
	w.reconciler.GitHub = tooMany{r}
	w.reconcile()
	if said := strings.Join(w.denials(), ""); w.verdict(wholeRun) != v1alpha1.ReasonNotAllowed || !strings.Contains(said, "no more than 3000") {
		t.Errorf("it is %s: %s", w.verdict(wholeRun), said)
	}
}

type tooMany struct{ *registry }

func (tooMany) ChangedFiles(context.Context, string, string, int) ([]string, error) {
	return nil, &github.IncompleteError{Op: "listing", Reason: "GitHub lists no more than 3000"}
}
