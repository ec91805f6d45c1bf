package runs

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// TestAHandoverOutlivesNoApproval checks that a run whose manifest was stored before a
// crash only starts if its privileges are still allowed.
func TestAHandoverOutlivesNoApproval(t *testing.T) {
	rh := &v1alpha1.Rehearsal{Status: v1alpha1.RehearsalStatus{
		Pull:              &v1alpha1.PullStatus{Head: head, BaseRef: "main", Open: true, ReadAt: metav1.NewTime(noon)},
		PrivilegeApproval: &v1alpha1.Approval{By: "carol", Head: head, BaseRef: "main", Asks: "x"},
	}}
	starts, m := &starter{Pass: &Pass{Rehearsal: rh, Now: noon}}, run.Manifest{Asks: "x"}
	r := &v1alpha1.RunStatus{State: v1alpha1.RunPending}
	if err := starts.stillAllowed(r, m); err != nil || r.AbortReason != "" {
		t.Errorf("what is allowed does not start: %v, %q", err, r.AbortReason)
	}
	rh.Status.PrivilegeApproval = nil
	if err := starts.stillAllowed(r, m); err == nil || r.AbortReason == "" {
		t.Error("what is not allowed any more starts")
	}
}
