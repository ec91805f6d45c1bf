package plane

import (
	"context"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// attend does what plank does with a ProwJob: it starts it, and ends it with the verdict.
func (pl *Player) attend(pj *prowapi.ProwJob) {
	state, after := prowapi.SuccessState, time.Duration(0)
	if pl.plane.Verdict != nil {
		state, after = pl.plane.Verdict(pj)
	}
	pl.change(pj.Name, func(s *prowapi.ProwJobStatus) {
		now := metav1.Now()
		s.State, s.PendingTime = prowapi.PendingState, &now
	})
	if after > 0 && !pl.pause(after) {
		return
	}
	pl.change(pj.Name, func(s *prowapi.ProwJobStatus) {
		now := metav1.Now()
		s.State, s.CompletionTime = state, &now
	})
}

// bury completes a ProwJob that was aborted.
func (pl *Player) bury(name string) {
	prowJobs := pl.plane.Prow.ProwV1().ProwJobs(rig.ProwJobNamespace)
	pl.insist(func(ctx context.Context) error {
		pj, err := prowJobs.Get(ctx, name, metav1.GetOptions{})
		if err != nil || pj.Complete() {
			return err
		}
		pj.SetComplete()
		_, err = prowJobs.Update(ctx, pj, metav1.UpdateOptions{})
		return err
	})
}

// change changes a ProwJob that has not ended.
func (pl *Player) change(name string, do func(*prowapi.ProwJobStatus)) {
	prowJobs := pl.plane.Prow.ProwV1().ProwJobs(rig.ProwJobNamespace)
	pl.insist(func(ctx context.Context) error {
		pj, err := prowJobs.Get(ctx, name, metav1.GetOptions{})
		if err != nil || pj.Complete() || pj.Status.State == prowapi.AbortedState {
			return err
		}
		do(&pj.Status)
		_, err = prowJobs.Update(ctx, pj, metav1.UpdateOptions{})
		return err
	})
}
