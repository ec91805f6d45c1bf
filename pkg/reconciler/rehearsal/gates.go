package rehearsal

import (
	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/gate"
	"github.com/rehearsal-dev/rehearsal/pkg/render"
)

// gates is what is in the way of the jobs of the plan, and what was allowed.
func (t *turn) gates() *render.Gates {
	g := &render.Gates{HeadApproved: t.holds(t.rh.Status.HeadApproval)}
	if t.plan.result == nil {
		return g
	}
	g.Findings = t.plan.result.Findings
	// Whoever allowed something has seen what was asked then, and that is all.
	if a := t.rh.Status.PrivilegeApproval; t.holds(a) && a.Asks != "" && a.Asks == t.asks() {
		g.AllowedBy = a.By
	}
	return g
}

// holds says whether an approval is for what the pull request is now.
func (t *turn) holds(a *v1alpha1.Approval) bool { return holds(a, t.rh.Status.Pull) }

func holds(a *v1alpha1.Approval, pull *v1alpha1.PullStatus) bool {
	return a != nil && a.By != "" && pull != nil && a.Head == pull.Head && a.BaseRef == pull.BaseRef
}

// asks changes whenever the jobs of the plan ask for something else; what is not
// run, whoever allows it, does not count.
func (t *turn) asks() string { return gate.Digest(t.plan.result.Findings) }
