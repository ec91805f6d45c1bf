package judging

import (
	"cmp"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
)

// Acknowledge applies an accepted approval, acknowledgement or rejection, for these jobs if any
// are named. If it was written before the one that holds, and was only found later, it
// changes nothing except the jobs whose privileges are allowed.
func Acknowledge(rh *v1alpha1.Rehearsal, c v1alpha1.Command, verb event.Verb, jobs ...string) {
	next := bound(rh, v1alpha1.StateAcknowledged)
	next.By, next.Command, next.At = c.By, c.ID, c.At.DeepCopy()
	switch verb {
	case event.Approve:
		if known := rh.Status.HeadApproval; !known.Holds(rh.Status.Pull) || !later(&known.At, next.At) {
			rh.Status.HeadApproval = approval(next)
		}
		return
	case event.AllowPrivileges:
		allowPrivileges(rh, approval(next), jobs)
		return
	case event.AllowNetwork:
		if known := rh.Status.NetworkAccess; known == nil || !later(known.At, next.At) {
			next.Reason = v1alpha1.AckByCommand
			rh.Status.NetworkAccess = next
		}
		return
	case event.Ack:
		next.Reason = v1alpha1.AckByCommand
	case event.Skip:
		next.Reason = v1alpha1.AckSkipped
	case event.Reject:
		next.State, next.Reason = v1alpha1.StateWithdrawn, v1alpha1.AckRejected
	default:
		return
	}
	if holds := rh.Status.Acknowledgement; holds != nil && later(holds.At, next.At) {
		return
	}
	if verb != event.Reject {
		next.Runs = passedRuns(rh)
	}
	rh.Status.Acknowledgement = next
}

// allowPrivileges grants the requests of all jobs, or of the named ones in addition to
// those that were already granted.
func allowPrivileges(rh *v1alpha1.Rehearsal, a *v1alpha1.Approval, names []string) {
	a.Asks = rh.Status.Plan.Asks
	known := rh.Status.PrivilegeApproval
	if !known.Holds(rh.Status.Pull) || known.Asks != a.Asks {
		known = nil
	}
	if known != nil && len(known.Jobs) == 0 && (len(names) > 0 || later(&known.At, &a.At)) {
		return // all jobs are already allowed
	}
	if known != nil && len(names) > 0 {
		a.Jobs = slices.Clone(known.Jobs)
	}
	for _, j := range rh.Status.Plan.Asking {
		known := slices.ContainsFunc(a.Jobs, func(k v1alpha1.AllowedJob) bool { return k.Asks == j.Asks })
		if slices.Contains(names, j.Job) && !known {
			a.Jobs = append(a.Jobs, v1alpha1.AllowedJob{AskingJob: j, By: a.By})
		}
	}
	if len(names) > 0 && len(a.Jobs) == 0 {
		return // an approval without jobs would be for all
	}
	if known != nil && len(names) > 0 && later(&known.At, &a.At) {
		a.By, a.Command, a.At = known.By, known.Command, known.At
	}
	rh.Status.PrivilegeApproval = a
}

// approval returns an approval for the current head.
func approval(a *v1alpha1.Acknowledgement) *v1alpha1.Approval {
	return &v1alpha1.Approval{By: a.By, Command: a.Command, Head: a.Head, BaseRef: a.BaseRef, At: *a.At}
}

// Lapse removes the approvals that are for another head, another base branch, or other
// requests than those of the jobs now.
func Lapse(rh *v1alpha1.Rehearsal) {
	void := func(a *v1alpha1.Approval) bool {
		return a != nil && (a.Head != rh.Status.Pull.Head || a.BaseRef != rh.Status.Pull.BaseRef)
	}
	if void(rh.Status.HeadApproval) {
		rh.Status.HeadApproval = nil
	}
	asked := rh.Status.PrivilegeApproval
	if plan := rh.Status.PlanOfHead(); void(asked) || asked != nil && plan != nil && plan.Error == "" && plan.Asks != asked.Asks {
		rh.Status.PrivilegeApproval = nil
	}
}

// AcknowledgeByRun acknowledges a pull request for a run whose command asked for that, if all of
// its jobs passed.
func AcknowledgeByRun(rh *v1alpha1.Rehearsal, r *v1alpha1.RunStatus, asked metav1.Time) {
	holds := rh.Status.Acknowledgement
	pull := rh.Status.Pull
	if r.State != v1alpha1.RunPassed || r.Head != pull.Head || r.BaseRef != pull.BaseRef || holds != nil && later(holds.At, &asked) {
		return
	}
	next := bound(rh, v1alpha1.StateAcknowledged)
	next.Reason, next.By, next.Command, next.Runs, next.At = v1alpha1.AckAuto, r.By, r.ID, []string{r.ID}, &asked
	rh.Status.Acknowledgement = next
}

// bound returns an acknowledgement in a state, for the current head and base branch.
func bound(rh *v1alpha1.Rehearsal, state v1alpha1.AckState) *v1alpha1.Acknowledgement {
	pull := rh.Status.Pull
	return &v1alpha1.Acknowledgement{State: state, Head: pull.Head, BaseRef: pull.BaseRef, Rendered: renderedNow(rh)}
}

func later(a, b *metav1.Time) bool { return a != nil && b != nil && a.After(b.Time) }

// renderedNow returns the digest of what the head does; empty while that is not known.
func renderedNow(rh *v1alpha1.Rehearsal) string {
	if plan := rh.Status.PlanOfHead(); plan != nil {
		return plan.Rendered
	}
	return ""
}

func passedRuns(rh *v1alpha1.Rehearsal) []string {
	var ids []string
	for _, r := range rh.Status.Runs {
		if r.Head == rh.Status.Pull.Head && r.BaseRef == rh.Status.Pull.BaseRef && r.State == v1alpha1.RunPassed {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// Follow updates the acknowledgement, the network access and the approvals for the current
// head; each is for one head. An acknowledgement stays valid after a push by a sticky
// author, and after a push that changes neither the rehearsals nor anything else that the
// pull request does to the same branch. Until that is known, it does not hold.
func Follow(rh *v1alpha1.Rehearsal, sticky []string) {
	pull := rh.Status.Pull
	if pull == nil || !pull.Open {
		return
	}
	Lapse(rh)
	if a := rh.Status.NetworkAccess; a == nil || MovedOn(a, pull) {
		rh.Status.NetworkAccess = restart(rh, a)
	}
	isSticky := slices.Contains(sticky, strings.ToLower(pull.Author))
	if plan := rh.Status.PlanOfHead(); plan != nil {
		rh.Status.Acknowledgement = acknowledgement(rh, plan, isSticky)
		return
	}
	ack := rh.Status.Acknowledgement
	if ack != nil && ack.State == v1alpha1.StateAcknowledged && MovedOn(ack, pull) && !isSticky {
		ack.State, ack.Labelled = v1alpha1.StateHeld, false
	}
}

// acknowledgement returns the acknowledgement that holds from now on.
func acknowledgement(rh *v1alpha1.Rehearsal, plan *v1alpha1.PlanStatus, sticky bool) *v1alpha1.Acknowledgement {
	ack := rh.Status.Acknowledgement
	nothing := plan.Error == "" && plan.Due == 0
	moved := ack == nil || MovedOn(ack, rh.Status.Pull)
	switch {
	case nothing && (moved || ack.State == v1alpha1.StateRequired):
		next := bound(rh, v1alpha1.StateAcknowledged)
		next.Reason = v1alpha1.AckNothing
		return next
	case !moved && plan.Error == "" && !nothing && ack.Reason == v1alpha1.AckNothing:
		return restart(rh, ack)
	case !moved:
		if ack.Rendered == "" {
			ack.Rendered = plan.Rendered
		}
		return ack
	case ack != nil && survives(ack, plan, sticky):
		return outliving(rh, ack)
	}
	return restart(rh, ack)
}

func MovedOn(a *v1alpha1.Acknowledgement, pull *v1alpha1.PullStatus) bool {
	return a.Head != pull.Head || a.BaseRef != pull.BaseRef
}

// survives reports whether an acknowledgement stays valid after a push.
func survives(ack *v1alpha1.Acknowledgement, plan *v1alpha1.PlanStatus, sticky bool) bool {
	if plan.Error != "" || !given(ack) || ack.Reason == v1alpha1.AckNothing || ack.BaseRef != plan.BaseRef {
		return false
	}
	return sticky || ack.Rendered != "" && ack.Rendered == plan.Rendered
}

// given reports whether somebody has acknowledged the head or an older one.
func given(ack *v1alpha1.Acknowledgement) bool {
	return ack.State == v1alpha1.StateAcknowledged || ack.State == v1alpha1.StateHeld
}

// outliving returns an acknowledgement for the head that was given for an older one.
func outliving(rh *v1alpha1.Rehearsal, ack *v1alpha1.Acknowledgement) *v1alpha1.Acknowledgement {
	next := ack.DeepCopy()
	next.Labelled = ack.State == v1alpha1.StateAcknowledged && ack.Labelled
	next.State, next.Given = v1alpha1.StateAcknowledged, cmp.Or(ack.Given, ack.Head)
	next.Head, next.BaseRef, next.Rendered = rh.Status.Pull.Head, rh.Status.Pull.BaseRef, renderedNow(rh)
	return next
}

// restart returns the state of a head that nobody has acknowledged yet. Labels that exist
// when a pull request is first seen are left alone, because people have set them. The time
// of the last acknowledgement is kept, so that an earlier one that is found later does not
// count.
func restart(rh *v1alpha1.Rehearsal, before *v1alpha1.Acknowledgement) *v1alpha1.Acknowledgement {
	next := bound(rh, v1alpha1.StateRequired)
	if before == nil {
		next.Labelled = true
		return next
	}
	next.At = before.At
	if given(before) {
		next.State, next.Reason, next.By = v1alpha1.StateWithdrawn, v1alpha1.AckPushed, before.By
		if before.Head == next.Head && before.BaseRef != next.BaseRef {
			next.Reason = v1alpha1.AckRetarget
		}
	}
	return next
}
