package plan

import (
	"slices"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
)

// knownTargets are the repositories, of those that affected jobs are about or check
// out, that a job at base is about: sorted. What a periodic job checks out is not
// what it is about, since anybody can name it there.
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
