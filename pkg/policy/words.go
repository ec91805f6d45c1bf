package policy

import (
	"slices"
	"strings"
)

// Who describes who may give a command: "people with write access to `org/repo`". It
// is plain text in which `…` marks code.
func (c Config) Who(command Command, org, repo string) string {
	table := c.filled()
	rule, known := table.rules()[string(command)]
	if !known {
		return "nobody"
	}
	var ways []string
	for _, a := range rule.parse() {
		if words := a.words(org, repo); words != "" && !slices.Contains(ways, words) {
			ways = append(ways, words)
		}
	}
	if len(ways) == 0 {
		return "nobody"
	}
	separator := ", or "
	if slices.ContainsFunc(ways, func(w string) bool { return strings.Contains(w, ",") }) {
		separator = "; or "
	}
	return strings.Join(ways, separator)
}

// words describes an alternative: first the people, then further conditions on them, then
// the conditions on the pull request. An alternative that never holds has no words.
func (a alternative) words(org, repo string) string {
	var people, pull []string
	for _, c := range a {
		switch c.kind {
		case nobody:
			return ""
		case trustedAuthor:
			pull = append(pull, "its author is trusted")
		case label:
			pull = append(pull, "it has the label `"+c.arg+"`")
		case anyone:
		default:
			people = append(people, c.people(org, repo))
		}
	}
	s := "anybody"
	if len(people) > 0 {
		s = people[0]
		for i, p := range people[1:] {
			if i == 0 {
				s += " who are also "
			} else {
				s += " and "
			}
			s += p
		}
	}
	if len(pull) > 0 {
		s += ", if " + strings.Join(pull, " and ")
	}
	return s
}

// people describes those who meet a condition.
func (c condition) people(org, repo string) string {
	switch c.kind {
	case author:
		return "the author of the pull request"
	case member:
		return "members of `" + org + "`"
	case writer:
		return "people with write access to `" + org + "/" + repo + "`"
	case admin:
		return "administrators of `" + org + "/" + repo + "`"
	case approver:
		return "approvers of every changed file (OWNERS)"
	case rootApprover:
		return "approvers of the whole repository (top-level OWNERS)"
	case team:
		return "members of the team `" + c.arg + "`"
	}
	return "`" + c.arg + "`"
}
