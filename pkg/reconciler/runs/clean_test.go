package runs

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
)

func TestCleanable(t *testing.T) {
	over := v1alpha1.RunStatus{ID: "a", State: v1alpha1.RunFailed, DoneAt: &metav1.Time{Time: noon}}
	for name, tc := range map[string]struct {
		runs  []v1alpha1.RunStatus
		now   time.Time
		wait  time.Duration
		known bool
	}{
		"just ended":            {[]v1alpha1.RunStatus{over}, noon, time.Hour, true},
		"ended long ago":        {[]v1alpha1.RunStatus{over}, noon.Add(time.Hour), 0, true},
		"another run is active": {[]v1alpha1.RunStatus{over, {ID: "b", State: v1alpha1.RunAborting}}, noon.Add(time.Hour), 0, false},
		"another run is over":   {[]v1alpha1.RunStatus{over, {ID: "b", State: v1alpha1.RunAborted}}, noon.Add(time.Hour), 0, true},
	} {
		rh := &v1alpha1.Rehearsal{Status: v1alpha1.RehearsalStatus{Runs: tc.runs}}
		if wait, known := cleanable(rh, &rh.Status.Runs[0], time.Hour, tc.now); wait != tc.wait || known != tc.known {
			t.Errorf("%s: got %s, %t", name, wait, known)
		}
	}
}

// TestSlim checks what informers keep of a large object.
func TestSlim(t *testing.T) {
	pj := &prowapi.ProwJob{
		ObjectMeta: metav1.ObjectMeta{Name: "a", ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "plank"}}},
		Spec:       prowapi.ProwJobSpec{Job: "a", Cluster: "b", PodSpec: &corev1.PodSpec{NodeName: strings.Repeat("x", 64<<10)}},
		Status:     prowapi.ProwJobStatus{State: prowapi.SuccessState},
	}
	kept, err := Slim(pj)
	if err != nil {
		t.Fatal(err)
	}
	got := kept.(*prowapi.ProwJob)
	if got.Spec.PodSpec != nil || got.ManagedFields != nil || got.Spec.Cluster != "b" || got.Status.State != prowapi.SuccessState {
		t.Errorf("kept is %+v", got)
	}
}
