package render

import (
	"slices"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/gate"
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
	if !gate.Wildcard(wantedName, name) {
		return false
	}
	return !at || slices.ContainsFunc(branches, func(branch string) bool {
		return branch != "" && gate.Wildcard(wantedBranch, branch)
	})
}
