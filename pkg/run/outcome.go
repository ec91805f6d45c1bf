package run

import "time"

// Verdict is how one job of a run ended, or its current state.
type Verdict string

// The verdicts, the worst first, which is the order of the rows in a report.
const (
	// Failed ran and did not succeed.
	Failed Verdict = "failed"
	// TimedOut ran longer than allowed.
	TimedOut Verdict = "timed out"
	// Errored could not be run by Prow, or was lost by Prow.
	Errored Verdict = "errored"
	// Unschedulable found no node in time.
	Unschedulable Verdict = "unschedulable"
	// Aborted was ended on request.
	Aborted Verdict = "aborted"
	// NotStarted has no ProwJob.
	NotStarted Verdict = "not started"
	// Running has a pod, or is about to have one.
	Running Verdict = "running"
	// Queued waits for Prow to start it.
	Queued Verdict = "queued"
	// Passed ran and succeeded.
	Passed Verdict = "passed"
)

// Ended reports whether the verdict is final.
func (v Verdict) Ended() bool {
	switch v {
	case NotStarted, Running, Queued:
		return false
	}
	return true
}

// Bad reports whether the job ended by itself, without success.
func (v Verdict) Bad() bool {
	switch v {
	case Failed, TimedOut, Errored, Unschedulable:
		return true
	}
	return false
}

// Outcome is all that is known about the end of one job of a run.
type Outcome struct {
	Job
	Verdict Verdict
	// Detail is the reason for the verdict in plain text, if there is more to say than the
	// verdict.
	Detail string
	// Started and Finished are zero if that has not happened.
	Started  time.Time
	Finished time.Time
	// URL is the page of the job's log.
	URL string
	// Excerpt has the relevant lines of the job's log, see pkg/joblog.
	Excerpt []string
}

// Settled reports whether Prow is done with the job. An aborted job still has a pod until
// Prow has deleted it.
func (o Outcome) Settled() bool { return o.Verdict.Ended() && !o.Finished.IsZero() }

// Duration returns how long the job took; zero if it has not ended.
func (o Outcome) Duration() time.Duration {
	if o.Started.IsZero() || o.Finished.IsZero() || o.Finished.Before(o.Started) {
		return 0
	}
	return o.Finished.Sub(o.Started)
}

// Tally counts the jobs of a run by verdict.
type Tally struct {
	Total      int
	Passed     int
	Failed     int // all bad verdicts
	Aborted    int
	NotStarted int
	Running    int
	Queued     int
}

// Count tallies the outcomes.
func Count(outcomes []Outcome) Tally {
	t := Tally{Total: len(outcomes)}
	for _, o := range outcomes {
		switch o.Verdict {
		case Passed:
			t.Passed++
		case Aborted:
			t.Aborted++
		case NotStarted:
			t.NotStarted++
		case Running:
			t.Running++
		case Queued:
			t.Queued++
		default:
			t.Failed++
		}
	}
	return t
}

// AllPassed reports whether the run passed: every job must have passed.
func (t Tally) AllPassed() bool { return t.Total > 0 && t.Passed == t.Total }

// Unfinished counts the jobs without a final verdict.
func (t Tally) Unfinished() int { return t.NotStarted + t.Running + t.Queued }
