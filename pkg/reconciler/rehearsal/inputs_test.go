package rehearsal

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
)

func TestInputsOver(t *testing.T) {
	running := &v1alpha1.Rehearsal{ObjectMeta: metav1.ObjectMeta{UID: "running"}}
	running.Status.Runs = []v1alpha1.RunStatus{{State: v1alpha1.RunPassed}, {State: v1alpha1.RunRunning}}
	ended := &v1alpha1.Rehearsal{ObjectMeta: metav1.ObjectMeta{UID: "ended"}}
	ended.Status.Runs = []v1alpha1.RunStatus{{State: v1alpha1.RunFailed}}
	over := inputsOver([]*v1alpha1.Rehearsal{running, ended})
	for _, tc := range []struct {
		uid  string
		age  time.Duration
		want bool
	}{
		{"running", 30 * 24 * time.Hour, false},
		{"ended", 9 * time.Minute, false},
		{"ended", 10 * time.Minute, true},
		{"of another installation", 6 * 24 * time.Hour, false},
		{"deleted long ago", 7 * 24 * time.Hour, true},
	} {
		if got := over(tc.uid, tc.age); got != tc.want {
			t.Errorf("the ConfigMap of %q is over after %s: %t, want %t", tc.uid, tc.age, got, tc.want)
		}
	}
}
