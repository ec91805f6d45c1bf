package render

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
	"sigs.k8s.io/prow/pkg/config"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/gate"
)

// Jobs decides for each affected job whether it can be rehearsed, and its names. The
// names depend on all affected jobs, not on those of one run: a job has the same names in
// every run of a head. The order is kept.
func Jobs(list []affected.Job, in Input) []Job {
	jobs := make([]Job, len(list))
	for i := range list {
		jobs[i] = newJob(list[i], in)
	}
	nameApart(jobs)
	return jobs
}

// NeedDefaultBranch lists the target repositories (org/repo, sorted) whose default branch
// decides whether one of the jobs can be rehearsed.
func NeedDefaultBranch(list []affected.Job, in Input) []string {
	in.DefaultBranches = nil
	var repos []string
	for i := range list {
		brancher := brancherOf(list[i])
		if brancher == nil || !rehearsable(list[i]) || targetsConfigRepo(list[i], in) {
			continue
		}
		if plainBranch(*brancher) == "" {
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
	if brancher := brancherOf(a); brancher != nil {
		j.Branch, j.Problem = branchOf(a, *brancher, in)
	}
	if j.Problem == "" && in.Gates != nil {
		j.Problem, j.Hold = in.Gates.Findings[a.Key()].Excluded, in.Gates.hold(a.Key())
	}
	if j.Problem != "" {
		return j
	}
	j.rehearsal = rehearsalName(in.Number, a.Name)
	j.short, j.context = contextOf(j, in)
	return j
}

func rehearsable(a affected.Job) bool { return problem(a) == "" }

// problem returns why a job cannot be rehearsed on any branch; empty if it can.
func problem(a affected.Job) string {
	base := a.Base()
	switch {
	case a.Effective.IsZero():
		return "jobs of type " + string(a.Type) + " are not rehearsed"
	case base.Agent != string(prowapi.KubernetesAgent):
		return "agent " + base.Agent + ": only kubernetes jobs are rehearsed"
	case base.Spec == nil || len(base.Spec.Containers) == 0:
		return "the job has no pod spec"
	case base.Hidden:
		return "hidden: its output must not appear on a pull request"
	}
	if org, repo := splitRepo(a.Repo); a.Periodic == nil && (org == "" || repo == "") {
		return "its target " + a.Repo + " is not a repository"
	}
	if a.Postsubmit != nil && !a.Outline && !optedIn(a.Baseline) {
		return "postsubmits publish and deploy: to rehearse one, first merge the label `" + optIn + ": \"true\"` for it, then name it"
	}
	return ""
}

// optIn is the label or annotation that lets a postsubmit be rehearsed. It is read from
// the base branch. The openshift plugin has its own label.
const (
	optIn          = "rehearsal.dev/can-be-rehearsed"
	openshiftOptIn = "pj-rehearse.openshift.io/can-be-rehearsed"
)

func optedIn(baseline []affected.Effective) bool {
	return len(baseline) > 0 && !slices.ContainsFunc(baseline, func(e affected.Effective) bool {
		base := e.Base()
		return base.Labels[optIn] != "true" && base.Annotations[optIn] != "true" && base.Labels[openshiftOptIn] != "true"
	})
}

// Complete completes the jobs of a long plan, given their effective configurations
// (plan.Result.Effective). They keep their names and their order. Jobs that are not in
// the list stay unchanged.
func Complete(jobs []Job, effective []affected.Job) []Job {
	read := map[string]affected.Job{}
	for _, a := range effective {
		read[a.Key()] = a
	}
	out := slices.Clone(jobs)
	for i := range out {
		if a, ok := read[out[i].Key()]; ok {
			out[i].Job = a
			out[i].Problem = cmp.Or(out[i].Problem, problem(a))
		}
	}
	return out
}

// Regate holds jobs that, now that they are complete, request more than was shown for
// approval. Again are the findings about the complete jobs.
func Regate(jobs []Job, again map[string]gate.Finding, in Input) []Job {
	out := slices.Clone(jobs)
	if in.Gates == nil {
		return out
	}
	for i := range out {
		j := &out[i]
		f := again[j.Key()]
		shown := in.Gates.Findings[j.Key()]
		j.Problem = cmp.Or(j.Problem, f.Excluded)
		j.Hold.Asks = append(slices.Clone(j.Hold.Asks), f.Beyond(shown)...)
		if f.New != "" && !in.Gates.HeadApproved {
			j.Hold.New = f.New
		}
	}
	return out
}

// brancherOf returns the branches of a job; nil for periodics.
func brancherOf(a affected.Job) *config.Brancher {
	switch {
	case a.Presubmit != nil:
		return &a.Presubmit.Brancher
	case a.Postsubmit != nil:
		return &a.Postsubmit.Brancher
	}
	return nil
}

// branchOf returns the branch of the target repository that a job is rehearsed on, or why
// there is none.
func branchOf(a affected.Job, brancher config.Brancher, in Input) (branch, problem string) {
	if targetsConfigRepo(a, in) {
		if !brancher.ShouldRun(in.BaseRef) {
			return "", "it does not run on " + in.BaseRef + ", the branch of this pull request"
		}
		return in.BaseRef, ""
	}
	if branch = plainBranch(brancher); branch != "" {
		return branch, ""
	}
	branch = in.DefaultBranches[a.Repo]
	switch why := in.Unknown[a.Repo]; {
	case branch == "" && why != "":
		return "", "it names no single branch, and the default branch of " + a.Repo + " is not known: " + why
	case branch == "":
		return "", "it names no single branch, and the default branch of " + a.Repo + " is not known"
	case !plainName.MatchString(branch):
		return "", "it names no single branch, and the default branch of " + a.Repo + " has a name that cannot be checked out"
	case !brancher.ShouldRun(branch):
		return "", "it names no single branch, and does not run on " + branch + ", the default branch of " + a.Repo
	}
	return branch, ""
}

func targetsConfigRepo(a affected.Job, in Input) bool {
	return a.Repo != "" && in.isConfigRepo(splitRepo(a.Repo))
}

// targetsAnother reports whether a job's rehearsal must check out a target repository
// beside the pull request.
func targetsAnother(a affected.Job, in Input) bool {
	return a.Repo != "" && !targetsConfigRepo(a, in)
}

var (
	unanchor  = strings.NewReplacer("^", "", "$", "", `\`, "")
	plainName = regexp.MustCompile(`^[\w.][\w./-]*$`)
)

// plainBranch returns the first entry of branches that is the name of one branch. Entries
// are regular expressions: `^v\d$` looks plain once unescaped, but the job does not run
// on a branch `vd`. A name that begins with a dash would be an option to git.
func plainBranch(b config.Brancher) string {
	for _, entry := range b.Branches {
		branch := unanchor.Replace(entry)
		if plainName.MatchString(branch) && b.ShouldRun(branch) {
			return branch
		}
	}
	return ""
}

// splitRepo splits at the last slash, because Gerrit's organisations are URLs.
func splitRepo(repo string) (org, name string) {
	i := strings.LastIndexByte(repo, '/')
	if i < 0 {
		return "", repo
	}
	return repo[:i], repo[i+1:]
}
