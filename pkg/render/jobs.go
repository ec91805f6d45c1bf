package render

import (
	"regexp"
	"slices"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
	"sigs.k8s.io/prow/pkg/config"
)

// Jobs decides for each affected job whether and under which names it can be
// rehearsed. Names depend on all affected jobs, not on those of one run: the
// same job has the same name in every run of a head. The order is kept.
func Jobs(list []affected.Job, in Input) []Job {
	jobs := make([]Job, len(list))
	for i := range list {
		jobs[i] = newJob(list[i], in)
	}
	nameApart(jobs)
	return jobs
}

// NeedDefaultBranch lists the target repositories (org/repo, sorted) whose
// default branch decides whether one of the jobs can be rehearsed.
func NeedDefaultBranch(list []affected.Job, in Input) []string {
	in.DefaultBranches = nil
	var repos []string
	for i := range list {
		if list[i].Presubmit == nil || !rehearsable(list[i]) || targetsConfigRepo(list[i], in) {
			continue
		}
		if plainBranch(list[i].Presubmit.Brancher) == "" {
			repos = append(repos, list[i].Repo)
		}
	}
	slices.Sort(repos)
	return slices.Compact(repos)
}

func newJob(a affected.Job, in Input) Job {
	j := Job{Job: a, Argument: a.Name, Problem: problem(a)}
	if j.Problem != "" {
		return j
	}
	if a.Presubmit != nil {
		j.Branch, j.Problem = branchOf(a, in)
	}
	if j.Problem != "" {
		return j
	}
	j.rehearsal = rehearsalName(in.Number, a.Name)
	j.short, j.context = contextOf(j, in)
	return j
}

func rehearsable(a affected.Job) bool { return problem(a) == "" }

// problem is why no job of this kind is rehearsed, on whatever branch.
func problem(a affected.Job) string {
	base := a.Base()
	switch {
	case a.Type == prowapi.PostsubmitJob:
		return "postsubmits publish and deploy: they are listed, never run"
	case a.Presubmit == nil && a.Periodic == nil:
		return "jobs of type " + string(a.Type) + " are not rehearsed"
	case base.Agent != string(prowapi.KubernetesAgent):
		return "agent " + base.Agent + ": only kubernetes jobs are rehearsed"
	case base.Spec == nil || len(base.Spec.Containers) == 0:
		return "the job has no pod spec"
	case base.Hidden:
		return "hidden: its output must not appear on a pull request"
	}
	if org, repo := splitRepo(a.Repo); a.Presubmit != nil && (org == "" || repo == "") {
		return "its target " + a.Repo + " is not a repository"
	}
	return ""
}

// branchOf is the branch of the target repository that a presubmit is rehearsed
// on, or why there is none.
func branchOf(a affected.Job, in Input) (branch, problem string) {
	if targetsConfigRepo(a, in) {
		if !a.Presubmit.Brancher.ShouldRun(in.BaseRef) {
			return "", "it does not run on " + in.BaseRef + ", the branch of this pull request"
		}
		return in.BaseRef, ""
	}
	if branch = plainBranch(a.Presubmit.Brancher); branch != "" {
		return branch, ""
	}
	branch = in.DefaultBranches[a.Repo]
	switch {
	case branch == "":
		return "", "it names no single branch, and the default branch of " + a.Repo + " is not known"
	case !a.Presubmit.Brancher.ShouldRun(branch):
		return "", "it names no single branch, and does not run on " + branch + ", the default branch of " + a.Repo
	}
	return branch, ""
}

func targetsConfigRepo(a affected.Job, in Input) bool {
	return a.Presubmit != nil && in.isConfigRepo(splitRepo(a.Repo))
}

var (
	unanchor  = strings.NewReplacer("^", "", "$", "", `\`, "")
	plainName = regexp.MustCompile(`^[\w./-]+$`)
)

// plainBranch is the first entry of branches that is one branch's name. Entries
// are regular expressions: `^v\d$` looks plain once unescaped, but the job does
// not run on a branch `vd`.
func plainBranch(b config.Brancher) string {
	for _, entry := range b.Branches {
		branch := unanchor.Replace(entry)
		if plainName.MatchString(branch) && b.ShouldRun(branch) {
			return branch
		}
	}
	return ""
}

// splitRepo splits at the last slash: Gerrit's organisations are URLs.
func splitRepo(repo string) (org, name string) {
	i := strings.LastIndexByte(repo, '/')
	if i < 0 {
		return "", repo
	}
	return repo[:i], repo[i+1:]
}
