// Package report turns what is known about a rehearsal into what a person
// reads: the comments on the pull request, the same in plain text for a log,
// and the lines of a job's log that say why it failed.
//
// It is pure: no I/O, no clock, no clients. Everything that comes from a job,
// a pull request or a user passes through the escaping in escape.go before it
// becomes part of a comment.
package report

import (
	"sort"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// Verdict is what became of one job of a run.
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

var verdictOrder = map[Verdict]int{
	Failed: 0, TimedOut: 1, Errored: 2, Unschedulable: 3, Aborted: 4,
	NotStarted: 5, Running: 6, Queued: 7, Passed: 8,
}

var verdictIcon = map[Verdict]string{
	Failed: "❌", TimedOut: "⌛", Errored: "💥", Unschedulable: "🚧", Aborted: "🛑",
	NotStarted: "⚪", Running: "⏳", Queued: "⏳", Passed: "✅",
}

// words is what people call the verdict.
func (v Verdict) words() string {
	if v == Unschedulable {
		return "cannot be scheduled"
	}
	return string(v)
}

// wordsOfMany is the same behind a plural.
func (v Verdict) wordsOfMany() string {
	switch v {
	case Aborted:
		return "were aborted"
	case NotStarted, Running, Queued:
		return "are " + string(v)
	}
	return v.words()
}

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
	run.Job
	Verdict Verdict
	// Detail is the reason behind the verdict in plain text, where there is
	// one beyond the verdict itself.
	Detail string
	// Started and Finished are zero where that has not happened.
	Started  time.Time
	Finished time.Time
	// URL leads to the job's log.
	URL string
	// Excerpt holds the lines of the job's log that matter, see Excerpt.
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

// Tally counts the jobs of a run.
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

// sorted returns the outcomes in the order of the report: the worst first, then
// by name.
func sorted(outcomes []Outcome) []Outcome {
	out := append([]Outcome(nil), outcomes...)
	sort.SliceStable(out, func(i, j int) bool {
		a, b := out[i], out[j]
		if x, y := verdictOrder[a.Verdict], verdictOrder[b.Verdict]; x != y {
			return x < y
		}
		if a.Name != b.Name {
			return a.Name < b.Name
		}
		if a.Repo != b.Repo {
			return a.Repo < b.Repo
		}
		return a.Branch < b.Branch
	})
	return out
}
