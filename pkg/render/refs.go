package render

import (
	"fmt"
	"slices"
	"strings"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
	"sigs.k8s.io/prow/pkg/pod-utils/clone"
)

// extraRefs returns the references to the repositories that the original job checks out:
// its target, at the rehearsed branch, and its own extra references. The config
// repository is omitted: a repository can be cloned only once, and the pull request's
// checkout is that clone.
func extraRefs(job Job, in Input) []prowapi.Refs {
	var out []prowapi.Refs
	for _, ref := range job.Base().ExtraRefs {
		if !in.isConfigRepo(ref.Org, ref.Repo) {
			out = append(out, *ref.DeepCopy())
		}
	}
	if targetsAnother(job.Job, in) {
		out = append(out, targetRef(job, in))
	}
	if workDir := workDirIndex(job, out, in); workDir >= 0 {
		out[workDir].WorkDir = true
	}
	for i := range out {
		if pinnable(out[i]) {
			out[i].BaseSHA = in.Tips[TipKey(repoName(out[i]), out[i].BaseRef)]
		}
	}
	return out
}

// targetRef moves the job's checkout settings, which are for the repository under test,
// to the reference. Its link is the one that pull requests on the target repository have.
// Without other settings, the link determines the clone URL and the path.
func targetRef(job Job, in Input) prowapi.Refs {
	base := job.Base()
	org, repo := splitRepo(job.Repo)
	return prowapi.Refs{
		Org: org, Repo: repo, RepoLink: repoLinkOf(job.Repo, in), BaseRef: job.Branch,
		PathAlias: base.PathAlias, CloneURI: base.CloneURI,
		SkipSubmodules: base.SkipSubmodules, CloneDepth: base.CloneDepth, SkipFetchHead: base.SkipFetchHead,
	}
}

// repoLinkOf returns the web page of a repository on the config repository's host; empty
// for repositories that are not on GitHub.
func repoLinkOf(name string, in Input) string {
	org, _ := splitRepo(name)
	if host, ok := strings.CutSuffix(in.repoLink(), "/"+in.Org+"/"+in.Repo); ok && !strings.Contains(org, "://") {
		return host + "/" + name
	}
	return ""
}

// workDirIndex returns the index of the reference that must become the working directory,
// or -1 if one already is, or if it is the checkout of the pull request. The job's own
// setting counts first, then its target repository, or for a periodic its first
// reference.
func workDirIndex(job Job, extra []prowapi.Refs, in Input) int {
	isWorkDir := func(ref prowapi.Refs) bool { return ref.WorkDir }
	switch {
	case slices.ContainsFunc(job.Base().ExtraRefs, isWorkDir):
		return -1
	case job.Repo == "" && len(extra) > 0:
		return 0
	case targetsAnother(job.Job, in):
		return len(extra) - 1
	}
	return -1
}

// configRepoAlias returns the path where the job expects the config repository, if the
// job itself checks it out.
func configRepoAlias(job Job, in Input) (string, bool) {
	for _, ref := range job.Base().ExtraRefs {
		if in.isConfigRepo(ref.Org, ref.Repo) {
			return ref.PathAlias, true
		}
	}
	return "", false
}

// checkRefs refuses two checkouts in the same place, which would make clonerefs fail.
func checkRefs(spec prowapi.ProwJobSpec) error {
	if dc := spec.DecorationConfig; dc == nil || dc.SkipCloning != nil && *dc.SkipCloning {
		return nil
	}
	seen := map[string]string{}
	for _, ref := range append([]prowapi.Refs{*spec.Refs}, spec.ExtraRefs...) {
		name := ref.Org + "/" + ref.Repo
		path := clone.PathForRefs("", ref)
		if other, ok := seen[path]; ok {
			return fmt.Errorf("%s and %s would be checked out in the same place, %s", other, name, path)
		}
		seen[path] = name
	}
	return nil
}
