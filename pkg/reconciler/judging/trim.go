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

// Trim removes commands that are too old and whose runs are over. The last is removed
// first, so that the indexes of the others stay valid. The commands of one text have one
// answer, and are removed together. Each removal is preceded by a test, because the command
// log on the API server may have changed since it was read.
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

// trimRefused removes the record of commands that did not fit in the log, once they are as
// old as commands can be.
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

// Dropped reports whether a command is removed from the log before its time. Users of the
// command line can find theirs there for the full time.
func Dropped(v v1alpha1.CommandStatus) bool {
	return (IsDenial(v.Reason) || v.Verdict == v1alpha1.VerdictTooMany) && !event.FromCommandLine(v.ID)
}

// Logged returns the ids of the commands in the log.
func Logged(rh *v1alpha1.Rehearsal) map[string]bool {
	ids := make(map[string]bool, len(rh.Spec.Commands))
	for _, c := range rh.Spec.Commands {
		ids[c.ID] = true
	}
	return ids
}

// DeniedSince returns the time since which all denied commands are remembered. An older
// command that is not known may be a denied one. It is zero while all denied commands are
// remembered.
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

// Commands of outsiders are removed from the log as soon as they are decided, so that they
// cannot fill it. The decisions stay for as long as the commands could be reported again;
// otherwise they would be decided again, with other rights. Only this many are kept:
// commands older than all of them are ignored, see DeniedSince.
const (
	// MaxDropped is the maximum number of such decisions.
	MaxDropped = 200
	// RememberedAge is event.MaxAge plus the largest difference between clocks.
	RememberedAge = event.MaxAge + time.Hour
)

// ForgetVerdicts drops decisions and finished runs whose commands are gone.
func ForgetVerdicts(rh *v1alpha1.Rehearsal, now time.Time) {
	inLog, status := Logged(rh), &rh.Status
	status.Runs = slices.DeleteFunc(status.Runs, func(r v1alpha1.RunStatus) bool { return !inLog[r.ID] && r.Cleaned })
	var reported, unreported []v1alpha1.CommandStatus
	status.Commands = slices.DeleteFunc(status.Commands, func(v v1alpha1.CommandStatus) bool {
		switch {
		case inLog[v.ID]:
			return false
		case !Dropped(v) || v.At == nil || now.Sub(v.At.Time) > RememberedAge:
		case v.Told:
			reported = append(reported, v) // few, because answers are limited; they count against the limit
		default:
			v.Message = ""
			unreported = append(unreported, v)
		}
		return true
	})
	slices.SortStableFunc(unreported, func(a, b v1alpha1.CommandStatus) int { return a.At.Compare(b.At.Time) })
	status.Commands = append(append(reported, unreported[max(0, len(unreported)-MaxDropped):]...), status.Commands...)
}
