package gate_test

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/gate"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
)

// TestNothingIsHidden: every part of a request is visible where it is shown.
func TestNothingIsHidden(t *testing.T) {
	head := gate.Job{Annotations: map[string]string{"a": "b<!-- c -->"}, Spec: prowapi.ProwJobSpec{PodSpec: &corev1.PodSpec{
		Volumes: []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/tmp<!--/../etc-->"}}}},
	}}}
	hidden := map[gate.Rule]bool{}
	for _, a := range gate.Check(gate.Config{}, gate.Change{Head: head, Base: []gate.Job{{}}}).Asks {
		hidden[a.Rule] = hidden[a.Rule] || strings.Contains(a.Name+a.Part, "<!--")
		if value := report.NewAsk(a).Value; strings.Contains(value, "<!--") {
			t.Errorf("%s", value)
		}
	}
	if !hidden[gate.RuleHostPath] || !hidden[gate.RuleAnnotation] {
		t.Errorf("asked for %v", hidden)
	}
}
