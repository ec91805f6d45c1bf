package github

import (
	"cmp"
	"net/http"
)

// mergeRoutes are the calls that Prow's tide needs to merge.
var mergeRoutes = map[string]restHandler{
	"PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge": mergePull,
	// The older name of git/ref, which GitHub still supports.
	"GET /repos/{owner}/{repo}/git/refs/{ref...}": getRef,
}

// mergePull makes a merge commit. Other ways to merge are not supported.
func mergePull(r *restRequest) (answer, error) {
	p, err := r.pull()
	if err != nil {
		return answer{}, err
	}
	if err := r.mustAllow(p.repo, "write"); err != nil {
		return answer{}, err
	}
	in := struct {
		Title   string `json:"commit_title"`
		Message string `json:"commit_message"`
		SHA     string `json:"sha"`
		Method  string `json:"merge_method"`
	}{Method: "merge"}
	if len(r.body) > 0 {
		if err := r.decode(&in); err != nil {
			return answer{}, err
		}
	}
	switch {
	case !p.open() || p.draft:
		return answer{}, &apiError{Status: http.StatusMethodNotAllowed, Message: "Pull Request is not mergeable"}
	case in.Method == "squash" || in.Method == "rebase":
		return answer{}, &apiError{Status: http.StatusMethodNotAllowed, Message: "This merge method is not allowed on this repository"}
	case in.Method != "merge":
		return answer{}, invalid("PullRequest", "merge_method", "merge_method is not included in the list")
	case in.SHA != "" && in.SHA != p.headSHA:
		return answer{}, &apiError{Status: http.StatusConflict, Message: "Head branch was modified. Review and try the merge again."}
	}
	message := cmp.Or(in.Title, p.mergeTitle()) + "\n\n" + cmp.Or(in.Message, p.title)
	if err := r.s.merge(r.Context(), p, r.user, message); err != nil {
		return answer{}, err
	}
	return ok(object{"sha": p.mergeCommit, "merged": true, "message": "Pull Request successfully merged"})
}
