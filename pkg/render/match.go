package render

import (
	"slices"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// Matches says whether a name in a command means this job: its name, that and a
// branch (`name@branch`), or either with asterisks. A branch is the one that is
// rehearsed, or one of those that the job is configured for.
func (j Job) Matches(name string) bool {
	return matchesTarget(name, j.Name, append([]string{j.Branch}, j.Branches...)...)
}

// MatchName says whether a name in a command means this row of a run.
func MatchName(name string, job run.Job) bool {
	return matchesTarget(name, job.Name, job.Branch)
}

// IsPattern says that a name in a command may mean any number of jobs.
func IsPattern(name string) bool { return strings.Contains(name, "*") }

func matchesTarget(wanted, name string, branches ...string) bool {
	wantedName, wantedBranch, at := strings.Cut(wanted, "@")
	if !wildcard(wantedName, name) {
		return false
	}
	return !at || slices.ContainsFunc(branches, func(branch string) bool {
		return branch != "" && wildcard(wantedBranch, branch)
	})
}

// wildcard says whether an asterisk, for any number of characters, makes the
// pattern fit the whole string. What stands between two asterisks is taken where
// it is found first: nothing that comes later fits better elsewhere, so the time
// is bounded by the product of the lengths.
func wildcard(pattern, s string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == s
	}
	first, last := parts[0], parts[len(parts)-1]
	if len(s) < len(first)+len(last) || !strings.HasPrefix(s, first) || !strings.HasSuffix(s, last) {
		return false
	}
	s = s[len(first) : len(s)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s = s[i+len(part):]
	}
	return true
}
