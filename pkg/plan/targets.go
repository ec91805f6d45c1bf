package plan

import (
	"slices"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
)

// knownTargets returns the repositories that affected jobs are about or check out, if a
// job at base is about them. They are sorted. A repository that a periodic job checks out
// is not one that it is about, because anybody can name it there.
func knownTargets(base *affected.Revision, jobs []affected.Job) []string {
	var out []string
	asked := map[string]bool{}
	ask := func(repo string) {
		if known := asked[repo]; known || repo == "" {
			return
		}
		asked[repo] = true
		if base.Targets(repo) {
			out = append(out, repo)
		}
	}
	for i := range jobs {
		j := &jobs[i]
		ask(j.Repo)
		if j.Outline || j.Effective.IsZero() {
			continue
		}
		for _, ref := range j.Effective.Base().ExtraRefs {
			ask(ref.Org + "/" + ref.Repo)
		}
	}
	slices.Sort(out)
	return out
}
