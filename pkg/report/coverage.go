package report

import (
	"fmt"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/legible"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// coverage says what a selection of jobs covers and what it leaves out, as a sentence of
// plain text in which `…` marks code.
func coverage(who string, c *run.Coverage) string {
	var covered, left []string
	for _, a := range c.Of {
		if a.Missing == 0 {
			covered = append(covered, whole(a.Total)+" "+many(a.What))
			continue
		}
		covered = append(covered, fmt.Sprintf("%d of %d %s", a.Total-a.Missing, a.Total, many(a.What)))
		left = append(left, examples(a))
	}
	s := who + " covers " + enumerate(covered)
	switch {
	case len(covered) == 0:
		s = "The jobs that are left out have the same cause and target as those that are chosen"
	case len(left) > 0:
		s += "; left out: " + strings.Join(left, "; ")
	}
	return legible.Clip(sentence(s), maxDetail)
}

func whole(n int) string {
	if n == 2 {
		return "both"
	}
	return fmt.Sprint("all ", n)
}

// many returns the plural of an aspect.
func many(what string) string {
	switch what {
	case "repository":
		return "repositories"
	case "branch":
		return "branches"
	}
	return what + "s"
}

// examples names some of the missing values.
func examples(a run.Aspect) string {
	var quoted []string
	for _, value := range a.Examples {
		quoted = append(quoted, "`"+strings.ReplaceAll(value, "`", "'")+"`")
	}
	switch more := a.Missing - len(quoted); {
	case a.Missing == 1:
		return a.What + " " + strings.Join(quoted, "")
	case more > 0:
		return fmt.Sprintf("%s %s and %d more", many(a.What), strings.Join(quoted, ", "), more)
	}
	return many(a.What) + " " + enumerate(quoted)
}

func enumerate(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " and " + list[len(list)-1]
}
