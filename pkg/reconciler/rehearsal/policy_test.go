package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"knative.dev/pkg/controller"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/policy"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/facts"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/judging"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

// registry is a hub with people, files and OWNERS.
type registry struct {
	*hub
	// rights are the rights of each login, in the words of the policy.
	rights map[string]string
	files  []string
	base   map[string]string
	// away is the error of every lookup of rights, or only of those of awayFor.
	away    error
	awayFor string
	// asked are the lookups of rights; listing is called while files are listed.
	asked   []string
	listing func()
}

func (r *registry) has(question, login, right string) (bool, error) {
	r.asked = append(r.asked, question+" "+login)
	if r.away != nil && (r.awayFor == "" || r.awayFor == login) {
		return false, r.away
	}
	return slices.Contains(strings.Fields(r.rights[login]), right), nil
}

func (r *registry) Member(_ context.Context, _, login string) (bool, error) {
	return r.has("member", login, "member")
}

func (r *registry) TeamMember(_ context.Context, _, _, login string) (bool, error) {
	return r.has("team", login, "team")
}

func (r *registry) Collaborator(_ context.Context, _, _, login string) (bool, error) {
	return r.has("collaborator", login, "collaborator")
}

func (r *registry) Permission(_ context.Context, _, _, login string) (github.Permission, error) {
	if writer, err := r.has("permission", login, "writer"); writer || err != nil {
		return "write", err
	}
	return "none", &github.NotFoundError{Op: "reading rights"}
}

func (r *registry) ChangedFiles(context.Context, string, string, int) ([]string, error) {
	r.asked = append(r.asked, "files")
	if r.listing != nil {
		r.listing()
	}
	return r.files, r.away
}

func (r *registry) Content(_ context.Context, _, _, path, ref string) ([]byte, error) {
	r.asked = append(r.asked, "content "+path)
	content, ok := r.base[path]
	switch {
	case r.away != nil:
		return nil, r.away
	case !ok || ref != strings.Repeat("0", 40):
		return nil, &github.NotFoundError{Op: "reading a file"}
	}
	return []byte(content), nil
}

// governed returns a world with a policy, in which bob has write access, and alice, the
// author, has no rights.
func governed(t *testing.T, p policy.Config, commands ...v1alpha1.Command) (*world, *registry) {
	t.Helper()
	w := newWorld(t, commands...)
	r := &registry{hub: w.hub, rights: map[string]string{"bob": "writer collaborator member"}}
	w.reconciler.GitHub = r
	before := w.reconciler.Settings
	w.reconciler.Settings = func() *settings.Settings {
		s := before()
		s.Repositories[0].Policy = p
		s.Users = map[string]string{"kube-bob": "bob", "kube-alice": "alice"}
		return s
	}
	return w, r
}

// by returns a command by this person.
func by(login, id, text string) v1alpha1.Command {
	c := command(id, text, -1)
	c.By = login
	return c
}

func (w *world) hearFrom(login, id, text string) {
	c := by(login, id, text)
	c.At = metav1.NewTime(w.clock.Now())
	w.rh.Spec.Commands = append(w.rh.Spec.Commands, c)
	w.rh.Generation++
	w.reconcile()
}

// verdict returns the reason of the decision on a command; OK if it was accepted.
func (w *world) verdict(id string) string {
	w.t.Helper()
	v := w.rh.Status.VerdictOn(id)
	switch {
	case v == nil:
		return "none"
	case v.Verdict == v1alpha1.VerdictAccepted:
		return "OK"
	}
	return v.Reason
}

// denials returns our comments that deny a command to somebody.
func (w *world) denials() []string {
	var bodies []string
	for _, c := range w.hub.comments {
		if m, _ := report.FindMarker(c.Body); strings.HasPrefix(m, "<!-- rehearsal:denied") {
			bodies = append(bodies, c.Body)
		}
	}
	return bodies
}

func TestHeadOfAnUntrustedAuthorNeedsAnApproval(t *testing.T) {
	w, _ := governed(t, policy.Config{}, runCommand())
	w.reconcile()
	if got := w.verdict(wholeRun); got != v1alpha1.ReasonHeadNotApproved {
		t.Fatalf("the run is %s", got)
	}
	if plan := w.comment(report.PlanMarker()); !strings.Contains(plan, "Jobs run for `alice` once") || !strings.Contains(plan, head) {
		t.Errorf("the plan comment does not say what is missing: %s", plan)
	}
	if said := w.denials(); len(said) != 1 || !strings.Contains(said[0], "`/pj-rehearse approve aaaaaaaaaaaa`") || !strings.Contains(said[0], "write access to `acme/config`") {
		t.Errorf("denied with %q", said)
	}
	for i, text := range []string{"ack", "skip", "auto-ack", "network-access-allowed", "pull-unit"} {
		id := fmt.Sprintf("comment-1%d-0", i)
		w.hear(id, "/pj-rehearse "+text)
		if got := w.verdict(id); got != v1alpha1.ReasonHeadNotApproved {
			t.Errorf("%s is %s", text, got)
		}
	}
	w.hear("comment-2-0", "/pj-rehearse approve")
	want := &v1alpha1.Approval{By: "bob", Command: "comment-2-0", Head: head, BaseRef: "main", At: *w.rh.Status.VerdictOn("comment-2-0").At}
	if diff := cmp.Diff(want, w.rh.Status.HeadApproval); diff != "" {
		t.Error(diff)
	}
	if plan := w.comment(report.PlanMarker()); !strings.Contains(plan, "approved to run** by `bob` for "+head) {
		t.Errorf("the plan comment does not show the approval: %s", plan)
	}
	if _, _, _, pipelineRuns, _ := w.counts(); pipelineRuns != 0 {
		t.Errorf("%d PipelineRuns by what was written before the approval", pipelineRuns)
	}
	w.hear("comment-3-0", "/pj-rehearse")
	if _, _, runs, pipelineRuns, _ := w.counts(); runs != 1 || pipelineRuns != 1 {
		t.Errorf("%d run comments, %d PipelineRuns; want 1, 1", runs, pipelineRuns)
	}

	w.push()
	if w.rh.Status.HeadApproval != nil {
		t.Errorf("after the push: %+v", w.rh.Status.HeadApproval)
	}
	if plan := w.comment(report.PlanMarker()); strings.Contains(plan, "approved to run") {
		t.Errorf("the plan comment shows an approval of the old head: %s", plan)
	}
	w.hear("comment-4-0", "/pj-rehearse")
	if got := w.verdict("comment-4-0"); got != v1alpha1.ReasonHeadNotApproved {
		t.Errorf("the run after the push is %s", got)
	}
	if said := w.denials(); len(said) != 2 || !strings.Contains(said[1], strings.Repeat("b", 40)) {
		t.Errorf("after the push: denied with %q", said)
	}
}

func TestApprovalIsVoidOnceRetargeted(t *testing.T) {
	w, _ := governed(t, policy.Config{})
	w.reconcile()
	w.hear("comment-1-0", "/pj-rehearse approve")
	chosen := w.reconciler.Settings
	w.reconciler.Settings = func() *settings.Settings {
		s := chosen()
		s.Repositories[0].Branches = []string{"main", "release"}
		return s
	}
	w.hub.pull.BaseRef = "release"
	w.hear("comment-2-0", "/pj-rehearse")
	if got := w.verdict("comment-2-0"); got != v1alpha1.ReasonHeadNotApproved || w.rh.Status.HeadApproval != nil {
		t.Errorf("the run is %s, the approval %+v", got, w.rh.Status.HeadApproval)
	}
}

func TestApprovalFromBeforeAPushIsNone(t *testing.T) {
	w, _ := governed(t, policy.Config{}, command("comment-1-0", "/pj-rehearse approve", -2), command("comment-1-1", "/pj-rehearse", -2))
	w.rh.Spec.Observed = &v1alpha1.Observed{Event: "synchronize", Head: head, At: at(-1)}
	w.reconcile()
	if w.rh.Status.HeadApproval != nil || w.verdict("comment-1-0") != v1alpha1.ReasonPushedSince || w.verdict("comment-1-1") != v1alpha1.ReasonPushedSince {
		t.Errorf("%+v", w.rh.Status)
	}
}

// TestOwnPullRequest checks that nobody can approve their own pull request, whatever other
// rights they have.
func TestOwnPullRequest(t *testing.T) {
	for _, text := range []string{"approve", "privileges-allowed", "network-access-allowed"} {
		for preset := range map[string]bool{"": true, "open": true} {
			w, r := governed(t, policy.Config{Preset: preset}, by("ALICE", "comment-1-0", "/pj-rehearse "+text))
			r.rights["alice"], r.rights["ALICE"] = "writer member collaborator", "writer member collaborator"
			w.reconcile()
			if got := w.verdict("comment-1-0"); got != v1alpha1.ReasonOwnPull {
				t.Errorf("%s by the author is %s", text, got)
			}
			if s := w.rh.Status; s.HeadApproval != nil || s.PrivilegeApproval != nil || s.NetworkAccess.State == v1alpha1.StateAcknowledged {
				t.Errorf("%s by the author: %+v", text, s)
			}
			if said := w.denials(); len(said) != 1 || !strings.Contains(said[0], "somebody else has to do that") {
				t.Errorf("%s is denied with %q", text, said)
			}
		}
	}
}

func TestLabelStillForbidsWhatIsApproved(t *testing.T) {
	w, _ := governed(t, policy.Config{})
	w.hub.pull.Labels = []string{"Needs-OK-to-test"}
	w.reconcile()
	w.hear("comment-1-0", "/pj-rehearse approve")
	w.hear("comment-2-0", "/pj-rehearse")
	if w.verdict("comment-1-0") != "OK" || w.verdict("comment-2-0") != v1alpha1.ReasonUntrusted {
		t.Errorf("%s, %s", w.verdict("comment-1-0"), w.verdict("comment-2-0"))
	}
	w.hub.pull.Labels = nil
	w.hear("comment-3-0", "/pj-rehearse")
	if w.verdict("comment-3-0") != "OK" {
		t.Errorf("without the label: %s", w.verdict("comment-3-0"))
	}
}

// TestMissingLabelIsNotTrust checks that a missing label is not trust: only the author
// counts.
func TestMissingLabelIsNotTrust(t *testing.T) {
	for _, preset := range policy.Presets() {
		w, r := governed(t, policy.Config{Preset: preset}, runCommand())
		r.rights["bob"], r.base = "member writer collaborator", map[string]string{"OWNERS": "approvers: [bob]\n"}
		w.reconcile()
		if got := w.verdict(wholeRun); got != v1alpha1.ReasonHeadNotApproved {
			t.Errorf("%s: the run is %s", preset, got)
		}
	}
}

// TestNothingIsDecidedWhileRightsCannotBeRead has every lookup of rights fail in every way,
// and succeed later.
func TestNothingIsDecidedWhileRightsCannotBeRead(t *testing.T) {
	for name, away := range map[string]error{
		"an error":     errors.New("GitHub is away"),
		"a refusal":    &github.RefusedError{Op: "reading rights", Status: 403, Reason: "Resource not accessible by integration"},
		"a rate limit": &github.RateLimitedError{Until: noon.Add(time.Hour)},
	} {
		for _, preset := range policy.Presets() {
			for _, text := range []string{"", "ack", "abort", "approve", "network-access-allowed", "list"} {
				w, r := governed(t, policy.Config{Preset: preset}, by("bob", "comment-1-0", strings.TrimSpace("/pj-rehearse "+text)))
				r.rights["alice"], r.files = "member writer", []string{"jobs/a"}
				r.base = map[string]string{"OWNERS": "approvers: [bob]\n"}
				r.away = away
				w.sync()
				rh := w.rh.DeepCopy()
				err := w.reconciler.ReconcileKind(context.Background(), rh)
				again, _ := controller.IsRequeueKey(err)
				free := preset == "open" && text == "list"
				if !free && (len(rh.Status.Commands) > 0 || rh.Status.HeadApproval != nil || len(rh.Status.Runs) > 0) {
					t.Errorf("%s, %s, %q: decided %+v", name, preset, text, rh.Status.Commands)
				}
				if len(r.asked) > 0 && err == nil || name == "a rate limit" && len(r.asked) > 0 && !again {
					t.Errorf("%s, %s, %q: nobody comes back: %v", name, preset, text, err)
				}
				w.rh, r.away = rh, nil
				w.reconcile()
				if got := w.verdict("comment-1-0"); got != "OK" {
					t.Errorf("%s, %s, %q: afterwards it is %s", name, preset, text, got)
				}
			}
		}
	}
}

func TestTrustIsAskedAgainWhenItCouldNotBeRead(t *testing.T) {
	w, r := governed(t, policy.Config{})
	r.rights["alice"], r.away = "writer", errors.New("GitHub is away")
	w.sync()
	if err := w.reconciler.ReconcileKind(context.Background(), w.rh); err == nil || w.rh.Status.Pull.AuthorTrusted {
		t.Errorf("%v, %+v", err, w.rh.Status.Pull)
	}
	if plan := w.comment(report.PlanMarker()); strings.Contains(plan, "Jobs run for") {
		t.Errorf("the plan comment says what is not known: %s", plan)
	}
	r.away = nil
	w.reconcile()
	if !w.rh.Status.Pull.AuthorTrusted {
		t.Error("the author is not trusted")
	}
}

// TestRightsAreLive checks that rights are looked up for each decision.
func TestRightsAreLive(t *testing.T) {
	w, r := governed(t, policy.Config{})
	r.rights["alice"] = "writer"
	w.reconcile()
	w.hear("comment-1-0", "/pj-rehearse ack")
	delete(r.rights, "bob")
	w.hear("comment-2-0", "/pj-rehearse reject")
	r.rights["bob"] = "writer"
	delete(r.rights, "alice")
	w.hear("comment-3-0", "/pj-rehearse")
	want := []string{"OK", v1alpha1.ReasonNotAllowed, v1alpha1.ReasonHeadNotApproved}
	if diff := cmp.Diff(want, []string{w.verdict("comment-1-0"), w.verdict("comment-2-0"), w.verdict("comment-3-0")}); diff != "" {
		t.Error(diff)
	}
}

// TestPullRequestIsReadAgainWhenACommandHasWaited checks that a command which had to wait
// is decided by the current state of the pull request.
func TestPullRequestIsReadAgainWhenACommandHasWaited(t *testing.T) {
	w, r := governed(t, policy.Config{}, runCommand())
	r.rights["alice"], r.away, r.awayFor = "writer", errors.New("GitHub is away"), "bob"
	w.sync()
	if err := w.reconciler.ReconcileKind(context.Background(), w.rh); err == nil || len(w.rh.Status.Commands) > 0 {
		t.Fatalf("decided %+v, %v", w.rh.Status.Commands, err)
	}
	r.away, r.pull.Labels = nil, []string{"needs-ok-to-test"}
	w.reconcile()
	if got := w.verdict(wholeRun); got != v1alpha1.ReasonUntrusted {
		t.Errorf("the run is %s", got)
	}
}

// TestDenialIsSaidOnceForEachPersonAndPush kills the controller at every write, before and
// after it takes effect.
func TestDenialIsSaidOnceForEachPersonAndPush(t *testing.T) {
	story := func(w *world) {
		w.reconcile()
		w.hearFrom("mallory", "comment-2-0", "/pj-rehearse")
		w.hearFrom("Mallory", "comment-3-0", "/pj-rehearse ack")
		w.hearFrom("eve", "comment-4-0", "/pj-rehearse")
		w.push()
		w.hearFrom("mallory", "comment-5-0", "/pj-rehearse all")
		w.hearFrom("mallory", "comment-6-0", "/pj-rehearse all")
	}
	first := by("mallory", "comment-1-0", "/pj-rehearse")
	calm, _ := governed(t, policy.Config{}, first)
	story(calm)
	for failAt := -1; failAt < calm.writes; failAt++ {
		for _, afterwards := range []bool{false, true} {
			w, _ := governed(t, policy.Config{}, first)
			w.failAt, w.afterwards = failAt, afterwards
			story(w)
			if said := w.denials(); len(said) != 3 || !strings.Contains(said[0], "`mallory`") || !strings.Contains(said[1], "`eve`") || !strings.Contains(said[2], "`mallory`") {
				t.Fatalf("write %d, after it %t: said %q", failAt, afterwards, said)
			}
			if len(w.rh.Status.Comments) != 2 {
				t.Errorf("status remembers %v", w.rh.Status.Comments)
			}
		}
	}
}

func TestPrivilegesAreAllowedAsTheyAreAskedFor(t *testing.T) {
	rh := &v1alpha1.Rehearsal{Status: v1alpha1.RehearsalStatus{
		Pull: &v1alpha1.PullStatus{Head: head, BaseRef: "main", Open: true},
		Plan: &v1alpha1.PlanStatus{Head: head, BaseRef: "main", Asks: "secrets"},
	}}
	give := func() {
		judging.Acknowledge(rh, command("comment-1-0", "", -1), "privileges-allowed")
	}
	give()
	want := &v1alpha1.Approval{By: "bob", Command: "comment-1-0", Head: head, BaseRef: "main", Asks: "secrets", At: at(-1)}
	if diff := cmp.Diff(want, rh.Status.PrivilegeApproval); diff != "" {
		t.Error(diff)
	}
	for name, change := range map[string]func(*v1alpha1.RehearsalStatus){
		"new head":            func(s *v1alpha1.RehearsalStatus) { s.Pull.Head = strings.Repeat("b", 40) },
		"another base branch": func(s *v1alpha1.RehearsalStatus) { s.Pull.BaseRef = "release" },
		"other requests":      func(s *v1alpha1.RehearsalStatus) { s.Plan.Asks = "hostPath" },
		"no requests":         func(s *v1alpha1.RehearsalStatus) { s.Plan.Asks = "" },
	} {
		changed := rh.DeepCopy()
		judging.Lapse(changed)
		if changed.Status.PrivilegeApproval == nil {
			t.Fatal("it lapses by itself")
		}
		change(&changed.Status)
		judging.Lapse(changed)
		if changed.Status.PrivilegeApproval != nil {
			t.Errorf("%s leaves %+v", name, changed.Status.PrivilegeApproval)
		}
	}
}

// TestNothingIsAllowedThatTheGrammarDoesNotHave checks that an unknown verb is not allowed
// to anybody, by any policy, with any rights.
func TestNothingIsAllowedThatTheGrammarDoesNotHave(t *testing.T) {
	bogus := event.Command{Verb: "bogus"}
	for _, preset := range policy.Presets() {
		w, r := governed(t, policy.Config{Preset: preset, Run: policy.Rule{"anyone"}, Ask: policy.Rule{"anyone"}}, by("bob", "comment-1-0", "/pj-rehearse help"))
		r.rights["bob"], r.rights["alice"] = "writer member collaborator team", "writer member"
		w.reconcile()
		for _, id := range []string{"comment-1-0", "comment-404-0"} {
			pass := &pass{Reconciler: w.reconciler, rh: w.rh, settings: w.reconciler.Settings(), now: w.clock.Now(), facts: facts.New(facts.Facts{GitHub: w.reconciler.GitHub, Rehearsal: w.rh, Settings: w.reconciler.Settings(), Now: w.clock.Now(), TrustKnown: true, Pull: &w.hub.pull})}
			pass.repo, _ = pass.settings.Repository("acme", "config")
			pass.facts.Repository = pass.repo
			judges := &decisions{pass, &answers{pass: pass}}
			c := by("bob", id, "/pj-rehearse bogus")
			in := judging.Circumstances{Pull: w.rh.Status.Pull, Now: w.clock.Now()}
			if _, err := judges.look(t.Context(), c, bogus, "bob", &in); err != nil || in.Allowed {
				t.Errorf("%s: allowed %t, %v", preset, in.Allowed, err)
			}
			status := judging.Judge(c, bogus, in)
			if status.Verdict != v1alpha1.VerdictDenied || status.Told {
				t.Errorf("%s: it is %s", preset, status.Verdict)
			}
			if said := judges.answers.sentence(commandVerdict{c, &status, bogus}); said != "Nobody may do that here." {
				t.Errorf("%s: it is told %q", preset, said)
			}
		}
	}
}
