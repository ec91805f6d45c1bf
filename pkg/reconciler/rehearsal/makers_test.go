package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"knative.dev/pkg/controller"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/policy"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/facts"
	standin "github.com/rehearsal-dev/rehearsal/test/github"
)

// pushedBy returns what a webhook reports of a push.
func pushedBy(login string, id int64, event, head string) map[string]v1alpha1.Push {
	key := strings.ToLower(login)
	if event == "reopened" {
		key += "/reopened"
	}
	return map[string]v1alpha1.Push{key: {Event: event, By: login, ID: id, Head: head, At: at(-5)}}
}

func wrote(people ...github.Person) *github.Contributors { return &github.Contributors{People: people} }

// TestTheSecondPersonIsASecondPerson checks what makes bob a contributor to alice's pull
// request. bob and carol have write access.
func TestTheSecondPersonIsASecondPerson(t *testing.T) {
	older := strings.Repeat("e", 40)
	alice, bob := github.Person{Login: "alice", ID: 1}, github.Person{Login: "Bob", ID: 2}
	for name, tc := range map[string]struct {
		pushes map[string]v1alpha1.Push
		wrote  *github.Contributors
		reason string
		says   string
	}{
		"bob pushed the head":                          {pushedBy("bob", 2, "synchronize", head), nil, v1alpha1.ReasonOwnPush, "You pushed to this pull request, so somebody else has to do that"},
		"bob pushed the head, login in another case":   {pushedBy("BOB", 0, "synchronize", head), nil, v1alpha1.ReasonOwnPush, "You pushed"},
		"bob pushed an older head":                     {pushedBy("bob", 2, "synchronize", older), nil, v1alpha1.ReasonOwnPush, "You pushed"},
		"bob opened it for alice":                      {pushedBy("bob", 2, "opened", head), nil, v1alpha1.ReasonOwnPush, "You pushed"},
		"bob reopened it":                              {pushedBy("bob", 2, "reopened", head), nil, v1alpha1.ReasonOwnPush, "You pushed"},
		"bob pushed an older head under another login": {pushedBy("robert", 2, "synchronize", older), nil, v1alpha1.ReasonOwnPush, "You pushed"},
		"bob is named in a commit":                     {nil, wrote(alice, bob), v1alpha1.ReasonOwnCommit, "Some commits of this pull request are yours"},
		"bob is named in a commit under another login": {nil, wrote(alice, github.Person{Login: "robert", ID: 2}), v1alpha1.ReasonOwnCommit, "Some commits of this pull request are yours"},
		"bob pushed a commit with an unknown author":   {pushedBy("bob", 2, "synchronize", head), &github.Contributors{Unmapped: "c0ffee"}, v1alpha1.ReasonOwnPush, "You pushed"},
		"bob pushed more commits than GitHub lists":    {pushedBy("bob", 2, "synchronize", head), &github.Contributors{Because: "GitHub lists no more than 250 commits"}, v1alpha1.ReasonOwnPush, "You pushed"},
	} {
		t.Run(name, func(t *testing.T) {
			w, r := governed(t, policy.Config{})
			r.rights["carol"] = r.rights["bob"]
			w.hub.ids = map[string]int64{"bob": 2, "carol": 3}
			w.hub.wrote, w.rh.Spec.Pushes = tc.wrote, tc.pushes
			w.reconcile()
			w.clock.SetTime(w.clock.Now().Add(time.Minute)) // the plan comment exists before the commands
			for i, text := range []string{"approve", "privileges-allowed", "network-access-allowed"} {
				id := fmt.Sprintf("comment-1%d-0", i)
				w.hearFrom("bob", id, "/pj-rehearse "+text)
				if got := w.verdict(id); got != tc.reason {
					t.Errorf("%s is %s, want %s", text, got, tc.reason)
				}
			}
			if w.rh.Status.HeadApproval != nil || w.rh.Status.PrivilegeApproval != nil || w.rh.Status.NetworkAccess.By != "" {
				t.Errorf("bob's word holds: %+v", w.rh.Status)
			}
			if said := w.denials(); len(said) != 1 || !strings.Contains(said[0], tc.says) || !strings.Contains(said[0], "write access to `acme/config`") {
				t.Errorf("denied with %q", said)
			}
			if tc.wrote != nil && tc.wrote.Because != "" {
				return
			}
			w.hearFrom("carol", "comment-20-0", "/pj-rehearse approve")
			if a := w.rh.Status.HeadApproval; a == nil || a.By != "carol" {
				t.Errorf("carol's word is %s", w.verdict("comment-20-0"))
			}
		})
	}
}

// TestReopeningIsNoPush checks that reopening does not count as a push if an event said who
// pushed the head.
func TestReopeningIsNoPush(t *testing.T) {
	w, _ := governed(t, policy.Config{})
	w.rh.Spec.Pushes = pushedBy("alice", 1, "synchronize", head)
	w.rh.Spec.Pushes["bob/reopened"] = pushedBy("bob", 2, "reopened", head)["bob/reopened"]
	w.reconcile()
	w.clock.SetTime(w.clock.Now().Add(time.Minute)) // the plan comment exists before the commands
	w.hear("comment-1-0", "/pj-rehearse approve")
	if got := w.verdict("comment-1-0"); got != "OK" {
		t.Errorf("the word of who opened it again is %s", got)
	}
}

// TestMakersThatNobodyCanTell checks that nobody can approve while contributors are
// unknown.
func TestMakersThatNobodyCanTell(t *testing.T) {
	crowd := map[string]v1alpha1.Push{}
	for n := range v1alpha1.MaxPushers {
		login := fmt.Sprintf("sock-%d", n)
		crowd[login] = v1alpha1.Push{Event: "synchronize", By: login, Head: head, At: at(-5)}
	}
	for name, tc := range map[string]struct {
		pushes map[string]v1alpha1.Push
		wrote  *github.Contributors
		want   string
	}{
		"commit with an unknown author":                            {nil, &github.Contributors{Unmapped: "c0ffee0123456789"}, "the author of commit c0ffee012345 has an e-mail address"},
		"commit with an unknown author, carol pushed another head": {pushedBy("carol", 3, "synchronize", strings.Repeat("e", 40)), &github.Contributors{Unmapped: "c0ffee"}, "Push again"},
		"commit with an unknown author, carol reopened":            {pushedBy("carol", 3, "reopened", head), &github.Contributors{Unmapped: "c0ffee"}, "Push again"},
		"more commits than GitHub lists":                           {pushedBy("alice", 1, "synchronize", head), &github.Contributors{Because: "GitHub lists no more than 250 commits"}, "no more than 250 commits. Combine its commits"},
		"more pushers than are stored":                             {crowd, nil, "too many people"},
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := governed(t, policy.Config{})
			w.hub.wrote, w.rh.Spec.Pushes = tc.wrote, tc.pushes
			w.reconcile()
			for i, text := range []string{"approve", "privileges-allowed", "network-access-allowed"} {
				id := fmt.Sprintf("comment-1%d-0", i)
				w.hear(id, "/pj-rehearse "+text)
				if got := w.verdict(id); got != v1alpha1.ReasonMakersUnknown {
					t.Errorf("%s is %s", text, got)
				}
			}
			if said := w.denials(); len(said) != 1 || !strings.Contains(said[0], tc.want) {
				t.Errorf("denied with %q", said)
			}
			w.hearFrom("mallory", "comment-20-0", "/pj-rehearse approve")
			if got := w.verdict("comment-20-0"); got != v1alpha1.ReasonNotAllowed {
				t.Errorf("an outsider's word is %s", got)
			}
		})
	}
}

// TestSeveralAreTrustedTogether checks when a pull request of alice, who has write access,
// is trusted if others contributed to it.
func TestSeveralAreTrustedTogether(t *testing.T) {
	alice, bob, mallory := github.Person{Login: "alice"}, github.Person{Login: "bob"}, github.Person{Login: "mallory"}
	both := pushedBy("mallory", 9, "synchronize", strings.Repeat("e", 40))
	both["alice"] = pushedBy("alice", 1, "synchronize", head)["alice"]
	for name, tc := range map[string]struct {
		pushes  map[string]v1alpha1.Push
		wrote   *github.Contributors
		trusted bool
	}{
		"alice alone": {pushedBy("alice", 1, "opened", head), wrote(alice), true},
		"alice wrote the commits, no push reported":       {nil, wrote(alice), true},
		"alice and bob, who has write access":             {pushedBy("bob", 2, "synchronize", head), wrote(alice, bob), true},
		"mallory pushed":                                  {pushedBy("mallory", 9, "synchronize", head), wrote(alice), false},
		"mallory pushed an older head":                    {both, wrote(alice), false},
		"mallory reopened it":                             {pushedBy("mallory", 9, "reopened", head), wrote(alice), false},
		"mallory wrote a commit":                          {pushedBy("alice", 1, "synchronize", head), wrote(alice, mallory), false},
		"alice pushed a commit with an unknown author":    {pushedBy("alice", 1, "synchronize", head), &github.Contributors{Unmapped: "c0ffee"}, true},
		"mallory pushed a commit with an unknown author":  {pushedBy("mallory", 9, "synchronize", head), &github.Contributors{Unmapped: "c0ffee"}, false},
		"commit with an unknown author, no push reported": {nil, &github.Contributors{Unmapped: "c0ffee"}, false},
		"more commits than GitHub lists, by alice":        {pushedBy("alice", 1, "synchronize", head), &github.Contributors{Because: "GitHub lists no more"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			w, r := governed(t, policy.Config{})
			r.rights["alice"] = "writer"
			w.hub.wrote, w.rh.Spec.Pushes = tc.wrote, tc.pushes
			w.reconcile()
			w.clock.SetTime(w.clock.Now().Add(time.Minute)) // the plan comment exists before the commands
			w.hear("comment-1-0", "/pj-rehearse")
			_, _, _, pipelineRuns, _ := w.counts()
			if got := w.verdict("comment-1-0"); (got == "OK") != tc.trusted || (pipelineRuns == 1) != tc.trusted {
				t.Errorf("the run is %s, with %d PipelineRuns; want it to be trusted: %t", got, pipelineRuns, tc.trusted)
			}
			if said := w.denials(); !tc.trusted && strings.Contains(name, "mallory") && !strings.Contains(said[0], "`mallory`") {
				t.Errorf("the answer does not name who is not trusted: %q", said)
			}
		})
	}
}

// TestWordIsTakenBack has bob approve a head that he pushed himself, before the webhook of
// the push arrives. The commits name somebody else.
func TestWordIsTakenBack(t *testing.T) {
	w, _ := governed(t, policy.Config{})
	w.reconcile()
	w.hear("comment-1-0", "/pj-rehearse approve")
	w.hear("comment-2-0", "/pj-rehearse network-access-allowed")
	w.hear("comment-3-0", "/pj-rehearse")
	if w.rh.Status.HeadApproval == nil || w.rh.Status.NetworkAccess.By != "bob" || w.rh.Status.Runs[0].State != v1alpha1.RunRunning {
		t.Fatalf("bob's words do not hold while nothing tells against them: %+v", w.rh.Status)
	}
	w.rh.Spec.Pushes = pushedBy("bob", 2, "synchronize", head)
	w.rh.Generation++
	w.reconcile()
	if w.rh.Status.HeadApproval != nil || w.rh.Status.NetworkAccess.State == v1alpha1.StateAcknowledged {
		t.Errorf("bob's words hold: %+v, %+v", w.rh.Status.HeadApproval, w.rh.Status.NetworkAccess)
	}
	if r := w.rh.Status.Runs[0]; !strings.Contains(r.AbortReason, "bob, who allowed something on this pull request") {
		t.Errorf("the run goes on: %+v", r)
	}
}

// TestRunOfWhatTurnsOutNotToBeTrusted has mallory, who is not trusted, push to the pull
// request of alice, who is. The webhook arrives late.
func TestRunOfWhatTurnsOutNotToBeTrusted(t *testing.T) {
	for approved, want := range map[bool]bool{false: true, true: false} {
		t.Run(fmt.Sprintf("approved %t", approved), func(t *testing.T) {
			w, r := governed(t, policy.Config{})
			r.rights["alice"] = "writer"
			w.reconcile()
			if approved {
				w.hear("comment-1-0", "/pj-rehearse approve")
			}
			w.hear("comment-2-0", "/pj-rehearse")
			if w.rh.Status.Runs[0].State != v1alpha1.RunRunning {
				t.Fatalf("the run is %+v", w.rh.Status.Runs[0])
			}
			w.rh.Spec.Pushes = pushedBy("mallory", 9, "synchronize", head)
			w.rh.Generation++
			w.reconcile()
			if got := strings.Contains(w.rh.Status.Runs[0].AbortReason, "mallory, who is not trusted"); got != want {
				t.Errorf("the run is %+v", w.rh.Status.Runs[0])
			}
		})
	}
}

// unlisted is a hub that does not list contributors.
type unlisted struct {
	*registry
	err   error
	asked int
}

func (h *unlisted) Contributors(ctx context.Context, org, repo, node string) (*github.Contributors, error) {
	if h.asked++; h.err != nil {
		return nil, h.err
	}
	return h.registry.Contributors(ctx, org, repo, node)
}

// TestNothingIsDecidedWhileNobodyTellsWhoWroteIt checks that commands wait for the list of
// contributors, which is read once per head.
func TestNothingIsDecidedWhileNobodyTellsWhoWroteIt(t *testing.T) {
	w, r := governed(t, policy.Config{})
	h := &unlisted{registry: r, err: errors.New("GitHub has no GraphQL API there")}
	w.reconciler.GitHub = h
	w.rh.Spec.Commands = []v1alpha1.Command{command("comment-1-0", "/pj-rehearse approve", -1), command("comment-2-0", "/pj-rehearse list", 0)}
	w.sync()
	if err := w.reconciler.ReconcileKind(w.ctx, w.rh); err == nil {
		t.Error("nobody comes back")
	}
	if w.verdict("comment-1-0") != "none" || w.rh.Status.HeadApproval != nil {
		t.Errorf("decided: %s", w.verdict("comment-1-0"))
	}
	if c := w.rh.Status.GetCondition(v1alpha1.ConditionPulled); !c.IsUnknown() || !strings.Contains(c.Message, "GraphQL") {
		t.Errorf("the condition is %+v", c)
	}
	h.err = nil
	w.reconcile()
	if w.verdict("comment-1-0") != "OK" {
		t.Errorf("afterwards it is %s", w.verdict("comment-1-0"))
	}
	before := h.asked
	w.hear("comment-3-0", "/pj-rehearse")
	w.hear("comment-4-0", "/pj-rehearse abort")
	if h.asked != before {
		t.Errorf("it was asked %d times more for the same head", h.asked-before)
	}
	w.push()
	if h.asked != before+1 {
		t.Errorf("it was asked %d times for another head", h.asked-before)
	}
}

// TestContributorsOfAnotherHead has GitHub list the contributors of the head before the
// push.
func TestContributorsOfAnotherHead(t *testing.T) {
	w, r := governed(t, policy.Config{})
	w.reconciler.GitHub = &behind{registry: r}
	w.rh.Spec.Commands = []v1alpha1.Command{command("comment-1-0", "/pj-rehearse approve", -1)}
	w.sync()
	err := w.reconciler.ReconcileKind(w.ctx, w.rh)
	if again, after := controller.IsRequeueKey(err); !again || after > facts.LagPause || w.verdict("comment-1-0") != "none" {
		t.Errorf("it is %s, and looked at again %t in %s (%v)", w.verdict("comment-1-0"), again, after, err)
	}
}

type behind struct{ *registry }

func (h *behind) Contributors(context.Context, string, string, string) (*github.Contributors, error) {
	return &github.Contributors{Head: strings.Repeat("e", 40), People: []github.Person{{Login: "alice"}}}, nil
}

// hearing passes the deliveries of the stand-in on to the command log.
type hearing struct {
	w      *world
	server *standin.Server
	last   int64
}

// listen collects the deliveries of the stand-in from now on.
func listen(t *testing.T, w *world, server *standin.Server) *hearing {
	_, err := server.SetDelivering(t.Context(), standin.Delivering{Drop: true})
	w.check(err)
	_, err = server.AddHook(t.Context(), standin.Hook{Org: "acme", Repo: "config", URL: "http://receiver.invalid"})
	w.check(err)
	return &hearing{w: w, server: server}
}

// deliver reports all new deliveries, and reconciles.
func (h *hearing) deliver() {
	h.w.t.Helper()
	all, err := h.server.ListDeliveries(context.Background(), standin.DeliveryQuery{})
	h.w.check(err)
	for _, d := range all {
		if d.ID <= h.last {
			continue
		}
		h.last = d.ID
		heard, err := event.Translate(d.Event, d.Payload, event.Options{Now: h.w.clock.Now()})
		h.w.check(err)
		if heard == nil {
			continue
		}
		spec := &h.w.rh.Spec
		if spec.Pushes == nil {
			spec.Pushes = map[string]v1alpha1.Push{}
		}
		for key, push := range heard.Pushes {
			spec.Pushes[key] = push
		}
		if heard.Observed != nil {
			spec.Observed = heard.Observed
		}
		spec.Commands = append(spec.Commands, heard.Commands...)
		h.w.rh.Generation++
	}
	h.w.reconcile()
}

// say writes a comment, and returns the decision on its command.
func (h *hearing) say(login, text string) string {
	h.w.t.Helper()
	h.w.clock.SetTime(h.w.clock.Now().Add(2 * time.Second))
	c, err := h.server.CreateComment(context.Background(), standin.NewComment{PullID: h.pull(), By: login, Body: text})
	h.w.check(err)
	h.w.clock.SetTime(h.w.clock.Now().Add(2 * time.Second))
	h.deliver()
	return h.w.verdict(fmt.Sprintf("comment-%d-0", c.ID))
}

func (h *hearing) pull() standin.PullID {
	return standin.PullID{Org: "acme", Repo: "config", Number: h.w.rh.Spec.Pull.Number}
}

// TestMaintainerWhoPushes is the common case: bob fixes alice's pull request, and carol
// reviews it.
func TestMaintainerWhoPushes(t *testing.T) {
	w := newWorld(t)
	server, _ := onStandIn(t, w)
	h := listen(t, w, server)
	for login, role := range map[string]string{"alice": "read", "carol": "write"} {
		_, err := server.SetPermission(t.Context(), standin.Permission{Org: "acme", Repo: "config", User: login, Role: role})
		w.check(err)
	}
	_, err := server.Push(t.Context(), standin.NewPush{PullID: h.pull(), By: "bob", Signed: standin.Signed{CommitBy: "alice"},
		Change: standin.Change{Files: map[string]string{"a": "3"}}})
	w.check(err)
	h.deliver()
	if got := h.say("bob", "/pj-rehearse approve"); got != v1alpha1.ReasonOwnPush {
		t.Errorf("bob's word is %s", got)
	}
	if got := h.say("alice", "/pj-rehearse approve"); got == "OK" {
		t.Errorf("alice's word is %s", got)
	}
	if got := h.say("carol", "/pj-rehearse approve"); got != "OK" {
		t.Errorf("carol's word is %s", got)
	}
	if got := h.say("bob", "/pj-rehearse"); got != "OK" {
		t.Errorf("bob's run is %s", got)
	}
	// bob changes his login, and alice pushes again.
	w.rh.Spec.Pushes["bobby"] = w.rh.Spec.Pushes["bob"]
	p := w.rh.Spec.Pushes["bobby"]
	p.By = "bobby"
	w.rh.Spec.Pushes["bobby"] = p
	delete(w.rh.Spec.Pushes, "bob")
	_, err = server.Push(t.Context(), standin.NewPush{PullID: h.pull(), Force: true, Change: standin.Change{Files: map[string]string{"a": "4"}}})
	w.check(err)
	h.deliver()
	if got := h.say("bob", "/pj-rehearse approve"); got != v1alpha1.ReasonOwnPush {
		t.Errorf("bob's word by his new name is %s", got)
	}
	// A co-author is a contributor.
	_, err = server.Push(t.Context(), standin.NewPush{PullID: h.pull(), Message: "Fix\n\nCo-authored-by: Carol <carol@users.noreply.github.invalid>",
		Change: standin.Change{Files: map[string]string{"a": "5"}}})
	w.check(err)
	h.deliver()
	if got := h.say("carol", "/pj-rehearse approve"); got != v1alpha1.ReasonOwnCommit {
		t.Errorf("the word of a co-author is %s", got)
	}
}

// TestSweptPushIsNotTrusted has mallory push to alice's pull request without a webhook.
// Only the commits show it.
func TestSweptPushIsNotTrusted(t *testing.T) {
	w := newWorld(t)
	server, _ := onStandIn(t, w)
	h := listen(t, w, server)
	_, err := server.Push(t.Context(), standin.NewPush{PullID: h.pull(), By: "mallory", Change: standin.Change{Files: map[string]string{"a": "3"}}})
	w.check(err)
	delivered, err := server.ListDeliveries(t.Context(), standin.DeliveryQuery{})
	w.check(err)
	h.last = delivered[len(delivered)-1].ID // these deliveries are lost
	w.rh.Spec.Observed = &v1alpha1.Observed{Event: "sweep", At: metav1.NewTime(w.clock.Now())}
	w.rh.Generation++
	w.reconcile()
	if got := h.say("alice", "/pj-rehearse"); got == "OK" || len(w.rh.Status.Runs) != 0 {
		t.Errorf("the run is %s", got)
	}
	if pull := w.rh.Status.Pull; pull.AuthorTrusted || pull.Distrusted != "mallory" {
		t.Errorf("trusted %t, distrusted %q", pull.AuthorTrusted, pull.Distrusted)
	}
}
