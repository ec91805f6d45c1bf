package judging

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
)

// acked is a Rehearsal of head whose two affected jobs are offered.
func acked(ack *v1alpha1.Acknowledgement) *v1alpha1.Rehearsal {
	if ack != nil && ack.BaseRef == "" {
		ack.BaseRef = "main"
	}
	return &v1alpha1.Rehearsal{Status: v1alpha1.RehearsalStatus{
		Pull:            &v1alpha1.PullStatus{Head: head, BaseRef: "main", Author: "Alice", Open: true},
		Plan:            &v1alpha1.PlanStatus{Head: head, BaseRef: "main", Affected: 2, Offered: 2, Due: 2, Rendered: "r1"},
		Acknowledgement: ack,
	}}
}

func TestFollow(t *testing.T) {
	older := strings.Repeat("b", 40)
	byBob := func(at string) *v1alpha1.Acknowledgement {
		return &v1alpha1.Acknowledgement{State: v1alpha1.StateAcknowledged, Reason: v1alpha1.AckByCommand, By: "bob", Head: at, Rendered: "r1", Labelled: true}
	}
	nothing := func(rh *v1alpha1.Rehearsal) { rh.Status.Plan.Offered, rh.Status.Plan.Due = 0, 0 }
	other := func(rh *v1alpha1.Rehearsal) { rh.Status.Plan.Rendered = "r2" }
	retarget := func(rh *v1alpha1.Rehearsal) {
		rh.Status.Pull.BaseRef, rh.Status.Plan.BaseRef = "next", "next"
	}
	unknown := func(rh *v1alpha1.Rehearsal) { rh.Status.Plan.Rendered, rh.Status.Acknowledgement.Rendered = "", "" }
	unplanned := func(rh *v1alpha1.Rehearsal) { rh.Status.Plan.Head = older }
	held := byBob(older)
	held.State, held.Labelled = v1alpha1.StateHeld, false
	type want struct {
		State    v1alpha1.AckState
		Reason   v1alpha1.AckReason
		By       string
		Labelled bool
	}
	for name, tc := range map[string]struct {
		ack    *v1alpha1.Acknowledgement
		change []func(*v1alpha1.Rehearsal)
		sticky []string
		want   want
	}{
		"pull request seen for the first time": {nil, nil, nil, want{State: "Required", Labelled: true}},
		"nothing to rehearse":                  {nil, []func(*v1alpha1.Rehearsal){nothing}, nil, want{State: "Acknowledged", Reason: "NothingToRehearse"}},
		"same head":                            {byBob(head), nil, nil, want{"Acknowledged", "Ack", "bob", true}},
		"push that changes rehearsals":         {byBob(older), []func(*v1alpha1.Rehearsal){other}, nil, want{"Withdrawn", "Push", "bob", false}},
		"push by a sticky author":              {byBob(older), []func(*v1alpha1.Rehearsal){other}, []string{"alice"}, want{"Acknowledged", "Ack", "bob", true}},
		"push that changes no rehearsal":       {byBob(older), nil, nil, want{"Acknowledged", "Ack", "bob", true}},
		"push after which nothing is affected": {byBob(older), []func(*v1alpha1.Rehearsal){nothing}, nil, want{State: "Acknowledged", Reason: "NothingToRehearse"}},
		"retarget":                             {byBob(head), []func(*v1alpha1.Rehearsal){retarget}, nil, want{"Withdrawn", "Retarget", "bob", false}},
		"retarget by a sticky author":          {byBob(head), []func(*v1alpha1.Rehearsal){retarget}, []string{"alice"}, want{"Withdrawn", "Retarget", "bob", false}},
		"push and retarget":                    {byBob(older), []func(*v1alpha1.Rehearsal){retarget}, nil, want{"Withdrawn", "Push", "bob", false}},
		"push with unknown changes":            {byBob(older), []func(*v1alpha1.Rehearsal){unknown}, nil, want{"Withdrawn", "Push", "bob", false}},
		"push that cannot be planned": {byBob(older), []func(*v1alpha1.Rehearsal){nothing, func(rh *v1alpha1.Rehearsal) { rh.Status.Plan.Error = "bad" }}, []string{"alice"},
			want{"Withdrawn", "Push", "bob", false}},
		"push that is not planned yet":                    {byBob(older), []func(*v1alpha1.Rehearsal){unplanned}, nil, want{"Held", "Ack", "bob", false}},
		"push by a sticky author that is not planned yet": {byBob(older), []func(*v1alpha1.Rehearsal){unplanned}, []string{"alice"}, want{"Acknowledged", "Ack", "bob", true}},
		"held, then no rehearsal has changed":             {held, nil, nil, want{"Acknowledged", "Ack", "bob", false}},
		"held, then rehearsals have changed":              {held, []func(*v1alpha1.Rehearsal){other}, nil, want{"Withdrawn", "Push", "bob", false}},
		"affected jobs that cannot run":                   {nil, []func(*v1alpha1.Rehearsal){func(rh *v1alpha1.Rehearsal) { rh.Status.Plan.Offered = 0 }}, nil, want{State: "Required", Labelled: true}},
		"closed pull request":                             {byBob(older), []func(*v1alpha1.Rehearsal){func(rh *v1alpha1.Rehearsal) { rh.Status.Pull.Open = false }}, nil, want{"Acknowledged", "Ack", "bob", true}},
		"rejected":                                        {&v1alpha1.Acknowledgement{State: "Withdrawn", Reason: "Reject", By: "bob", Head: head}, nil, nil, want{"Withdrawn", "Reject", "bob", false}},
		"push before any acknowledgement":                 {&v1alpha1.Acknowledgement{State: "Required", Head: older, Labelled: true}, nil, nil, want{State: "Required"}},
		"base moved, and jobs are affected": {&v1alpha1.Acknowledgement{State: "Acknowledged", Reason: v1alpha1.AckNothing, Head: head, Labelled: true}, nil, nil,
			want{State: "Withdrawn", Reason: "Push"}},
	} {
		t.Run(name, func(t *testing.T) {
			rh := acked(tc.ack)
			for _, change := range tc.change {
				change(rh)
			}
			for range 2 { // following again changes nothing
				Follow(rh, tc.sticky)
			}
			a := rh.Status.Acknowledgement
			if diff := cmp.Diff(tc.want, want{a.State, a.Reason, a.By, a.Labelled}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNetworkAccessIsForOneHead(t *testing.T) {
	rh := acked(nil)
	Follow(rh, []string{"alice"})
	Acknowledge(rh, command("comment-1-0", "", 0), event.AllowNetwork)
	Follow(rh, []string{"alice"})
	if a := rh.Status.NetworkAccess; a.State != v1alpha1.StateAcknowledged || a.Labelled {
		t.Fatalf("after the word: %+v", a)
	}
	rh.Status.Pull.Head = strings.Repeat("b", 40)
	Follow(rh, []string{"alice"})
	if a := rh.Status.NetworkAccess; a.State != v1alpha1.StateWithdrawn || a.Labelled || a.Head != rh.Status.Pull.Head {
		t.Errorf("after the push: %+v", a)
	}
}

func TestVouch(t *testing.T) {
	ack, skip, reject := command("comment-1-0", "", 1), command("comment-2-0", "", 2), command("comment-3-0", "", 3)
	for name, tc := range map[string]struct {
		words func(*v1alpha1.Rehearsal)
		want  v1alpha1.Acknowledgement
	}{
		"ack": {func(rh *v1alpha1.Rehearsal) { Acknowledge(rh, ack, event.Ack) },
			v1alpha1.Acknowledgement{State: "Acknowledged", Reason: "Ack", By: "bob", Command: "comment-1-0", Runs: []string{"comment-9-0"}}},
		"ack, skip, reject": {func(rh *v1alpha1.Rehearsal) {
			Acknowledge(rh, ack, event.Ack)
			Acknowledge(rh, skip, event.Skip)
			Acknowledge(rh, reject, event.Reject)
		}, v1alpha1.Acknowledgement{State: "Withdrawn", Reason: "Reject", By: "bob", Command: "comment-3-0"}},
		"earlier reject found late": {func(rh *v1alpha1.Rehearsal) {
			Acknowledge(rh, reject, event.Reject)
			Acknowledge(rh, ack, event.Ack)
		}, v1alpha1.Acknowledgement{State: "Withdrawn", Reason: "Reject", By: "bob", Command: "comment-3-0"}},
		"passed run": {func(rh *v1alpha1.Rehearsal) {
			AcknowledgeByRun(rh, &v1alpha1.RunStatus{ID: "comment-5-0", By: "carol", Head: head, BaseRef: "main", State: v1alpha1.RunPassed}, at(5))
		}, v1alpha1.Acknowledgement{State: "Acknowledged", Reason: "AutoAck", By: "carol", Command: "comment-5-0", Runs: []string{"comment-5-0"}}},
		"passed run requested before the reject": {func(rh *v1alpha1.Rehearsal) {
			Acknowledge(rh, reject, event.Reject)
			AcknowledgeByRun(rh, &v1alpha1.RunStatus{ID: "comment-2-0", By: "carol", Head: head, BaseRef: "main", State: v1alpha1.RunPassed}, at(2))
		}, v1alpha1.Acknowledgement{State: "Withdrawn", Reason: "Reject", By: "bob", Command: "comment-3-0"}},
		"failed run": {func(rh *v1alpha1.Rehearsal) {
			Acknowledge(rh, reject, event.Reject)
			AcknowledgeByRun(rh, &v1alpha1.RunStatus{ID: "comment-5-0", Head: head, BaseRef: "main", State: v1alpha1.RunFailed}, at(5))
		}, v1alpha1.Acknowledgement{State: "Withdrawn", Reason: "Reject", By: "bob", Command: "comment-3-0"}},
		"passed run for another base": {func(rh *v1alpha1.Rehearsal) {
			Acknowledge(rh, skip, event.Skip)
			AcknowledgeByRun(rh, &v1alpha1.RunStatus{ID: "comment-5-0", Head: head, BaseRef: "next", State: v1alpha1.RunPassed}, at(5))
		}, v1alpha1.Acknowledgement{State: "Acknowledged", Reason: "Skip", By: "bob", Command: "comment-2-0", Runs: []string{"comment-9-0"}}},
		"passed run requested before a reject for another base": {func(rh *v1alpha1.Rehearsal) {
			Acknowledge(rh, reject, event.Reject)
			rh.Status.Acknowledgement = restart(rh, rh.Status.Acknowledgement)
			AcknowledgeByRun(rh, &v1alpha1.RunStatus{ID: "comment-2-0", Head: head, BaseRef: "main", State: v1alpha1.RunPassed}, at(2))
		}, v1alpha1.Acknowledgement{State: "Required"}},
		"passed run of another head": {func(rh *v1alpha1.Rehearsal) {
			Acknowledge(rh, reject, event.Reject)
			AcknowledgeByRun(rh, &v1alpha1.RunStatus{ID: "comment-5-0", Head: "x", State: v1alpha1.RunPassed}, at(5))
		}, v1alpha1.Acknowledgement{State: "Withdrawn", Reason: "Reject", By: "bob", Command: "comment-3-0"}},
	} {
		t.Run(name, func(t *testing.T) {
			rh := acked(nil)
			rh.Status.Runs = []v1alpha1.RunStatus{
				{ID: "comment-8-0", Head: "x", State: v1alpha1.RunPassed}, {ID: "comment-9-0", Head: head, BaseRef: "main", State: v1alpha1.RunPassed},
			}
			tc.words(rh)
			tc.want.Head, tc.want.BaseRef, tc.want.Rendered = head, "main", "r1"
			if diff := cmp.Diff(&tc.want, rh.Status.Acknowledgement, cmpopts.IgnoreFields(v1alpha1.Acknowledgement{}, "At")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestWordsFoundLate checks that two commands have the same effect whether they are read in
// order or the later one first.
func TestWordsFoundLate(t *testing.T) {
	early, late := command("comment-1-0", "", 1), command("comment-2-0", "", 2)
	early.By, late.By = "alice", "bob"
	type words struct {
		verb        event.Verb
		early, late []string
	}
	for name, tc := range map[string]words{
		"approve":                {verb: event.Approve},
		"network-access-allowed": {verb: event.AllowNetwork},
		"privileges-allowed":     {verb: event.AllowPrivileges},
		"privileges-allowed for one job, then another": {event.AllowPrivileges, []string{"a"}, []string{"b"}},
		"privileges-allowed for one job, then all":     {event.AllowPrivileges, []string{"a"}, nil},
		"privileges-allowed for all jobs, then one":    {event.AllowPrivileges, nil, []string{"a"}},
	} {
		t.Run(name, func(t *testing.T) {
			heard := func(lateFirst bool) v1alpha1.RehearsalStatus {
				rh := acked(nil)
				rh.Status.Plan.Asks = "asks"
				rh.Status.Plan.Asking = []v1alpha1.AskingJob{{Job: "a", Asks: "a1"}, {Job: "b", Asks: "b1"}}
				if lateFirst {
					Acknowledge(rh, late, tc.verb, tc.late...)
				}
				Acknowledge(rh, early, tc.verb, tc.early...)
				if !lateFirst {
					Acknowledge(rh, late, tc.verb, tc.late...)
				}
				if a := rh.Status.PrivilegeApproval; a != nil {
					slices.SortFunc(a.Jobs, func(x, y v1alpha1.AllowedJob) int { return strings.Compare(x.Job, y.Job) })
				}
				return rh.Status
			}
			if diff := cmp.Diff(heard(false), heard(true)); diff != "" {
				t.Errorf("(-in order +late first)\n%s", diff)
			}
		})
	}
}
