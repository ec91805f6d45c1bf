// Package check finds out whether what is around an installation is as it has to
// be: GitHub, Prow, Tekton and the cluster. It changes nothing. What it has to
// say is a sentence for each thing, and what to do where something is missing.
package check

import (
	"fmt"
	"io"
	"slices"
)

// State is what became of a check.
type State string

// The states. What could not be found out is not fine.
const (
	Fine    State = "ok"
	Missing State = "MISSING"
	Unknown State = "unknown"
)

// Finding is the result of one check.
type Finding struct {
	Area  string
	State State
	// Text says what is so, Do what to do about it.
	Text, Do string
}

// area collects the findings about one thing.
type area struct {
	name     string
	findings []Finding
}

func (a *area) fine(format string, args ...any) {
	a.findings = append(a.findings, Finding{Area: a.name, State: Fine, Text: fmt.Sprintf(format, args...)})
}

func (a *area) missing(do, format string, args ...any) {
	a.findings = append(a.findings, Finding{Area: a.name, State: Missing, Text: fmt.Sprintf(format, args...), Do: do})
}

func (a *area) unknown(do, format string, args ...any) {
	a.findings = append(a.findings, Finding{Area: a.name, State: Unknown, Text: fmt.Sprintf(format, args...), Do: do})
}

// AllFine says that nothing is missing, and nothing unknown.
func AllFine(findings []Finding) bool {
	return !slices.ContainsFunc(findings, func(f Finding) bool { return f.State != Fine })
}

// Write writes findings for people, by area, in the order in which they came.
func Write(out io.Writer, findings []Finding) error {
	last, bad := "", 0
	for _, f := range findings {
		if f.Area != last {
			if last != "" {
				if _, err := fmt.Fprintln(out); err != nil {
					return err
				}
			}
			if _, err := fmt.Fprintln(out, f.Area); err != nil {
				return err
			}
			last = f.Area
		}
		if f.State != Fine {
			bad++
		}
		if _, err := fmt.Fprintf(out, "  %-7s  %s\n", f.State, f.Text); err != nil {
			return err
		}
		if f.Do != "" {
			if _, err := fmt.Fprintf(out, "           → %s\n", f.Do); err != nil {
				return err
			}
		}
	}
	_, err := fmt.Fprintf(out, "\n%s\n", sum(len(findings), bad))
	return err
}

func sum(all, bad int) string {
	switch bad {
	case 0:
		return fmt.Sprintf("All %d checks are fine.", all)
	case 1:
		return fmt.Sprintf("1 of %d checks is not fine.", all)
	}
	return fmt.Sprintf("%d of %d checks are not fine.", bad, all)
}
