package rehearsal

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

func TestCommitsNeeded(t *testing.T) {
	pull := func(org string, open bool, head string, runs ...v1alpha1.RunStatus) *v1alpha1.Rehearsal {
		rh := &v1alpha1.Rehearsal{Spec: v1alpha1.RehearsalSpec{Pull: v1alpha1.Pull{Org: org, Repo: "Config"}}}
		rh.Status.Pull = &v1alpha1.PullStatus{Head: head, Base: "base", Open: open}
		rh.Status.Plan = &v1alpha1.PlanStatus{Head: "planned-" + head, Base: "old-base"}
		rh.Status.Runs = runs
		return rh
	}
	list := []*v1alpha1.Rehearsal{
		pull("acme", true, "open"),
		pull("acme", false, "closed", v1alpha1.RunStatus{Head: "done", State: v1alpha1.RunFailed}),
		pull("acme", false, "merged", v1alpha1.RunStatus{Head: "running", Base: "run-base", State: v1alpha1.RunRunning}, v1alpha1.RunStatus{Head: "waiting", State: v1alpha1.RunPending}),
		pull("other", true, "elsewhere"),
		{Spec: v1alpha1.RehearsalSpec{Pull: v1alpha1.Pull{Org: "acme", Repo: "config"}}},
	}
	want := []string{"base", "old-base", "open", "planned-open", "run-base", "running", "waiting"}
	if got := commitsNeeded(list, "ACME", "config"); !slices.Equal(got, want) {
		t.Errorf("needed: %v, want %v", got, want)
	}
}

func TestWhyNotYet(t *testing.T) {
	for want, err := range map[string]error{
		"DiskFull": &repo.DiskFullError{}, "FetchTooSlow": &repo.SlowError{}, "AccessRefused": &repo.AccessError{}, "Retrying": errors.New("x"),
	} {
		if got := whyNotYet(fmt.Errorf("fetching: %w", err)); got != want {
			t.Errorf("%T is %s, not %s", err, got, want)
		}
	}
}
