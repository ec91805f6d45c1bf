package render

import (
	"cmp"
	"slices"
	"strings"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/key"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// Checkouts lists the branches and tags of other repositories that rehearsals of the jobs
// check out, sorted and without SHA. Their commits belong in Input.Tips. Without an
// entry there, each pod checks out the latest commit.
func Checkouts(jobs []Job, in Input) []run.Checkout {
	in.Tips = nil
	var out []run.Checkout
	for _, job := range jobs {
		if job.Problem != "" {
			continue
		}
		out = append(out, pins(slices.DeleteFunc(extraRefs(job, in), func(ref prowapi.Refs) bool { return !pinnable(ref) }))...)
	}
	slices.SortFunc(out, compareCheckouts)
	return slices.Compact(out)
}

// TipKey returns the key in Input.Tips for a branch or tag of org/repo.
func TipKey(repo, ref string) string { return key.Of(repo, ref) }

// pins returns the checkouts of references, sorted.
func pins(refs []prowapi.Refs) []run.Checkout {
	var out []run.Checkout
	for _, ref := range refs {
		out = append(out, run.Checkout{Repo: repoName(ref), Ref: ref.BaseRef, SHA: ref.BaseSHA})
	}
	slices.SortFunc(out, compareCheckouts)
	return out
}

func compareCheckouts(a, b run.Checkout) int {
	return cmp.Or(strings.Compare(a.Repo, b.Repo), strings.Compare(a.Ref, b.Ref), strings.Compare(a.SHA, b.SHA))
}

func repoName(ref prowapi.Refs) string { return ref.Org + "/" + ref.Repo }

// pinnable reports whether a reference means the current commit of a branch or tag of a
// repository on GitHub. Its clone URL may be that of a mirror, which has the same
// commits, but not that of another repository.
func pinnable(ref prowapi.Refs) bool {
	if ref.BaseRef == "" || ref.BaseSHA != "" || len(ref.Pulls) > 0 || strings.Contains(ref.Org, "://") {
		return false
	}
	from := strings.TrimSuffix(strings.TrimSuffix(ref.CloneURI, "/"), ".git")
	name := repoName(ref)
	i := len(from) - len(name)
	return from == "" || i > 0 && strings.EqualFold(from[i:], name) && (from[i-1] == '/' || from[i-1] == ':')
}
