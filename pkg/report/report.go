// Package report renders what is known about a rehearsal for people: the comments on the
// pull request, and the same in plain text for a log.
//
// It is pure: no I/O, no clock, no clients. Everything that comes from a job,
// a pull request or a user passes through the escaping in escape.go before it
// becomes part of a comment.
package report

import (
	"sort"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

var verdictOrder = map[run.Verdict]int{
	run.Failed: 0, run.TimedOut: 1, run.Errored: 2, run.Unschedulable: 3, run.Aborted: 4,
	run.NotStarted: 5, run.Running: 6, run.Queued: 7, run.Passed: 8,
}

var verdictIcon = map[run.Verdict]string{
	run.Failed: "❌", run.TimedOut: "⌛", run.Errored: "💥", run.Unschedulable: "🚧", run.Aborted: "🛑",
	run.NotStarted: "⚪", run.Running: "⏳", run.Queued: "⏳", run.Passed: "✅",
}

// words returns the usual words for a verdict.
func words(v run.Verdict) string {
	if v == run.Unschedulable {
		return "cannot be scheduled"
	}
	return string(v)
}

// wordsOfMany returns the words after a plural.
func wordsOfMany(v run.Verdict) string {
	switch v {
	case run.Aborted:
		return "were aborted"
	case run.NotStarted, run.Running, run.Queued:
		return "are " + string(v)
	}
	return words(v)
}

// sorted returns the outcomes in the order of the report: the worst first, then by name.
func sorted(outcomes []run.Outcome) []run.Outcome {
	out := append([]run.Outcome(nil), outcomes...)
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
