package github

import (
	"net/http"
	"net/url"
	"slices"
)

var commitRoutes = map[string]restHandler{
	"POST /repos/{owner}/{repo}/statuses/{sha}":        createStatus,
	"GET /repos/{owner}/{repo}/commits/{ref}/statuses": listStatuses,
	"GET /repos/{owner}/{repo}/commits/{ref}/status":   combinedStatus,
	"GET /repos/{owner}/{repo}/commits/{ref...}":       getCommit,
}

// statusLimit is GitHub's maximum number of statuses per SHA and context.
const statusLimit = 1000

func createStatus(r *restRequest) (answer, error) {
	repo, err := r.repository()
	if err != nil {
		return answer{}, err
	}
	if err := r.mustAllow(repo, "write"); err != nil {
		return answer{}, err
	}
	in := struct {
		State       string `json:"state"`
		Context     string `json:"context"`
		Description string `json:"description"`
		TargetURL   string `json:"target_url"`
	}{Context: "default"}
	if err := r.decode(&in); err != nil {
		return answer{}, err
	}
	sha, err := repo.git.resolve(r.Context(), r.PathValue("sha"))
	if err != nil {
		return answer{}, &apiError{Status: http.StatusUnprocessableEntity, Message: "No commit found for SHA: " + r.PathValue("sha")}
	}
	st := &status{id: r.s.id(), sha: sha, state: in.State, context: in.Context, description: in.Description,
		targetURL: in.TargetURL, creator: r.user, at: r.s.now()}
	if err := st.check(repo.statuses[sha]); err != nil {
		return answer{}, err
	}
	repo.statuses[sha] = append(repo.statuses[sha], st)
	a, err := created(r.s.statusObject(repo, st))
	a.header = http.Header{"Location": {r.s.rest("repos", repo.fullName(), "statuses", sha)}}
	return a, err
}

func (st *status) check(others []*status) error {
	same := 0
	for _, o := range others {
		if o.context == st.context {
			same++
		}
	}
	target, err := url.Parse(st.targetURL)
	switch {
	case !slices.Contains([]string{"error", "failure", "pending", "success"}, st.state):
		return invalid("Status", "state", "state is not included in the list")
	case len([]rune(st.description)) > 140:
		return invalid("Status", "description", "description is too long (maximum is 140 characters)")
	case len([]rune(st.context)) > 255:
		return invalid("Status", "context", "context is too long (maximum is 255 characters)")
	case err != nil || st.targetURL != "" && target.Scheme != "http" && target.Scheme != "https":
		return invalid("Status", "target_url", "target_url must use http(s) scheme")
	case same >= statusLimit:
		return invalid("Status", "base", "This SHA and context has reached the maximum number of statuses.")
	}
	return nil
}

// commit resolves the ref in the path.
func (r *restRequest) commit() (*repository, string, error) {
	repo, err := r.repository()
	if err != nil {
		return nil, "", err
	}
	sha, err := repo.git.resolve(r.Context(), r.PathValue("ref"))
	if err != nil {
		err = &apiError{Status: http.StatusUnprocessableEntity, Message: "No commit found for SHA: " + r.PathValue("ref")}
	}
	return repo, sha, err
}

func listStatuses(r *restRequest) (answer, error) {
	repo, sha, err := r.commit()
	if err != nil {
		return answer{}, errNotFound
	}
	newest := slices.Clone(repo.statuses[sha])
	slices.Reverse(newest)
	return page(r, newest, func(st *status) object { return r.s.statusObject(repo, st) })
}

// combinedStatus combines the newest statuses of all contexts to failure, pending or
// success; without any it is pending. The list is paged, but each page has the combined
// state of all.
func combinedStatus(r *restRequest) (answer, error) {
	repo, sha, err := r.commit()
	if err != nil {
		return answer{}, errNotFound
	}
	latest := repo.latestStatuses(sha)
	a, err := page(r, latest, func(st *status) object {
		o := r.s.statusObject(repo, st)
		delete(o, "creator")
		return o
	})
	commit := r.s.rest("repos", repo.fullName(), "commits", sha)
	a.body = object{
		"state": combine(latest), "statuses": a.body, "total_count": len(latest), "sha": sha,
		"repository": r.s.repoObject(repo), "commit_url": commit, "url": commit + "/status",
	}
	return a, err
}

func combine(latest []*status) string {
	has := func(states ...string) bool {
		return slices.ContainsFunc(latest, func(st *status) bool { return slices.Contains(states, st.state) })
	}
	switch {
	case has("error", "failure"):
		return "failure"
	case has("pending") || len(latest) == 0:
		return "pending"
	}
	return "success"
}

func getCommit(r *restRequest) (answer, error) {
	repo, sha, err := r.commit()
	if err != nil {
		return answer{}, err
	}
	c, files, err := repo.git.changeOf(r.Context(), sha)
	if err != nil {
		return answer{}, err
	}
	o, list := r.s.commitObject(repo, c), []object{}
	additions, deletions := 0, 0
	for _, f := range files {
		list = append(list, r.s.fileObject(repo, sha, f))
		additions, deletions = additions+f.additions, deletions+f.deletions
	}
	o["files"] = list
	o["stats"] = object{"additions": additions, "deletions": deletions, "total": additions + deletions}
	return ok(o)
}
