//go:build integration

package plane

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// TestOneRun runs jobs without any failure.
func TestOneRun(t *testing.T) {
	p := Start(t, Options{Controllers: 1, Receivers: 1, Tasks: Tasks{Jobs: true, Report: true}})
	pull := p.OpenPull("pull-unit", "pull-e2e")
	p.Say(pull, Maintainer, "/pj-rehearse")
	err := rig.Until(t.Context(), 2*time.Minute, "a run that passed", func(ctx context.Context) (string, bool, error) {
		list, err := p.Rehearsals.RehearsalV1alpha1().Rehearsals(rig.Namespace).List(ctx, metav1.ListOptions{})
		if err != nil || len(list.Items) == 0 {
			return "no Rehearsal", false, err
		}
		runs := list.Items[0].Status.Runs
		return fmt.Sprintf("%+v", runs), len(runs) == 1 && runs[0].State == v1alpha1.RunPassed, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("controller: %v", p.Controllers[0].Gate.Calls())
	for call := range p.Controllers[0].Gate.Calls() {
		if strings.HasPrefix(call, "create prowjobs") {
			t.Errorf("the controller itself: %s", call)
		}
	}
}
