package github

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
)

var pullRoutes = map[string]restHandler{
	"GET /repos/{owner}/{repo}/pulls":                       listPulls,
	"GET /repos/{owner}/{repo}/pulls/{pull_number}":         getPull,
	"PATCH /repos/{owner}/{repo}/pulls/{pull_number}":       updatePull,
	"GET /repos/{owner}/{repo}/pulls/{pull_number}/files":   listPullFiles,
	"GET /repos/{owner}/{repo}/pulls/{pull_number}/commits": listPullCommits,
}

// repository finds the repository in the path. For users without read access it does not
// exist.
func (r *restRequest) repository() (*repository, error) {
	repo, err := r.s.findRepo(r.PathValue("owner"), r.PathValue("repo"))
	if err != nil {
		return nil, r.movedOrNotFound()
	}
	if !r.allows(repo, "read") {
		return nil, errNotFound
	}
	return repo, nil
}

// pull finds the pull request in the path by its number.
func (r *restRequest) pull() (*pull, error) {
	repo, err := r.repository()
	if err != nil {
		return nil, err
	}
	number, err := strconv.Atoi(cmp.Or(r.PathValue("pull_number"), r.PathValue("issue_number")))
	if p := repo.pulls[number]; err == nil && p != nil {
		return p, nil
	}
	return nil, errNotFound
}

func listPulls(r *restRequest) (answer, error) {
	repo, err := r.repository()
	if err != nil {
		return answer{}, err
	}
	query := r.URL.Query()
	state, base, head := cmp.Or(query.Get("state"), "open"), query.Get("base"), query.Get("head")
	if !slices.Contains([]string{"open", "closed", "all"}, state) {
		return answer{}, invalid("PullRequest", "state", "state is not included in the list")
	}
	list := slices.DeleteFunc(sortedPulls(repo), func(p *pull) bool {
		return state != "all" && p.state() != state || base != "" && p.baseRef != base ||
			head != "" && p.headOwner()+":"+p.headRef != head
	})
	sortPulls(list, query.Get("sort"), query.Get("direction"))
	return page(r, list, r.s.pullObject)
}

// sortPulls sorts by creation, newest first, by default. An explicit order is ascending by
// default.
func sortPulls(list []*pull, by, direction string) {
	if direction == "" {
		direction = "desc"
		if by != "" && by != "created" {
			direction = "asc"
		}
	}
	slices.SortStableFunc(list, func(a, b *pull) int {
		if by == "updated" {
			return a.updatedAt.Compare(b.updatedAt)
		}
		return cmp.Compare(a.number, b.number)
	})
	if direction == "desc" {
		slices.Reverse(list)
	}
}

func getPull(r *restRequest) (answer, error) {
	p, err := r.pull()
	if err != nil {
		return answer{}, err
	}
	body, err := r.s.fullPullObject(r.Context(), p)
	if err != nil {
		return answer{}, err
	}
	return ok(body)
}

// updatePull lets the author and writers close and reopen.
func updatePull(r *restRequest) (answer, error) {
	p, err := r.pull()
	if err != nil {
		return answer{}, err
	}
	var in struct {
		State string `json:"state"`
	}
	if err := r.decode(&in); err != nil {
		return answer{}, err
	}
	if p.author != r.user && !r.allows(p.repo, "write") {
		return answer{}, forbidden("Must have admin rights to Repository.")
	}
	if in.State == "closed" && p.open() {
		r.s.close(r.Context(), p, r.user)
	}
	if in.State == "open" {
		if err := r.s.reopen(r.Context(), p, r.user); err != nil {
			return answer{}, err
		}
	}
	return getPull(r)
}

// maxListedFiles is the maximum number of files that GitHub lists for a pull request.
const maxListedFiles = 3000

func listPullFiles(r *restRequest) (answer, error) {
	p, err := r.pull()
	if err != nil {
		return answer{}, err
	}
	st, err := p.computed(r.Context())
	if err != nil {
		return answer{}, err
	}
	return page(r, st.files[:min(len(st.files), maxListedFiles)], func(f fileDiff) object { return r.s.fileObject(p.repo, p.headSHA, f) })
}

func listPullCommits(r *restRequest) (answer, error) {
	p, err := r.pull()
	if err != nil {
		return answer{}, err
	}
	st, err := p.computed(r.Context())
	if err != nil {
		return answer{}, err
	}
	return page(r, st.commits, func(c gitCommit) object { return r.s.commitObject(p.repo, c) })
}

// mustAllow refuses users below a role, with GitHub's response to a token without the
// scope.
func (r *restRequest) mustAllow(repo *repository, role string) error {
	if r.allows(repo, role) {
		return nil
	}
	return &apiError{Status: http.StatusForbidden, Message: "Resource not accessible by personal access token"}
}
