// Package check checks whether the surroundings of an installation are as they must be:
// GitHub, Prow, Tekton and the cluster. It changes nothing. Each finding is a sentence,
// with what to do if something is missing.
package check

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// State is the result of a check.
type State string

// The states. A check without a result is not fine.
const (
	Fine    State = "ok"
	Missing State = "MISSING"
	Unknown State = "unknown"
)

// Finding is the result of one check.
type Finding struct {
	Area  string
	State State
	// Text says what was found, Do what to do about it.
	Text, Do string
	// Repository is the repository, org/repo, of the finding; empty for none.
	Repository string
}

// area collects the findings of one area.
type area struct {
	name, repository string
	findings         []Finding
}

func (a *area) add(state State, do, format string, args ...any) {
	a.findings = append(a.findings, Finding{Area: a.name, State: state, Text: fmt.Sprintf(format, args...), Do: do, Repository: a.repository})
}

func (a *area) fine(format string, args ...any) { a.add(Fine, "", format, args...) }

func (a *area) missing(do, format string, args ...any) { a.add(Missing, do, format, args...) }

func (a *area) unknown(do, format string, args ...any) { a.add(Unknown, do, format, args...) }

// AllFine reports whether nothing is missing, and nothing unknown.
func AllFine(findings []Finding) bool {
	return !slices.ContainsFunc(findings, func(f Finding) bool { return f.State != Fine })
}

// Write writes findings for people, by area, in their order. A finding that several
// repositories share is written once.
func Write(out io.Writer, findings []Finding) error {
	var b strings.Builder
	last := ""
	lines := merged(findings)
	for _, f := range lines {
		if f.Area != last {
			if last != "" {
				b.WriteString("\n")
			}
			b.WriteString(f.Area + "\n")
			last = f.Area
		}
		fmt.Fprintf(&b, "  %-7s  %s\n", f.State, f.Text)
		if f.Do != "" {
			fmt.Fprintf(&b, "           → %s\n", f.Do)
		}
	}
	bad := 0
	for _, f := range lines {
		if f.State != Fine {
			bad++
		}
	}
	_, err := fmt.Fprintf(out, "%s\n%s\n", b.String(), sum(len(lines), bad))
	return err
}

// merged merges the equal findings of several repositories.
func merged(findings []Finding) []Finding {
	const place = "\x00"
	var kept []Finding
	names := map[Finding][]string{}
	for _, f := range findings {
		repository := f.Repository
		if f.Repository = ""; repository != "" {
			f.Text, f.Do = strings.ReplaceAll(f.Text, repository, place), strings.ReplaceAll(f.Do, repository, place)
		}
		if _, said := names[f]; !said || repository == "" {
			kept = append(kept, f)
		}
		names[f] = append(names[f], repository)
	}
	for i, f := range kept {
		kept[i].Text = strings.ReplaceAll(f.Text, place, several(names[f]))
		kept[i].Do = strings.ReplaceAll(f.Do, place, several(names[f]))
	}
	return kept
}

// named is how many repositories are listed by name.
const named = 3

func several(names []string) string {
	switch n := len(names); {
	case n == 1:
		return names[0]
	case n <= named:
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:named-1], ", "), len(names)-named+1)
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
