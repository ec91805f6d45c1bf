package report

import (
	"sort"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/key"
	"github.com/rehearsal-dev/rehearsal/pkg/legible"
)

const (
	// plainUpTo is the maximum number of jobs that are listed without groups.
	plainUpTo = 20
	// groupFrom is the minimum size of a group.
	groupFrom = 5
	// maxExamples is the number of names that are shown of a group.
	maxExamples = 3
)

// jobGroup has jobs with something in common.
type jobGroup struct{ jobs []PlanJob }

// group groups the jobs with the same key, the largest groups first, and returns the rest
// in their order.
func group(jobs []PlanJob, of func(PlanJob) string) (groups []jobGroup, rest []PlanJob) {
	if len(jobs) <= plainUpTo {
		return nil, jobs
	}
	keys := make([]string, len(jobs))
	size := map[string]int{}
	for i, j := range jobs {
		keys[i] = of(j)
		size[keys[i]]++
	}
	index := map[string]int{}
	for i, j := range jobs {
		if size[keys[i]] < groupFrom {
			rest = append(rest, j)
			continue
		}
		at, ok := index[keys[i]]
		if !ok {
			at = len(groups)
			index[keys[i]] = at
			groups = append(groups, jobGroup{})
		}
		groups[at].jobs = append(groups[at].jobs, j)
	}
	sort.SliceStable(groups, func(i, j int) bool { return len(groups[i].jobs) > len(groups[j].jobs) })
	return groups, rest
}

// cause returns the same string for jobs that are affected by the same change. All new jobs
// are treated as one cause: to distinguish them would not help.
func cause(j PlanJob) string {
	if j.Change == changeNew {
		return j.Change
	}
	parts := []string{j.Change}
	for _, r := range j.Reasons {
		parts = append(parts, r.File, r.Path, r.Old, r.New)
	}
	return key.Of(parts...)
}

// size counts the jobs, by their type if they share one.
func (g jobGroup) size() string {
	noun := g.jobs[0].Type
	for _, j := range g.jobs {
		if j.Type != noun {
			return plural(len(g.jobs), "job")
		}
	}
	switch noun {
	case "presubmit", "postsubmit", "periodic":
		return plural(len(g.jobs), noun)
	}
	return plural(len(g.jobs), "job")
}

// where counts the repositories in plain text, or names the only one.
func (g jobGroup) where() string {
	repos := map[string]bool{}
	for _, j := range g.jobs {
		if j.Repo != "" {
			repos[j.Repo] = true
		}
	}
	switch len(repos) {
	case 0:
		return ""
	case 1:
		for repo := range repos {
			return "of " + quote(repo)
		}
	}
	return "of " + plural(len(repos), "repository")
}

// title says how many jobs there are, and where.
func (g jobGroup) title() string {
	return strings.TrimSpace("**" + g.size() + "** " + text(g.where()))
}

// cause says what affects the jobs.
func (g jobGroup) cause() string {
	j := g.jobs[0]
	if j.Change != changeNew {
		return strings.Join(because(j, comment.reasonAndFile), "; ")
	}
	switch files := g.files(); len(files) {
	case 0:
		return "new jobs"
	case 1:
		return "new jobs, in " + code(legible.Clip(files[0], maxName))
	default:
		return "new jobs, in " + plural(len(files), "file")
	}
}

// files returns the files of the reasons, each once, in the order of the jobs.
func (g jobGroup) files() []string {
	var files []string
	seen := map[string]bool{}
	for _, j := range g.jobs {
		for _, r := range j.Reasons {
			if r.File != "" && !seen[r.File] {
				seen[r.File] = true
				files = append(files, r.File)
			}
		}
	}
	return files
}

// examples names some of the jobs, from as many repositories as possible.
func (g jobGroup) examples() string {
	var first, more []string
	seen := map[string]bool{}
	for _, j := range g.jobs {
		if len(first) == maxExamples {
			break
		}
		if seen[j.Repo] {
			if len(more) < maxExamples {
				more = append(more, planName(j))
			}
			continue
		}
		seen[j.Repo] = true
		first = append(first, planName(j))
	}
	names := append(first, more...)
	return "For example " + strings.Join(names[:min(len(names), maxExamples)], ", ") + "."
}
