package github

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

var issueRoutes = map[string]restHandler{
	"GET /repos/{owner}/{repo}/issues/{issue_number}":                     getIssue,
	"GET /repos/{owner}/{repo}/issues/{issue_number}/comments":            listComments,
	"POST /repos/{owner}/{repo}/issues/{issue_number}/comments":           createComment,
	"GET /repos/{owner}/{repo}/issues/{issue_number}/labels":              listLabels,
	"POST /repos/{owner}/{repo}/issues/{issue_number}/labels":             addLabels,
	"DELETE /repos/{owner}/{repo}/issues/{issue_number}/labels/{name...}": removeLabel,
	"GET /repos/{owner}/{repo}/issues/{issue_number}/timeline":            listTimeline,
	"GET /repos/{owner}/{repo}/issues/{issue_number}/reactions":           listPullReactions,
	"POST /repos/{owner}/{repo}/issues/{issue_number}/reactions":          createPullReaction,
	"GET /repos/{owner}/{repo}/issues/comments":                           listRepoComments,
	"GET /repos/{owner}/{repo}/issues/comments/{comment_id}":              getComment,
	"PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}":            updateComment,
	"DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}":           deleteComment,
	"GET /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions":    listCommentReactions,
	"POST /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions":   createCommentReaction,
}

func getIssue(r *restRequest) (answer, error) {
	p, err := r.pull()
	if err != nil {
		return answer{}, err
	}
	o := r.s.issueObject(p)
	o["closed_by"], o["state_reason"] = r.s.userOrNull(p.closedBy), nil
	return ok(o)
}

func listComments(r *restRequest) (answer, error) {
	p, err := r.pull()
	if err != nil {
		return answer{}, err
	}
	since, err := r.since()
	if err != nil {
		return answer{}, err
	}
	list := slices.DeleteFunc(p.comments(), func(c *comment) bool { return c.updatedAt.Before(since) })
	return page(r, r.s.shown(r.Context(), list), r.s.commentObject)
}

// listRepoComments lists the comments of all pull requests. Without a sort, they are
// ordered by id, and direction is ignored.
func listRepoComments(r *restRequest) (answer, error) {
	repo, err := r.repository()
	if err != nil {
		return answer{}, err
	}
	since, err := r.since()
	if err != nil {
		return answer{}, err
	}
	list := []*comment{}
	for _, c := range repo.comments {
		if !c.updatedAt.Before(since) {
			list = append(list, c)
		}
	}
	sort, direction := r.URL.Query().Get("sort"), r.URL.Query().Get("direction")
	slices.SortFunc(list, func(a, b *comment) int {
		if c := a.updatedAt.Compare(b.updatedAt); sort == "updated" && c != 0 {
			return c
		}
		return cmp.Compare(a.id, b.id)
	})
	if sort != "" && direction != "asc" {
		slices.Reverse(list)
	}
	return page(r, r.s.shown(r.Context(), list), r.s.commentObject)
}

func createComment(r *restRequest) (answer, error) {
	p, err := r.pull()
	if err != nil {
		return answer{}, err
	}
	var in struct {
		Body string `json:"body"`
	}
	if err := r.decode(&in); err != nil {
		return answer{}, err
	}
	c, err := r.s.createComment(r.Context(), p, r.user, in.Body)
	if err != nil {
		return answer{}, err
	}
	a, err := created(r.s.commentObject(c))
	a.header = http.Header{"Location": {r.s.rest("repos", p.repo.fullName(), "issues/comments", c.id)}}
	return a, err
}

// comment finds the comment in the path.
func (r *restRequest) comment() (*comment, error) {
	repo, err := r.repository()
	if err != nil {
		return nil, err
	}
	id, err := strconv.ParseInt(r.PathValue("comment_id"), 10, 64)
	if c := repo.comments[id]; err == nil && c != nil {
		return c, nil
	}
	return nil, errNotFound
}

// ownComment finds the comment for those who may change it: its author and writers.
func (r *restRequest) ownComment() (*comment, error) {
	c, err := r.comment()
	if err == nil && c.author != r.user && !r.allows(c.pull.repo, "write") {
		err = forbidden("Must have admin rights to Repository.")
	}
	return c, err
}

func getComment(r *restRequest) (answer, error) {
	c, err := r.comment()
	if err != nil {
		return answer{}, err
	}
	return ok(r.s.commentObject(c))
}

func updateComment(r *restRequest) (answer, error) {
	c, err := r.ownComment()
	if err != nil {
		return answer{}, err
	}
	var in struct {
		Body string `json:"body"`
	}
	if err := r.decode(&in); err != nil {
		return answer{}, err
	}
	if err := r.s.editComment(r.Context(), c, r.user, in.Body); err != nil {
		return answer{}, err
	}
	return ok(r.s.commentObject(c))
}

func deleteComment(r *restRequest) (answer, error) {
	c, err := r.ownComment()
	if err != nil {
		return answer{}, err
	}
	r.s.deleteComment(r.Context(), c, r.user)
	return noContent()
}

func listLabels(r *restRequest) (answer, error) {
	p, err := r.pull()
	if err != nil {
		return answer{}, err
	}
	return page(r, p.labels, func(l *label) object { return r.s.labelObject(p.repo, l) })
}

func addLabels(r *restRequest) (answer, error) {
	p, err := r.pull()
	if err != nil {
		return answer{}, err
	}
	if err := r.mustAllow(p.repo, "triage"); err != nil {
		return answer{}, err
	}
	names, err := labelNames(r)
	if err != nil {
		return answer{}, err
	}
	if err := checkLabels(names); err != nil {
		return answer{}, err
	}
	r.s.addLabels(r.Context(), p, r.user, names)
	return ok(r.s.labelObjects(p))
}

// labelNames parses both forms that GitHub accepts: {"labels": […]} and […].
func labelNames(r *restRequest) ([]string, error) {
	var in struct {
		Labels []string `json:"labels"`
	}
	if json.Unmarshal(r.body, &in.Labels) == nil {
		return in.Labels, nil
	}
	err := r.decode(&in)
	return in.Labels, err
}

// maxLabel is the maximum length of a label's name, in characters.
const maxLabel = 50

func checkLabels(names []string) error {
	for _, name := range names {
		switch n := len([]rune(name)); {
		case n == 0:
			return invalid("Label", "name", "name can't be blank")
		case n > maxLabel:
			return invalid("Label", "name", fmt.Sprintf("name is too long (maximum is %d characters)", maxLabel))
		}
	}
	return nil
}

func removeLabel(r *restRequest) (answer, error) {
	p, err := r.pull()
	if err != nil {
		return answer{}, err
	}
	if err := r.mustAllow(p.repo, "triage"); err != nil {
		return answer{}, err
	}
	if !r.s.removeLabel(r.Context(), p, r.user, r.PathValue("name")) {
		return answer{}, &apiError{Status: http.StatusNotFound, Message: "Label does not exist"}
	}
	return ok(r.s.labelObjects(p))
}
