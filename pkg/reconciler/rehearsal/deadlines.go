package rehearsal

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
)

// stage is what a run, a pull request or a Rehearsal is at as long as it is not
// through with it.
type stage string

const (
	// stageWaiting: a pending run waits for its plan, for room, or for GitHub.
	stageWaiting stage = "WaitsToStart"
	// stageHindered: errors keep a pending run from starting, or from being refused.
	stageHindered stage = "Hindered"
	// stageRunning: the jobs of a run go on. Each run has its own time, see run.Manifest;
	// this is for those of which that is not known.
	stageRunning stage = "Running"
	// stageAborting: the jobs of a run are told to stop.
	stageAborting stage = "Aborting"
	// stageUnreported: a run is over, and GitHub does not take the report.
	stageUnreported stage = "Unreported"
	// stageUnplanned: errors keep the affected jobs of a head from being known.
	stageUnplanned stage = "Unplanned"
	// stageDeleting: a Rehearsal is deleted, and what it started goes on.
	stageDeleting stage = "Deleting"
)

// lasts is how long each stage lasts at most. What comes after it needs no call to
// succeed: no error puts it off.
var lasts = map[stage]time.Duration{
	stageWaiting:    waitTime,
	stageHindered:   time.Hour,
	stageRunning:    waitTime,
	stageAborting:   10 * time.Minute,
	stageUnreported: 24 * time.Hour,
	stageUnplanned:  time.Hour,
	stageDeleting:   10 * time.Minute,
}

// waitTime is longer than jobs run by default: one that waits for room waits for
// those of others.
const waitTime = 48 * time.Hour

// abortTime is how much later a run ends at the latest than it is due: that long its
// end may take.
const abortTime = 2 * time.Minute

// due is when a run has to leave its state; zero when it need not.
func due(r *v1alpha1.RunStatus) time.Time {
	switch {
	case r.State.Done() && r.Unreported:
		return endOf(stageUnreported, r.DoneAt)
	case r.State.Done():
		return time.Time{}
	case r.State == v1alpha1.RunPending:
		return earliest(endOf(stageWaiting, r.Since), endOf(stageHindered, r.HinderedSince))
	case r.State == v1alpha1.RunAborting:
		return earliest(endOf(stageAborting, r.Since), jobsEnd(r))
	}
	return jobsEnd(r)
}

// jobsEnd is when the jobs of a run that has started have to be done.
func jobsEnd(r *v1alpha1.RunStatus) time.Time {
	if r.Deadline != nil {
		return r.Deadline.Time
	}
	return endOf(stageRunning, r.StartedAt)
}

// endOf is when a stage is over that began at a time; zero for one that did not.
func endOf(s stage, since *metav1.Time) time.Time {
	if since == nil {
		return time.Time{}
	}
	return since.Add(lasts[s])
}

func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// begin notes since when a run is in its state, where nothing else does.
func begin(r *v1alpha1.RunStatus, now time.Time) {
	switch {
	case r.State == v1alpha1.RunRunning && r.StartedAt == nil:
		r.StartedAt = &metav1.Time{Time: now}
	case r.State != v1alpha1.RunRunning && r.Since == nil:
		r.Since = &metav1.Time{Time: now}
	}
}
