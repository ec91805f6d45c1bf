package rehearsal

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/deadline"
)

// TestAHeadThatCannotBePlanned checks that the problem is reported within minutes, and that
// planning is given up and tried again later.
func TestAHeadThatCannotBePlanned(t *testing.T) {
	w := newWorld(t)
	w.reconciler.Plans = noPlans{errors.New(`fetching acme/config: revision "aaaa" not found`)}
	w.persist(time.Minute)
	if n := len(w.hub.comments); n != 0 {
		t.Errorf("after a minute there are %d comments", n)
	}
	w.persist(3 * time.Minute)
	said := "none"
	if len(w.hub.comments) == 1 {
		said = w.lastComment()
	}
	for _, want := range []string{"are not known yet", `revision "aaaa" not found`, "has to look into it", "retried automatically"} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not say %q: %s", want, said)
		}
	}
	w.persist(deadline.Lasts[deadline.Unplanned])
	if c := w.rh.Status.GetCondition(v1alpha1.ConditionPlanned); !c.IsFalse() || c.Reason != "GivenUp" {
		t.Errorf("the condition is %+v", c)
	}
	w.rh.Spec.Commands = append(w.rh.Spec.Commands, command("comment-2-0", "/pj-rehearse list", 60))
	w.rh.Generation++
	w.persist(time.Minute)
	if !strings.Contains(w.allComments(), "comment-2-0") {
		t.Errorf("nobody answers: %s", w.allComments())
	}
	w.reconciler.Plans = twoJobs{}
	w.persist(planAgain)
	if len(w.hub.comments) == 0 || !strings.Contains(w.hub.comments[0].Body, "affects 2 jobs") || w.rh.Status.Unplanned != nil {
		t.Errorf("it is not tried again: %s", w.allComments())
	}
}

// TestAPlannerThatNeverAnswers checks that a planner which never finishes is waited for as
// long as for anything else.
func TestAPlannerThatNeverAnswers(t *testing.T) {
	w := newWorld(t, runCommand())
	w.reconciler.Plans = noPlans{}
	w.persist(time.Minute)
	w.clock.SetTime(w.clock.Now().Add(deadline.WaitTime - 2*time.Minute))
	w.persist(time.Minute)
	if r := w.rh.Status.Runs[0]; r.State != v1alpha1.RunPending {
		t.Fatalf("the run is %s: %s", r.State, r.Message)
	}
	w.persist(deadline.AbortTime)
	if r := w.rh.Status.Runs[0]; r.State != v1alpha1.RunRejected {
		t.Errorf("the run is %s", r.State)
	}
	if c := w.rh.Status.GetCondition(v1alpha1.ConditionPlanned); !c.IsFalse() || c.Reason != "GivenUp" {
		t.Errorf("the condition is %+v", c)
	}
}

// TestAKnownPlanIsNotTakenBack checks that a plan stays when only the base has moved and
// cannot be planned.
func TestAKnownPlanIsNotTakenBack(t *testing.T) {
	w := newWorld(t)
	w.reconcile()
	before := w.allComments()
	w.hub.tip = strings.Repeat("c", 40)
	w.reconciler.Plans = noPlans{errors.New("disk")}
	w.rh.Spec.Commands = append(w.rh.Spec.Commands, command("comment-2-0", "/pj-rehearse list", 1))
	w.rh.Generation++
	w.persist(deadline.Lasts[deadline.Unplanned] / 2)
	if w.allComments() != before {
		t.Errorf("it says %s", w.allComments())
	}
	w.persist(deadline.Lasts[deadline.Unplanned])
	after, same := strings.CutPrefix(w.allComments(), before)
	if !same || !strings.Contains(after, "comment-2-0") || !strings.Contains(after, "are not known yet") {
		t.Errorf("it says %s", w.allComments())
	}
	if p := w.rh.Status.Plan; p == nil || p.Error != "" || p.Offered != 2 {
		t.Errorf("what is known is %+v", p)
	}
}
