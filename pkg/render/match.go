package render

import (
	"slices"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/gate"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// Matches reports whether a name in a command means this job: its name, name and branch
// (`name@branch`), or either with asterisks. The branch is the rehearsed one, or one that
// the job is configured for.
func (j Job) Matches(name string) bool {
	return matchesTarget(name, j.Name, append([]string{j.Branch}, j.Branches...)...)
}

// MatchName reports whether a name in a command means this job of a run.
func MatchName(name string, job run.Job) bool {
	return matchesTarget(name, job.Name, job.Branch)
}

// IsPattern reports whether a name in a command can mean any number of jobs.
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
