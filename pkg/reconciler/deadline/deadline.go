// Package deadline says how long each state that is not final may last. No error puts off
// what comes after it.
package deadline

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
)

// Stage is what a run, a pull request or a Rehearsal is at as long as it is not
// through with it.
type Stage string

const (
	// Waiting: a pending run waits for its plan, for room, or for GitHub.
	Waiting Stage = "WaitsToStart"
	// Hindered: errors keep a pending run from starting, or from being refused.
	Hindered Stage = "Hindered"
	// Running: the jobs of a run go on. Each run has its own time, see run.Manifest;
	// this is for those of which that is not known.
	Running Stage = "Running"
	// Aborting: the jobs of a run are told to stop.
	Aborting Stage = "Aborting"
	// Unreported: a run is over, and GitHub does not take the report.
	Unreported Stage = "Unreported"
	// Unplanned: errors keep the affected jobs of a head from being known.
	Unplanned Stage = "Unplanned"
	// Deleting: a Rehearsal is deleted, and what it started goes on.
	Deleting Stage = "Deleting"
)

// Lasts is how long each stage lasts at most. What comes after it needs no call to
// succeed: no error puts it off.
var Lasts = map[Stage]time.Duration{
	Waiting:    WaitTime,
	Hindered:   time.Hour,
	Running:    WaitTime,
	Aborting:   10 * time.Minute,
	Unreported: 24 * time.Hour,
	Unplanned:  time.Hour,
	Deleting:   10 * time.Minute,
}

// WaitTime is longer than jobs run by default: one that waits for room waits for
// those of others.
const WaitTime = 48 * time.Hour

// AbortTime is how much later a run ends at the latest than it is due: that long its
// end may take.
const AbortTime = 2 * time.Minute

// Due is when a run has to leave its state; zero when it need not.
func Due(r *v1alpha1.RunStatus) time.Time {
	switch {
	case r.State.Done() && r.Unreported:
		return EndOf(Unreported, r.DoneAt)
	case r.State.Done():
		return time.Time{}
	case r.State == v1alpha1.RunPending:
		return Earliest(EndOf(Waiting, r.Since), EndOf(Hindered, r.HinderedSince))
	case r.State == v1alpha1.RunAborting:
		return Earliest(EndOf(Aborting, r.Since), jobsEnd(r))
	}
	return jobsEnd(r)
}

// jobsEnd is when the jobs of a run that has started have to be done.
func jobsEnd(r *v1alpha1.RunStatus) time.Time {
	if r.Deadline != nil {
		return r.Deadline.Time
	}
	return EndOf(Running, r.StartedAt)
}

// EndOf is when a stage is over that began at a time; zero for one that did not.
func EndOf(s Stage, since *metav1.Time) time.Time {
	if since == nil {
		return time.Time{}
	}
	return since.Add(Lasts[s])
}

// Earliest is the earlier of two times, of which zero is never.
func Earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// Begin notes since when a run is in its state, where nothing else does.
func Begin(r *v1alpha1.RunStatus, now time.Time) {
	switch {
	case r.State == v1alpha1.RunRunning && r.StartedAt == nil:
		r.StartedAt = &metav1.Time{Time: now}
	case r.State != v1alpha1.RunRunning && r.Since == nil:
		r.Since = &metav1.Time{Time: now}
	}
}
