package runs

import (
	"fmt"
	"testing"
	"time"

	listers "github.com/rehearsal-dev/rehearsal/pkg/client/listers/rehearsal/v1alpha1"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

// quotaLister has a run of so many jobs that goes on, in another Rehearsal.
type quotaLister struct {
	listers.RehearsalLister
	jobs, runs int
}

func (q *quotaLister) List(labels.Selector) ([]*v1alpha1.Rehearsal, error) {
	rh := &v1alpha1.Rehearsal{}
	rh.UID = "another"
	for i := range max(q.runs, 1) {
		rh.Status.Runs = append(rh.Status.Runs, v1alpha1.RunStatus{ID: fmt.Sprintf("comment-%d-0", i), State: v1alpha1.RunRunning, Total: q.jobs})
	}
	return []*v1alpha1.Rehearsal{rh}, nil
}

// TestProgressSlowsDown: the more runs go on, the less often each tells how far it is.
func TestProgressSlowsDown(t *testing.T) {
	for runs, want := range map[int]time.Duration{1: time.Minute, 3: time.Minute, 10: 3 * time.Minute, 200: time.Hour} {
		paced := &settings.Settings{GitHub: settings.GitHub{Writes: settings.Writes{PerHour: 450}}}
		tr := &Turn{Clients: &Clients{Lister: &quotaLister{runs: runs}}, Settings: paced}
		if got, err := tr.progressInterval(time.Minute); err != nil || got != want {
			t.Errorf("%d runs: %s, want %s (%v)", runs, got, want, err)
		}
	}
}
