package rehearsal

import (
	"context"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"knative.dev/pkg/controller"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/gate"
	"github.com/rehearsal-dev/rehearsal/pkg/policy"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/facts"
	standin "github.com/rehearsal-dev/rehearsal/test/github"
)

// TestClockBehind checks that nothing is decided while our clock is behind: a command could
// seem to be older than what it refers to.
func TestClockBehind(t *testing.T) {
	w, _ := governed(t, policy.Config{}, command("comment-1-0", "/pj-rehearse approve", -1))
	w.hub.skew = 3 * time.Minute
	w.sync()
	err := w.reconciler.ReconcileKind(w.ctx, w.rh)
	if again, after := controller.IsRequeueKey(err); !again || after > time.Minute {
		t.Errorf("nobody comes back in time: %v", err)
	}
	if w.verdict("comment-1-0") != "none" || w.rh.Status.HeadApproval != nil {
		t.Errorf("it is %s", w.verdict("comment-1-0"))
	}
	c := w.rh.Status.GetCondition(v1alpha1.ConditionPulled)
	if !c.IsUnknown() || c.GetReason() != "ClockBehind" || !strings.Contains(c.GetMessage(), "3m0s behind GitHub's") {
		t.Errorf("the condition is %s: %s", c.GetReason(), c.GetMessage())
	}
	w.hub.skew = 0
	w.reconcile()
	if w.verdict("comment-1-0") != "OK" {
		t.Errorf("once it is right it is %s", w.verdict("comment-1-0"))
	}
}

// TestNothingIsDecidedWithoutGitHubsClock checks that nothing is decided if GitHub's
// responses have no date, because then our clock may be wrong.
func TestNothingIsDecidedWithoutGitHubsClock(t *testing.T) {
	w, _ := governed(t, policy.Config{}, command("comment-1-0", "/pj-rehearse approve", -1))
	w.hub.undated = true
	w.sync()
	err := w.reconciler.ReconcileKind(w.ctx, w.rh)
	if again, _ := controller.IsRequeueKey(err); !again || w.verdict("comment-1-0") != "none" || w.rh.Status.HeadApproval != nil {
		t.Errorf("it is %s: %v", w.verdict("comment-1-0"), err)
	}
	w.hub.undated = false
	w.reconcile()
	if w.verdict("comment-1-0") != "OK" {
		t.Errorf("once it is known it is %s", w.verdict("comment-1-0"))
	}
}

// TestPrivilegesAreShownByGitHubsClock has bob allow privileges that he has not seen, while
// the controller's clock is wrong.
func TestPrivilegesAreShownByGitHubsClock(t *testing.T) {
	for name, skew := range map[string]time.Duration{
		"clock right": 0, "clock a little behind": 40 * time.Second, "clock ahead by minutes": -3 * time.Minute, "clock ahead by an hour": -time.Hour,
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := governed(t, policy.Config{})
			w.reconciler.Plans = &gatedJobs{map[string]gate.Finding{"pull-e2e": asking("a")}}
			w.hub.skew = skew
			w.reconcile()
			theirs := func(after time.Duration) metav1.Time { return metav1.NewTime(w.clock.Now().Add(skew + after)) }
			since := w.rh.Status.Plan.AsksSince
			if since == nil || since.Sub(theirs(0).Time).Abs() > 2*time.Minute {
				t.Fatalf("the asks are shown since %v; it is %s on GitHub", since, theirs(0))
			}
			early, late := by("bob", "comment-1-0", "/pj-rehearse privileges-allowed"), by("bob", "comment-2-0", "/pj-rehearse privileges-allowed")
			early.At, late.At = metav1.NewTime(since.Add(-time.Second)), metav1.NewTime(since.Add(2*time.Second))
			w.rh.Spec.Commands = []v1alpha1.Command{early, late}
			w.rh.Generation++
			w.reconcile()
			if w.verdict("comment-1-0") != v1alpha1.ReasonNotPlanned || w.verdict("comment-2-0") != "OK" {
				t.Errorf("before it was shown it is %s, after it %s", w.verdict("comment-1-0"), w.verdict("comment-2-0"))
			}
		})
	}
}

// TestAgeIsByGitHubsClock checks that commands expire after a week of GitHub's time.
func TestAgeIsByGitHubsClock(t *testing.T) {
	for name, skew := range map[string]time.Duration{"clock behind, margin ": 50 * time.Second, "clock ahead, margin ": -10 * time.Minute} {
		for _, margin := range []time.Duration{-10 * time.Second, 10 * time.Second} {
			t.Run(name+margin.String(), func(t *testing.T) {
				w, _ := governed(t, policy.Config{})
				w.hub.skew = skew
				c := by("bob", "comment-1-0", "/pj-rehearse approve")
				c.At = metav1.NewTime(w.clock.Now().Add(skew - event.MaxAge + margin))
				w.rh.Spec.Commands = []v1alpha1.Command{c}
				w.sync()
				w.check(w.reconciler.ReconcileKind(w.ctx, w.rh))
				if counts := w.rh.Status.HeadApproval != nil; counts != (margin > 0) {
					t.Errorf("a word of a week ago, and %s, counts: %t", margin, counts)
				}
			})
		}
	}
}

// TestLagIsByGitHubsClock checks that a head which was just reported is waited for.
func TestLagIsByGitHubsClock(t *testing.T) {
	for name, skew := range map[string]time.Duration{"clock right": 0, "clock behind": 50 * time.Second, "clock ahead": -10 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			w, _ := governed(t, policy.Config{})
			w.hub.skew = skew
			told := w.clock.Now().Add(skew - 30*time.Second)
			w.rh.Spec.Observed = &v1alpha1.Observed{Event: "synchronize", Head: strings.Repeat("e", 40), At: metav1.NewTime(told)}
			w.sync()
			err := w.reconciler.ReconcileKind(w.ctx, w.rh)
			if again, after := controller.IsRequeueKey(err); !again || after != facts.LagPause {
				t.Errorf("it does not wait for GitHub: %v", err)
			}
		})
	}
}

// TestClocksMinutesApart uses the stand-in, with the dates of its responses.
func TestClocksMinutesApart(t *testing.T) {
	for name, ahead := range map[string]time.Duration{"GitHub's is ahead": 5 * time.Minute, "ours is ahead": -5 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			server, restart := onStandIn(t, w)
			_, err := server.AdvanceClock(context.Background(), standin.Duration(ahead))
			w.check(err)
			client := restart()
			s := w.newSweeper(client)
			w.check(s.Sweep(t.Context(), "acme/config"))
			if got, _ := client.Skew(); got.Round(time.Minute) != ahead {
				t.Errorf("the skew is %s, want %s", got, ahead)
			}
			c, err := server.CreateComment(t.Context(), standin.NewComment{PullID: standin.PullID{Org: "acme", Repo: "config", Number: 1}, By: "bob", Body: "/pj-rehearse approve"})
			w.check(err)
			w.check(s.Sweep(t.Context(), "acme/config"))
			rh, err := s.store.Get(t.Context(), "acme-config-1", metav1.GetOptions{})
			w.check(err)
			if len(rh.Spec.Commands) != 1 || rh.Spec.Commands[0].At.Unix() != c.CreatedAt.Unix() {
				t.Fatalf("the sweep hears %+v", rh.Spec.Commands)
			}
			w.rh.Spec.Commands = rh.Spec.Commands
			w.rh.Generation++
			w.sync()
			err = w.reconciler.ReconcileKind(w.ctx, w.rh)
			if requeue, _ := controller.IsRequeueKey(err); err != nil && !requeue {
				t.Fatal(err)
			}
			waits := w.rh.Status.GetCondition(v1alpha1.ConditionPulled).GetReason() == "ClockBehind"
			if behind := ahead > 0; waits != behind || (w.verdict(rh.Spec.Commands[0].ID) == "none") != behind {
				t.Errorf("it waits: %t, the word is %s", waits, w.verdict(rh.Spec.Commands[0].ID))
			}
		})
	}
}

// TestAnEventOfTheFutureHoldsUpNothing checks an event dated in the future, which would
// otherwise count as recent until that time.
func TestAnEventOfTheFutureHoldsUpNothing(t *testing.T) {
	w := newWorld(t, runCommand())
	w.rh.Spec.Observed = &v1alpha1.Observed{Event: "synchronize", Head: strings.Repeat("c", 40), At: metav1.NewTime(noon.Add(time.Hour))}
	w.reconcile()
	if w.rh.Status.Plan == nil || len(w.rh.Status.Commands) != 1 {
		t.Errorf("nothing is planned, and %d commands are judged", len(w.rh.Status.Commands))
	}
}
