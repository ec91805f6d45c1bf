package rehearsal

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/judging"
	"github.com/rehearsal-dev/rehearsal/pkg/requeue"
)

// tidier deletes what nobody needs any more.
type tidier struct{ *pass }

// tidy deletes what is older than a week: commands with their decisions, and the whole
// Rehearsal once its pull request has been closed for that long. Older comments are
// ignored, so nothing comes back.
func (t *tidier) tidy(ctx context.Context) error {
	client := t.Rehearsals.RehearsalV1alpha1().Rehearsals(t.rh.Namespace)
	if t.forgotten() {
		return t.remove(ctx)
	}
	judging.ForgetVerdicts(t.rh, t.now)
	patch := judging.Trim(t.rh, t.facts.TheirTime())
	if patch == nil {
		return nil
	}
	raw, err := json.Marshal(patch)
	if err != nil {
		return fmt.Errorf("encoding the trimming of the log: %w", err)
	}
	_, err = client.Patch(ctx, t.rh.Name, types.JSONPatchType, raw, metav1.PatchOptions{})
	if apierrors.IsInvalid(err) {
		// The command log has changed since we read it.
		return &requeue.Later{After: time.Minute, Reason: "the log changed while it was trimmed"}
	}
	if err != nil {
		return fmt.Errorf("trimming the log: %w", err)
	}
	return nil
}

// remove deletes the Rehearsal, unless it was replaced by another of the same name.
func (t *tidier) remove(ctx context.Context) error {
	client := t.Rehearsals.RehearsalV1alpha1().Rehearsals(t.rh.Namespace)
	err := client.Delete(ctx, t.rh.Name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &t.rh.UID}})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("deleting a Rehearsal that nobody needs: %w", err)
	}
	return nil
}

// forgotten reports whether the pull request is closed, and there was no news of it for a
// week.
func (t *tidier) forgotten() bool {
	pull := t.rh.Status.Pull
	if pull == nil || pull.Open || len(t.rh.Status.ActiveRuns()) > 0 {
		return false
	}
	return t.silent()
}

// silent reports whether there was no news of the pull request for a week.
func (t *tidier) silent() bool {
	last := t.rh.CreationTimestamp.Time
	if o := t.rh.Spec.Observed; o != nil && o.At.After(last) {
		last = o.At.Time
	}
	for _, r := range t.rh.Status.Runs {
		if r.DoneAt != nil && r.DoneAt.After(last) {
			last = r.DoneAt.Time
		}
	}
	return t.now.Sub(last) > event.MaxAge
}

// summarise fills the printer columns with the latest run.
func summarise(rh *v1alpha1.Rehearsal) {
	p := rh.Spec.Pull
	s := v1alpha1.Summary{Pull: fmt.Sprintf("%s/%s#%d", p.Org, p.Repo, p.Number)}
	if pull := rh.Status.Pull; pull != nil {
		s.Head = fmt.Sprintf("%.12s", pull.Head)
		s.State = "Open"
		if !pull.Open {
			s.State = "Closed"
		}
	}
	if rh.Status.Plan != nil && rh.Status.Plan.Error != "" {
		s.State = "Refused"
	}
	if n := len(rh.Status.Runs); n > 0 {
		r := rh.Status.Runs[n-1]
		s.Run, s.State = r.PipelineRun, string(r.State)
		s.Passed, s.Failed = ptr.To(r.Passed), ptr.To(r.Failed)
	}
	rh.Status.Summary = s
}
