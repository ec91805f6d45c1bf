// Package deadline says how long each state that is not final may last. No error delays the
// end of such a state.
package deadline

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
)

// Stage is a state of a run, a pull request or a Rehearsal that has to end.
type Stage string

const (
	// Waiting: a pending run waits for its plan, for a slot, or for GitHub.
	Waiting Stage = "WaitsToStart"
	// Hindered: errors keep a pending run from starting, or from being refused.
	Hindered Stage = "Hindered"
	// Running: the jobs of a run are running. Each run has its own time limit, see
	// run.Manifest; this one is for runs whose limit is not known.
	Running Stage = "Running"
	// Aborting: the jobs of a run are being aborted.
	Aborting Stage = "Aborting"
	// Unreported: a run is over, and GitHub does not accept the report.
	Unreported Stage = "Unreported"
	// Unplanned: errors keep a head from being planned.
	Unplanned Stage = "Unplanned"
	// Deleting: a Rehearsal is deleted, and something that it started still runs.
	Deleting Stage = "Deleting"
)

// Lasts is the maximum duration of each stage. Leaving a stage requires no call to succeed,
// so no error can delay it.
var Lasts = map[Stage]time.Duration{
	Waiting:    WaitTime,
	Hindered:   time.Hour,
	Running:    WaitTime,
	Aborting:   10 * time.Minute,
	Unreported: 24 * time.Hour,
	Unplanned:  time.Hour,
	Deleting:   10 * time.Minute,
}

// WaitTime is longer than jobs run by default, because a run that waits for a slot waits
// for the jobs of others.
const WaitTime = 48 * time.Hour

// AbortTime is how much later than due a run may end.
const AbortTime = 2 * time.Minute

// Due returns when a run has to leave its state; zero if it can stay.
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

// jobsEnd returns when the jobs of a started run have to be done.
func jobsEnd(r *v1alpha1.RunStatus) time.Time {
	if r.Deadline != nil {
		return r.Deadline.Time
	}
	return EndOf(Running, r.StartedAt)
}

// EndOf returns the end of a stage that began at since; zero if it did not begin.
func EndOf(s Stage, since *metav1.Time) time.Time {
	if since == nil {
		return time.Time{}
	}
	return since.Add(Lasts[s])
}

// Earliest returns the earlier of two times; zero means never.
func Earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// Begin records since when a run is in its state, if that is not recorded yet.
func Begin(r *v1alpha1.RunStatus, now time.Time) {
	switch {
	case r.State == v1alpha1.RunRunning && r.StartedAt == nil:
		r.StartedAt = &metav1.Time{Time: now}
	case r.State != v1alpha1.RunRunning && r.Since == nil:
		r.Since = &metav1.Time{Time: now}
	}
}
