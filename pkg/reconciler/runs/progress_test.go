package runs

import (
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

// TestProgressSlowsDown checks that each run reports its progress less often the more runs
// are active.
func TestProgressSlowsDown(t *testing.T) {
	for runs, want := range map[int]time.Duration{1: time.Minute, 3: time.Minute, 10: 3 * time.Minute, 200: time.Hour} {
		paced := &settings.Settings{GitHub: settings.GitHub{Writes: settings.Writes{PerHour: 450}}}
		a := newCrowd(t, settings.Quotas{})
		rh := &v1alpha1.Rehearsal{ObjectMeta: metav1.ObjectMeta{Name: "another", Namespace: "rehearsals"}}
		for i := range runs {
			rh.Status.Runs = append(rh.Status.Runs, v1alpha1.RunStatus{ID: fmt.Sprintf("comment-%d-0", i), State: v1alpha1.RunRunning})
		}
		a.show(rh)
		reports := &reporter{&Pass{Clients: a.r, Settings: paced}}
		if got, err := reports.progressInterval(time.Minute); err != nil || got != want {
			t.Errorf("%d runs: %s, want %s (%v)", runs, got, want, err)
		}
	}
}
