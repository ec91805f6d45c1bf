package rehearsal

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"knative.dev/pkg/controller"
	"knative.dev/pkg/logging"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/conversation"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/policy"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/facts"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
)

// witness is a hub that knows what was really written.
type witness struct {
	*registry
	// said is the comment on GitHub; nil if there is none.
	said *github.Comment
	down error
	// read counts reads of comments by people.
	read int
}

func (h *witness) Comment(ctx context.Context, org, repo string, id int64) (*github.Comment, error) {
	if id >= ownComments {
		return h.registry.Comment(ctx, org, repo, id)
	}
	h.read++
	switch {
	case h.down != nil:
		return nil, h.down
	case h.said == nil:
		return nil, &github.NotFoundError{Op: "reading a comment"}
	}
	c := *h.said
	return &c, nil
}

// witnessed returns a world with the pull request of an untrusted author, on which bob has
// commented.
func witnessed(t *testing.T, said string) (*world, *witness) {
	t.Helper()
	w, r := governed(t, policy.Config{})
	h := &witness{registry: r, said: &github.Comment{
		ID: 1, Number: 7, Author: "bob", AuthorType: "User", Body: said, CreatedAt: noon, UpdatedAt: noon,
	}}
	w.reconciler.GitHub = h
	w.reconcile()
	return w, h
}

// TestForgedCommandsDoNothing forges every command that needs more than asking in the name
// of bob, who only commented that it looks good.
func TestForgedCommandsDoNothing(t *testing.T) {
	for _, text := range []string{
		"approve", "privileges-allowed", "network-access-allowed", "ack", "skip", "reject", "abort", "abort pull-unit", "", "all", "pull-unit", "auto-ack",
	} {
		t.Run(text, func(t *testing.T) {
			w, h := witnessed(t, "Looks good to me.\n/rehearse list")
			core, logs := observer.New(zap.ErrorLevel)
			w.ctx = logging.WithLogger(w.ctx, zap.New(core).Sugar())
			before := len(w.hub.comments)
			w.hear("comment-1-0", strings.TrimSpace("/rehearse "+text))
			v := w.rh.Status.VerdictOn("comment-1-0")
			if v == nil || v.Verdict != v1alpha1.VerdictDenied || v.Reason != v1alpha1.ReasonForged || v.Message == "" || !v.Answered {
				t.Fatalf("the verdict is %+v", v)
			}
			ack, network := w.rh.Status.Acknowledgement, w.rh.Status.NetworkAccess
			if w.rh.Status.HeadApproval != nil || w.rh.Status.PrivilegeApproval != nil || len(w.rh.Status.Runs) > 0 ||
				ack != nil && ack.By != "" || network != nil && network.By != "" {
				t.Errorf("it did something: %+v", w.rh.Status)
			}
			if len(w.hub.comments) != before || w.hub.reactions[1] != 0 {
				t.Errorf("it made us speak: %d comments, %d before, reactions %v", len(w.hub.comments), before, w.hub.reactions)
			}
			told := logs.FilterField(zap.String("by", "bob")).FilterField(zap.String("command", "comment-1-0")).All()
			if len(told) != 1 {
				t.Errorf("the log of the controller tells %v", logs.All())
			}
			if h.read != 1 {
				t.Errorf("the comment was read %d times", h.read)
			}
		})
	}
}

func TestGenuineCommandsCostOneCall(t *testing.T) {
	w, h := witnessed(t, "/rehearse approve\n/rehearse\n/rehearse ack\n/rehearse help")
	for i, text := range []string{"/rehearse approve", "/rehearse", "/rehearse ack", "/rehearse help"} {
		w.rh.Spec.Commands = append(w.rh.Spec.Commands, by("bob", "comment-1-"+string(rune('0'+i)), text))
		w.rh.Spec.Commands[i].At.Time = noon
	}
	w.rh.Generation++
	w.reconcile()
	for _, v := range w.rh.Status.Commands {
		if v.Verdict != v1alpha1.VerdictAccepted {
			t.Errorf("%s is %s: %s", v.ID, v.Reason, v.Message)
		}
	}
	if h.read != 1 || w.rh.Status.HeadApproval == nil || len(w.rh.Status.Commands) != 4 {
		t.Errorf("the comment was read %d times, %d verdicts", h.read, len(w.rh.Status.Commands))
	}
	// Questions, and commands that the policy does not allow, are not verified.
	w.hearFrom("mallory", "comment-2-0", "/rehearse approve")
	w.hear("comment-3-0", "/rehearse list")
	if h.read != 1 || w.verdict("comment-3-0") != "OK" {
		t.Errorf("the comments were read %d times; the list is %s", h.read, w.verdict("comment-3-0"))
	}
}

// TestNothingIsDecidedWhileCommentsCannotBeRead checks that a forged command gains nothing
// while GitHub is down.
func TestNothingIsDecidedWhileCommentsCannotBeRead(t *testing.T) {
	for name, down := range map[string]error{
		"an error":     errors.New("GitHub is away"),
		"a refusal":    &github.RefusedError{Op: "reading a comment", Status: 403, Reason: "Resource not accessible by integration"},
		"a rate limit": &github.RateLimitedError{Until: noon.Add(time.Hour)},
	} {
		t.Run(name, func(t *testing.T) {
			w, h := witnessed(t, "/rehearse approve")
			h.down = down
			w.rh.Spec.Commands = []v1alpha1.Command{command("comment-1-0", "/rehearse approve", 0)}
			w.rh.Generation++
			w.sync()
			err := w.reconciler.ReconcileKind(w.ctx, w.rh)
			again, after := controller.IsRequeueKey(err)
			if err == nil || name == "a rate limit" && (!again || after < time.Hour || after > time.Hour+soonTime) {
				t.Errorf("nobody comes back in time: %v", err)
			}
			if w.verdict("comment-1-0") != "none" || w.rh.Status.HeadApproval != nil {
				t.Errorf("decided: %s", w.verdict("comment-1-0"))
			}
			h.down = nil
			w.clock.SetTime(w.clock.Now().Add(conversation.LongestDoubt))
			w.reconcile()
			if w.verdict("comment-1-0") != "OK" || w.rh.Status.HeadApproval == nil {
				t.Errorf("afterwards it is %s", w.verdict("comment-1-0"))
			}
		})
	}
}

// TestDeletedComment checks that a comment which GitHub does not show yet is waited for,
// and that one which stays away counts as deleted.
func TestDeletedComment(t *testing.T) {
	w, h := witnessed(t, "/rehearse approve")
	shown := h.said
	h.said = nil
	w.rh.Spec.Commands = []v1alpha1.Command{command("comment-1-0", "/rehearse approve", 0)}
	w.rh.Generation++
	w.sync()
	err := w.reconciler.ReconcileKind(w.ctx, w.rh)
	if again, after := controller.IsRequeueKey(err); !again || after != facts.LagPause || w.verdict("comment-1-0") != "none" {
		t.Errorf("it is %s, and looked at again %t in %s (%v)", w.verdict("comment-1-0"), again, after, err)
	}
	h.said = shown
	w.clock.SetTime(w.clock.Now().Add(conversation.LongestDoubt))
	w.reconcile()
	if w.verdict("comment-1-0") != "OK" {
		t.Errorf("once it is shown it is %s", w.verdict("comment-1-0"))
	}
	h.said = nil
	before := len(w.hub.comments)
	w.hear("comment-2-0", "/rehearse ack")
	w.clock.SetTime(w.clock.Now().Add(conversation.Belief))
	w.reconcile()
	if w.verdict("comment-2-0") != v1alpha1.ReasonDeleted || len(w.hub.comments) != before || w.hub.reactions[2] != 0 {
		t.Errorf("a comment that is gone is %s, with %d comments of %d", w.verdict("comment-2-0"), len(w.hub.comments), before)
	}
}

func TestEditedComment(t *testing.T) {
	w, h := witnessed(t, "/rehearse approve")
	h.said.UpdatedAt = noon.Add(time.Second)
	w.hear("comment-1-0", "/rehearse approve")
	if w.verdict("comment-1-0") != v1alpha1.ReasonEdited || w.rh.Status.HeadApproval != nil {
		t.Errorf("it is %s", w.verdict("comment-1-0"))
	}
	if body := w.comment(report.AnswerMarker("comment-1-0")); !strings.Contains(body, "new comment") {
		t.Errorf("the answer is %s", body)
	}
	if slices.ContainsFunc(w.hub.comments, func(c github.Comment) bool { return strings.Contains(c.Body, "denied") }) {
		t.Error("an edited comment is taken for a lack of rights")
	}
}
