package github

import "net/http"

// webHandler serves everything except the APIs: git and the pages.
func (s *Server) webHandler() http.Handler {
	pages := s.pageRoutes()
	git := &router{other: pages}
	for _, pattern := range []string{
		"GET /{owner}/{repo}/info/refs", "POST /{owner}/{repo}/git-upload-pack", "POST /{owner}/{repo}/git-receive-pack",
	} {
		git.handle(pattern, http.HandlerFunc(s.serveGit))
	}
	calls := s.counted(git, s.failing(git))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if git.find(r) == nil {
			pages.ServeHTTP(w, r)
			return
		}
		calls.ServeHTTP(w, r)
	})
}
