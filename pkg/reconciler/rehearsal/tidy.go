package rehearsal

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/requeue"
)

// tidy forgets what is older than a week: entries of the log and their
// verdicts, and the whole Rehearsal once its pull request has been closed for
// that long. Nobody acts on comments older than that, so nothing comes back.
func (t *turn) tidy(ctx context.Context) error {
	client := t.Rehearsals.RehearsalV1alpha1().Rehearsals(t.rh.Namespace)
	if t.forgotten() {
		return t.remove(ctx)
	}
	t.forgetVerdicts()
	patch := trim(t.rh, t.theirTime())
	if patch == nil {
		return nil
	}
	raw, err := json.Marshal(patch)
	if err != nil {
		return fmt.Errorf("encoding the trimming of the log: %w", err)
	}
	_, err = client.Patch(ctx, t.rh.Name, types.JSONPatchType, raw, metav1.PatchOptions{})
	if apierrors.IsInvalid(err) {
		// The log has moved since we read it.
		return &requeue.Later{After: time.Minute, Reason: "the log changed while it was trimmed"}
	}
	if err != nil {
		return fmt.Errorf("trimming the log: %w", err)
	}
	return nil
}

// remove deletes the Rehearsal, if it is still the one that we know.
func (t *turn) remove(ctx context.Context) error {
	client := t.Rehearsals.RehearsalV1alpha1().Rehearsals(t.rh.Namespace)
	err := client.Delete(ctx, t.rh.Name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &t.rh.UID}})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("deleting a Rehearsal that nobody needs: %w", err)
	}
	return nil
}

// forgotten says that the pull request has been closed, and nothing has been
// heard of it, for a week.
func (t *turn) forgotten() bool {
	pull := t.rh.Status.Pull
	if pull == nil || pull.Open || len(t.activeRuns()) > 0 {
		return false
	}
	return t.silent()
}

// silent says that nothing has been heard of the pull request for a week.
func (t *turn) silent() bool {
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

// patchOp is an operation of a JSON Patch (RFC 6902).
type patchOp struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value,omitempty"`
}

// What outsiders wrote leaves the log as soon as it is judged: it must not fill
// up with that. The verdicts stay for as long as what they are about could be told
// again, so that it is not judged again, by other rights. There is room for so many:
// what is older than all of these is not heeded any more, see deniedSince.
const (
	maxDropped = 200
	// rememberedAge is more than event.MaxAge by as much as clocks may be off.
	rememberedAge = event.MaxAge + time.Hour
)

// trim removes the entries that are too old and whose runs are over, the last
// first, so that the places of the others hold. What was written in one text has one
// answer, and goes at once. Each is tested before: the API
// server may have another log than we read.
func trim(rh *v1alpha1.Rehearsal, now time.Time) []patchOp {
	ops := trimRefused(rh, now)
	stays, on, runs := map[string]bool{}, verdictsOf(rh), runsOf(rh)
	for _, c := range rh.Spec.Commands {
		if v := on[c.ID]; v == nil || !dropped(*v) {
			stays[event.TextID(c.ID)] = true
		}
	}
	for i := len(rh.Spec.Commands) - 1; i >= 0; i-- {
		c := rh.Spec.Commands[i]
		v, r := on[c.ID], runs[c.ID]
		if v == nil || !v.Answered || r != nil && !r.State.Done() {
			continue
		}
		if (!dropped(*v) || stays[event.TextID(c.ID)]) && now.Sub(givenAt(c, v)) <= event.MaxAge {
			continue
		}
		path := fmt.Sprintf("/spec/commands/%d", i)
		ops = append(ops, patchOp{"test", path + "/id", c.ID}, patchOp{Op: "remove", Path: path})
	}
	return ops
}

// trimRefused forgets who found no room in the log, once that is as old as what fills
// it.
func trimRefused(rh *v1alpha1.Rehearsal, now time.Time) []patchOp {
	if len(rh.Spec.Refused) == 0 {
		return nil
	}
	for _, refused := range rh.Spec.Refused {
		if now.Sub(refused.At.Time) <= event.MaxAge {
			return nil
		}
	}
	const path = "/spec/refused"
	return []patchOp{{"test", path, rh.Spec.Refused}, {Op: "remove", Path: path}}
}

// dropped says that a command does not stay in the log. Whoever uses the command
// line may find it there for as long as any.
func dropped(v v1alpha1.CommandStatus) bool {
	return (isDenial(v.Reason) || v.Verdict == v1alpha1.VerdictTooMany) && !event.FromCommandLine(v.ID)
}

// forgetVerdicts drops verdicts and finished runs whose commands are gone.
func (t *turn) forgetVerdicts() {
	inLog, status := logged(t.rh), &t.rh.Status
	status.Runs = slices.DeleteFunc(status.Runs, func(r v1alpha1.RunStatus) bool { return !inLog[r.ID] && r.Cleaned })
	var told, untold []v1alpha1.CommandStatus
	status.Commands = slices.DeleteFunc(status.Commands, func(v v1alpha1.CommandStatus) bool {
		switch {
		case inLog[v.ID]:
			return false
		case !dropped(v) || v.At == nil || t.now.Sub(v.At.Time) > rememberedAge:
		case v.Told:
			told = append(told, v) // those with an answer are few, and are counted
		default:
			v.Message = ""
			untold = append(untold, v)
		}
		return true
	})
	slices.SortStableFunc(untold, func(a, b v1alpha1.CommandStatus) int { return a.At.Compare(b.At.Time) })
	status.Commands = append(append(told, untold[max(0, len(untold)-maxDropped):]...), status.Commands...)
}

// logged are the ids of the commands in the log.
func logged(rh *v1alpha1.Rehearsal) map[string]bool {
	ids := make(map[string]bool, len(rh.Spec.Commands))
	for _, c := range rh.Spec.Commands {
		ids[c.ID] = true
	}
	return ids
}

// deniedSince is from when on all that was denied is remembered: an older command that
// is not known may be one of those. It is zero while there was room for all.
func deniedSince(rh *v1alpha1.Rehearsal) time.Time {
	inLog := logged(rh)
	n, oldest := 0, time.Time{}
	for _, v := range rh.Status.Commands {
		if inLog[v.ID] || !dropped(v) || v.At == nil || v.Told {
			continue
		}
		if n++; oldest.IsZero() || v.At.Time.Before(oldest) {
			oldest = v.At.Time
		}
	}
	if n < maxDropped {
		return time.Time{}
	}
	return oldest
}

// summarise fills the printer columns: they show the latest run.
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
