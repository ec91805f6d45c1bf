package github

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// movedOrNotFound redirects from a former name of a repository to its id, as GitHub does.
func (r *restRequest) movedOrNotFound() error {
	repo := r.s.renamed[strings.ToLower(r.PathValue("owner")+"/"+r.PathValue("repo"))]
	if repo == nil || !r.allows(repo, "read") {
		return errNotFound
	}
	rest := strings.TrimPrefix(r.URL.EscapedPath(), fmt.Sprintf("/repos/%s/%s", r.PathValue("owner"), r.PathValue("repo")))
	to := r.s.rest("repositories", repo.id) + rest
	if r.URL.RawQuery != "" {
		to += "?" + r.URL.RawQuery
	}
	status := http.StatusTemporaryRedirect
	if r.Method == http.MethodGet {
		status = http.StatusMovedPermanently
	}
	return &apiError{Status: status, Message: "Moved Permanently", Header: http.Header{"Location": {to}}}
}

// byNumber lets repositories be addressed by their ids: /repositories/1/pulls.
func (s *Server) byNumber(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if after, ok := strings.CutPrefix(r.URL.Path, "/repositories/"); ok {
			number, rest, _ := strings.Cut(after, "/")
			if name := s.nameOf(number); name != "" {
				r = withPath(r, strings.TrimSuffix("/repos/"+name+"/"+rest, "/"), "")
			}
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) nameOf(number string) string {
	id, err := strconv.ParseInt(number, 10, 64)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.repos {
		if err == nil && r.id == id {
			return r.fullName()
		}
	}
	return ""
}
