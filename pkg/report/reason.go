package report

import (
	"strings"
)

// Reason is one cause for a job to be affected.
type Reason struct {
	File, Path, Old, New string
}

const (
	maxReasons = 2
	maxValue   = 80
)

// what says in a table cell why a job is affected.
func what(j PlanJob) string {
	return strings.Join(because(j, comment.reason), "<br>")
}

// because says why a job is affected: first the kind of change, if it says something, then
// each reason as rendered by show, up to a limit.
func because(j PlanJob, show func(Reason) string) []string {
	var parts []string
	if word := changeWord(j.Change); word != j.Change || len(j.Reasons) == 0 {
		parts = append(parts, text(word))
	}
	if j.Change == changeNew {
		return parts
	}
	for i, r := range j.Reasons {
		if i == maxReasons {
			return append(parts, "and "+count(len(j.Reasons)-i)+" more")
		}
		if s := show(r); s != "" {
			parts = append(parts, s)
		}
	}
	return parts
}

// changeNew is the change of a new job; its only reason is its own name.
const changeNew = "new"

func changeWord(change string) string {
	switch change {
	case changeNew:
		return "new job"
	case "branches":
		return "other branches"
	}
	return change
}

func (m medium) reason(r Reason) string {
	s := m.name(r.Path, maxName)
	if s == "" {
		return m.name(r.File, maxName)
	}
	from, to := m.said(r.Old, maxValue), m.said(r.New, maxValue)
	switch {
	case from != "" && to != "":
		return s + ": " + from + " → " + to
	case to != "":
		return s + ": " + to
	case from != "":
		return s + ": was " + from
	}
	return s
}

// reasonAndFile renders a reason outside a table cell.
func (m medium) reasonAndFile(r Reason) string {
	s := m.reason(r)
	if r.Path == "" || r.File == "" {
		return s
	}
	return s + ", in " + m.name(r.File, maxName)
}
