package run

import "time"

// Verdict is what became of one job of a
type Verdict string

// The verdicts, the worst first: this is the order of the rows of a report.
const (
	// Failed ran and did not succeed.
	Failed Verdict = "failed"
	// TimedOut ran for longer than it may.
	TimedOut Verdict = "timed out"
	// Errored could not be run by Prow, or was lost by it.
	Errored Verdict = "errored"
	// Unschedulable found no node in time.
	Unschedulable Verdict = "unschedulable"
	// Aborted was ended on somebody's word.
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

// Ended says that Prow will not change the verdict any more.
func (v Verdict) Ended() bool {
	switch v {
	case NotStarted, Running, Queued:
		return false
	}
	return true
}

// Bad says that the job ended by itself, and not well.
func (v Verdict) Bad() bool {
	switch v {
	case Failed, TimedOut, Errored, Unschedulable:
		return true
	}
	return false
}

// Outcome is one job of a run and what became of it.
type Outcome struct {
	Job
	Verdict Verdict
	// Detail is the reason behind the verdict in plain text, where there is
	// one beyond the verdict itself.
	Detail string
	// Started and Finished are zero where that has not happened.
	Started  time.Time
	Finished time.Time
	// URL leads to the job's log.
	URL string
	// Excerpt holds the lines of the job's log that matter, see pkg/joblog.
	Excerpt []string
}

// Settled says that Prow is done with the job: a job that was told to abort
// still has a pod until Prow has deleted it.
func (o Outcome) Settled() bool { return o.Verdict.Ended() && !o.Finished.IsZero() }

// Duration is how long the job took; zero when it has not ended.
func (o Outcome) Duration() time.Duration {
	if o.Started.IsZero() || o.Finished.IsZero() || o.Finished.Before(o.Started) {
		return 0
	}
	return o.Finished.Sub(o.Started)
}

// Tally counts the jobs of a
type Tally struct {
	Total      int
	Passed     int
	Failed     int // every kind of bad end
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

// AllPassed is the verdict on the run: every job of it must pass.
func (t Tally) AllPassed() bool { return t.Total > 0 && t.Passed == t.Total }

// Unfinished counts the jobs whose verdict is still to come.
func (t Tally) Unfinished() int { return t.NotStarted + t.Running + t.Queued }
