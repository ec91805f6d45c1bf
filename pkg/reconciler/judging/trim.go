package judging

import (
	"fmt"
	"slices"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
)

// PatchOp is an operation of a JSON Patch (RFC 6902).
type PatchOp struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value,omitempty"`
}

// Trim removes the entries that are too old and whose runs are over, the last
// first, so that the places of the others hold. What was written in one text has one
// answer, and goes at once. Each is tested before: the API
// server may have another log than we read.
func Trim(rh *v1alpha1.Rehearsal, now time.Time) []PatchOp {
	ops := trimRefused(rh, now)
	stays, on, runs := map[string]bool{}, rh.Status.Verdicts(), rh.Status.RunsByID()
	for _, c := range rh.Spec.Commands {
		if v := on[c.ID]; v == nil || !Dropped(*v) {
			stays[event.TextID(c.ID)] = true
		}
	}
	for i := len(rh.Spec.Commands) - 1; i >= 0; i-- {
		c := rh.Spec.Commands[i]
		v, r := on[c.ID], runs[c.ID]
		if v == nil || !v.Answered || r != nil && !r.State.Done() {
			continue
		}
		if (!Dropped(*v) || stays[event.TextID(c.ID)]) && now.Sub(GivenAt(c, v)) <= event.MaxAge {
			continue
		}
		path := fmt.Sprintf("/spec/commands/%d", i)
		ops = append(ops, PatchOp{"test", path + "/id", c.ID}, PatchOp{Op: "remove", Path: path})
	}
	return ops
}

// trimRefused forgets who found no room in the log, once that is as old as what fills
// it.
func trimRefused(rh *v1alpha1.Rehearsal, now time.Time) []PatchOp {
	if len(rh.Spec.Refused) == 0 {
		return nil
	}
	for _, refused := range rh.Spec.Refused {
		if now.Sub(refused.At.Time) <= event.MaxAge {
			return nil
		}
	}
	const path = "/spec/refused"
	return []PatchOp{{"test", path, rh.Spec.Refused}, {Op: "remove", Path: path}}
}

// Dropped says that a command does not stay in the log. Whoever uses the command
// line may find it there for as long as any.
func Dropped(v v1alpha1.CommandStatus) bool {
	return (IsDenial(v.Reason) || v.Verdict == v1alpha1.VerdictTooMany) && !event.FromCommandLine(v.ID)
}

// Logged are the ids of the commands in the log.
func Logged(rh *v1alpha1.Rehearsal) map[string]bool {
	ids := make(map[string]bool, len(rh.Spec.Commands))
	for _, c := range rh.Spec.Commands {
		ids[c.ID] = true
	}
	return ids
}

// DeniedSince is from when on all that was denied is remembered: an older command that
// is not known may be one of those. It is zero while there was room for all.
func DeniedSince(rh *v1alpha1.Rehearsal) time.Time {
	inLog := Logged(rh)
	n, oldest := 0, time.Time{}
	for _, v := range rh.Status.Commands {
		if inLog[v.ID] || !Dropped(v) || v.At == nil || v.Told {
			continue
		}
		if n++; oldest.IsZero() || v.At.Time.Before(oldest) {
			oldest = v.At.Time
		}
	}
	if n < MaxDropped {
		return time.Time{}
	}
	return oldest
}

// What outsiders wrote leaves the log as soon as it is judged: it must not fill
// up with that. The verdicts stay for as long as what they are about could be told
// again, so that it is not judged again, by other rights. There is room for so many:
// what is older than all of these is not heeded any more, see deniedSince.
const (
	// MaxDropped is how many of them there may be.
	MaxDropped = 200
	// RememberedAge is more than event.MaxAge by as much as clocks may be off.
	RememberedAge = event.MaxAge + time.Hour
)

// ForgetVerdicts drops verdicts and finished runs whose commands are gone.
func ForgetVerdicts(rh *v1alpha1.Rehearsal, now time.Time) {
	inLog, status := Logged(rh), &rh.Status
	status.Runs = slices.DeleteFunc(status.Runs, func(r v1alpha1.RunStatus) bool { return !inLog[r.ID] && r.Cleaned })
	var told, untold []v1alpha1.CommandStatus
	status.Commands = slices.DeleteFunc(status.Commands, func(v v1alpha1.CommandStatus) bool {
		switch {
		case inLog[v.ID]:
			return false
		case !Dropped(v) || v.At == nil || now.Sub(v.At.Time) > RememberedAge:
		case v.Told:
			told = append(told, v) // those with an answer are few, and are counted
		default:
			v.Message = ""
			untold = append(untold, v)
		}
		return true
	})
	slices.SortStableFunc(untold, func(a, b v1alpha1.CommandStatus) int { return a.At.Compare(b.At.Time) })
	status.Commands = append(append(told, untold[max(0, len(untold)-MaxDropped):]...), status.Commands...)
}
