package rehearsal

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	kubefake "k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	"knative.dev/pkg/controller"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	rehearsalfake "github.com/rehearsal-dev/rehearsal/pkg/client/clientset/versioned/fake"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/policy"
	standin "github.com/rehearsal-dev/rehearsal/test/github"
)

// refused reconciles once, and returns the message of the condition that says why nothing
// is done.
func (w *world) refused(reason string) string {
	w.t.Helper()
	w.sync()
	err := w.reconciler.ReconcileKind(w.ctx, w.rh)
	if requeue, _ := controller.IsRequeueKey(err); err != nil && !requeue {
		w.t.Fatalf("reconcile: %v", err)
	}
	c := w.rh.Status.GetCondition(v1alpha1.ConditionPulled)
	if !c.IsFalse() || c.GetReason() != reason {
		w.t.Errorf("the condition is %s: %s; want %s", c.GetReason(), c.GetMessage(), reason)
	}
	return c.GetMessage()
}

// TestRehearsalOfAnotherName checks that a Rehearsal under another name is ignored.
// Otherwise, anybody who may create Rehearsals could have everything done twice, and old
// commands decided again.
func TestRehearsalOfAnotherName(t *testing.T) {
	for name, change := range map[string]func(*v1alpha1.Rehearsal){
		"invented name":                func(rh *v1alpha1.Rehearsal) { rh.Name = "evil-twin" },
		"name of another pull request": func(rh *v1alpha1.Rehearsal) { rh.Spec.Pull.Number = 8 },
		"name of another repository":   func(rh *v1alpha1.Rehearsal) { rh.Spec.Pull.Repo = "release" },
		"similar name":                 func(rh *v1alpha1.Rehearsal) { rh.Name = "acme-config-07" },
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := governed(t, policy.Config{}, command("comment-1-0", "/pj-rehearse approve", -1), command("comment-2-0", "/pj-rehearse", 0))
			change(w.rh)
			w.rehearsals = rehearsalfake.NewSimpleClientset(w.rh.DeepCopy())
			w.reconciler.Rehearsals = w.rehearsals
			w.reconciler.GitHub = nil // a call would panic
			if message := w.refused("OtherName"); !strings.Contains(message, "delete this one") {
				t.Errorf("the condition says %q", message)
			}
			if len(w.rh.Status.Commands)+len(w.rh.Status.Runs) != 0 {
				t.Errorf("something was done: %+v", w.rh.Status)
			}
		})
	}
	w := newWorld(t)
	w.rh.Spec.Pull.Org = "ACME" // GitHub ignores case
	w.reconcile()
	if !w.rh.Status.GetCondition(v1alpha1.ConditionPulled).IsTrue() {
		t.Errorf("another case: %+v", w.rh.Status.Conditions)
	}
}

// TestNameOfAnotherRepository has another repository take over the name.
func TestNameOfAnotherRepository(t *testing.T) {
	w := newWorld(t, runCommand())
	w.reconcile()
	w.createProwJobs()
	if len(w.rh.Status.Runs) != 1 || w.rh.Status.Pull.RepositoryID != 4711 {
		t.Fatalf("at first: %+v", w.rh.Status)
	}
	mine := w.rh.DeepCopy()
	w.hub.pull.RepoID = 666
	comments := len(w.hub.comments)
	again := func() string {
		w.rh.Spec.Commands = append(w.rh.Spec.Commands, command("comment-2-0", "/pj-rehearse", 1))
		w.rh.Generation++
		w.rh.Status.Pull.SpecGeneration = w.rh.Generation // read, but the command could not be decided
		return w.refused("OtherRepository")
	}
	message := again()
	for _, want := range []string{"ID on GitHub is 666", `"4711" when it was first served`, `set acme.config to "666" in the ConfigMap rehearsal-repositories`} {
		if !strings.Contains(message, want) {
			t.Errorf("the condition says %q, want %q", message, want)
		}
	}
	if w.verdict("comment-2-0") != "none" || len(w.hub.comments) != comments {
		t.Errorf("the command is %s; %d comments, %d before", w.verdict("comment-2-0"), len(w.hub.comments), comments)
	}
	if r := w.rh.Status.Runs[0]; r.AbortReason == "" {
		t.Errorf("the run goes on: %+v", r)
	}
	// Another pass, for whatever reason, changes nothing. Runs end, and nothing is reported
	// to the other repository.
	w.rh.Spec.Commands = w.rh.Spec.Commands[:1]
	w.refused("OtherRepository")
	said := slices.Clone(w.hub.comments)
	w.endProwJobs(prowapi.AbortedState)
	w.endPipelineRuns(false)
	for range 3 {
		w.refused("OtherRepository")
		w.clock.SetTime(w.clock.Now().Add(time.Minute))
	}
	if r := w.rh.Status.Runs[0]; !r.State.Done() || !slices.Equal(said, w.hub.comments) {
		t.Errorf("the run is %s; the comments are %v, were %v", r.State, w.hub.comments, said)
	}

	// An administrator confirms the new repository.
	ctx := t.Context()
	cm, err := w.kube.CoreV1().ConfigMaps("rehearsals").Get(ctx, repositoriesConfigMap, metav1.GetOptions{})
	w.check(err)
	cm.Data["acme.config"] = "666"
	_, err = w.kube.CoreV1().ConfigMaps("rehearsals").Update(ctx, cm, metav1.UpdateOptions{})
	w.check(err)
	w.rh = mine
	w.rh.Generation += 10
	if message := w.refused("OtherRepository"); !strings.Contains(message, "delete this Rehearsal") {
		t.Errorf("the pull request of the old one: %q", message)
	}
	w.rh.Status = v1alpha1.RehearsalStatus{}
	w.reconcile()
	if !w.rh.Status.GetCondition(v1alpha1.ConditionPulled).IsTrue() {
		t.Errorf("once it was made anew: %+v", w.rh.Status.Conditions)
	}
}

// TestRenamedRepositoryIsNotFollowed checks that a renamed repository is not served,
// whoever has its old name.
func TestRenamedRepositoryIsNotFollowed(t *testing.T) {
	w := newWorld(t)
	server, _ := onStandIn(t, w)
	w.reconcile()
	if !w.rh.Status.GetCondition(v1alpha1.ConditionPulled).IsTrue() {
		t.Fatalf("at first: %+v", w.rh.Status.Conditions)
	}
	ctx := t.Context()
	_, err := server.RenameRepo(ctx, standin.RepoRename{RepoID: standin.RepoID{Org: "acme", Repo: "config"}, To: "mine"})
	w.check(err)
	w.rh.Generation++
	if message := w.refused("OtherRepository"); !strings.Contains(message, "renamed or moved") {
		t.Errorf("the condition says %q", message)
	}
	if made := calls(t, server); strings.Contains(strings.Join(made, " "), "/repositories/") {
		t.Errorf("the redirection was followed: %q", made)
	}
	_, err = server.CreateRepo(ctx, standin.NewRepo{Org: "acme", Repo: "config", Files: map[string]string{"a": "1"},
		Roles: map[string]string{"mallory": "admin", "rehearsal-bot": "write"}})
	w.check(err)
	_, err = server.OpenPull(ctx, standin.NewPull{Org: "acme", Repo: "config", Author: "mallory", Change: standin.Change{Files: map[string]string{"a": "2"}}})
	w.check(err)
	w.rh.Status = v1alpha1.RehearsalStatus{} // a pull request that was never seen
	before := len(calls(t, server, writes...))
	if message := w.refused("OtherRepository"); !strings.Contains(message, "is now a different repository") {
		t.Errorf("the condition says %q", message)
	}
	if made := calls(t, server, writes...); len(made) != before {
		t.Errorf("the new repository was written to: %q", made[before:])
	}
}

// TestIdentities checks that the first id of a name is kept.
func TestIdentities(t *testing.T) {
	kube := kubefake.NewSimpleClientset()
	i := &identities{configMaps: kube.CoreV1().ConfigMaps("rehearsals")}
	for _, step := range []struct {
		org, repo string
		id        int64
		foreign   bool
	}{
		{"acme", "config", 1, false}, {"acme", "config", 1, false}, {"Acme", "CONFIG", 1, false}, {"acme", "config", 2, true},
		{"acme", "config.new", 2, false}, {"acme-config", "new", 3, false}, {"acme", "config", 1, false}, {"ACME", "config", 3, true},
	} {
		if err := i.check(t.Context(), step.org, step.repo, step.id); isForeign(err) != step.foreign || err != nil && !step.foreign {
			t.Errorf("%s/%s with number %d: %v, want it to be foreign: %t", step.org, step.repo, step.id, err, step.foreign)
		}
	}
	cm, err := i.configMaps.Get(t.Context(), repositoriesConfigMap, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	cm.Data["acme.emptied"], cm.Data["acme.damaged"] = "", "1 "
	cm.BinaryData = map[string][]byte{"acme.bytes": {0}}
	if _, err := i.configMaps.Update(t.Context(), cm, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, repo := range []string{"emptied", "damaged", "bytes"} {
		if err := i.check(t.Context(), "acme", repo, 1); !isForeign(err) {
			t.Errorf("%s: %v", repo, err)
		}
	}
	kube.PrependReactor("update", "configmaps", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewRequestEntityTooLargeError("it is full")
	})
	if err := i.check(t.Context(), "acme", "one-more", 5); err == nil || isForeign(err) {
		t.Errorf("what is not remembered is served: %v", err)
	}
	if err := i.check(t.Context(), "acme", "config", 1); err != nil {
		t.Errorf("what is remembered: %v", err)
	}
	if err := i.check(t.Context(), "acme", "config", 0); err == nil || isForeign(err) {
		t.Errorf("without a number: %v", err)
	}
}

// edited is a hub with the edits of texts, by node ids.
type edited struct {
	*witness
	edits *github.Edits
	err   error
	asked int
}

func (h *edited) Edits(context.Context, string, string, string) (*github.Edits, error) {
	h.asked++
	return h.edits, h.err
}

// TestEditedWithinItsSecond checks edits that the times of the REST API do not show. An
// edited comment has no commands, whoever edited it.
func TestEditedWithinItsSecond(t *testing.T) {
	for name, edits := range map[string]*github.Edits{
		"edited by somebody else":     {Edited: true, Editors: []string{"mallory"}, Complete: true},
		"edited by its author":        {Edited: true, Editors: []string{"bob"}, Complete: true},
		"edited by an unknown person": {Edited: true},
		"edits unknown":               {},
	} {
		t.Run(name, func(t *testing.T) {
			w, h := witnessed(t, "/rehearse approve\n/rehearse skip\n/rehearse list")
			e := &edited{witness: h, edits: edits}
			w.reconciler.GitHub = e
			for i, text := range []string{"/rehearse approve", "/rehearse skip", "/rehearse list"} {
				c := by("bob", "comment-1-"+string(rune('0'+i)), text)
				c.At.Time = noon
				w.rh.Spec.Commands = append(w.rh.Spec.Commands, c)
			}
			w.rh.Generation++
			w.reconcile()
			if w.verdict("comment-1-0") != v1alpha1.ReasonEdited || w.verdict("comment-1-1") != v1alpha1.ReasonEdited || w.rh.Status.HeadApproval != nil {
				t.Errorf("they are %s and %s", w.verdict("comment-1-0"), w.verdict("comment-1-1"))
			}
			if w.verdict("comment-1-2") != "OK" || e.asked != 1 {
				t.Errorf("a question is %s; it was asked %d times", w.verdict("comment-1-2"), e.asked)
			}
		})
	}
}

// TestNothingIsDecidedWhileEditsCannotBeRead checks that commands wait until edits are
// known.
func TestNothingIsDecidedWhileEditsCannotBeRead(t *testing.T) {
	w, h := witnessed(t, "/rehearse approve")
	e := &edited{witness: h, edits: &github.Edits{Complete: true}, err: errors.New("GitHub has no GraphQL API there")}
	w.reconciler.GitHub = e
	c := by("bob", "comment-1-0", "/rehearse approve")
	c.At.Time = noon
	w.rh.Spec.Commands = []v1alpha1.Command{c}
	w.rh.Generation++
	w.sync()
	if err := w.reconciler.ReconcileKind(w.ctx, w.rh); err == nil || w.verdict("comment-1-0") != "none" {
		t.Errorf("it is %s, error %v", w.verdict("comment-1-0"), err)
	}
	if c := w.rh.Status.GetCondition(v1alpha1.ConditionPulled); !c.IsUnknown() || !strings.Contains(c.Message, "GraphQL") {
		t.Errorf("the condition is %+v", c)
	}
	e.err = nil
	w.reconcile()
	if w.verdict("comment-1-0") != "OK" {
		t.Errorf("afterwards it is %s", w.verdict("comment-1-0"))
	}
}

// TestTextOfAPullRequestThatWasEdited uses the stand-in. alice opens a pull request with a
// command, or somebody adds one later.
func TestTextOfAPullRequestThatWasEdited(t *testing.T) {
	const asks = "Please.\n\n/rehearse"
	for name, tc := range map[string]struct {
		opened string
		edits  []standin.PullEdit
		want   string
	}{
		"not edited":                   {asks, nil, "OK"},
		"typo fixed by alice":          {"Pleese.\n\n/rehearse", []standin.PullEdit{{By: "alice"}}, "OK"},
		"command added by bob":         {"Please.", []standin.PullEdit{{By: "bob"}}, v1alpha1.ReasonEdited},
		"edited by bob, then by alice": {"Please.", []standin.PullEdit{{By: "bob"}, {By: "alice"}}, v1alpha1.ReasonEdited},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			server, _ := onStandIn(t, w)
			h := listen(t, w, server)
			p, err := server.OpenPull(t.Context(), standin.NewPull{Org: "acme", Repo: "config", Author: "alice", Body: tc.opened,
				Change: standin.Change{Files: map[string]string{"a": "3"}}})
			w.check(err)
			for i, edit := range tc.edits {
				body := asks + strings.Repeat(" ", len(tc.edits)-1-i)
				edit.PullID, edit.Body = p.PullID, &body
				_, err := server.EditPull(t.Context(), edit)
				w.check(err)
			}
			w.rh.Spec.Pull.Number, w.rh.Name = p.Number, "acme-config-2"
			w.check(w.rehearsals.Tracker().Add(w.rh.DeepCopy()))
			// This is what a sweep finds of a new pull request.
			s := w.newSweeper(w.reconciler.GitHub)
			w.check(s.Sweep(t.Context(), "acme/config"))
			rh, err := s.store.Get(t.Context(), "acme-config-2", metav1.GetOptions{})
			w.check(err)
			w.rh.Spec.Commands = rh.Spec.Commands
			w.rh.Generation++
			h.deliver()
			if len(rh.Spec.Commands) != 1 {
				t.Fatalf("the sweep hears %+v", rh.Spec.Commands)
			}
			if got := w.verdict(rh.Spec.Commands[0].ID); got != tc.want {
				t.Errorf("the command is %s, want %s", got, tc.want)
			}
		})
	}
}
