package github

import (
	"bytes"
	"io"
	"net/http"
	"net/http/cgi"
	"os/exec"
	"strings"
)

// serveGit serves git's smart HTTP through git http-backend. Anyone may fetch from a public
// repository. A push needs a token of somebody with write access, as the password of basic
// authentication.
func (s *Server) serveGit(w http.ResponseWriter, r *http.Request) {
	rest := strings.SplitN(r.URL.Path, "/", 4)[3]
	s.mu.Lock()
	repo, err := s.findRepo(r.PathValue("owner"), strings.TrimSuffix(r.PathValue("repo"), ".git"))
	who, unknown := s.actor(r)
	s.mu.Unlock()
	pushes := strings.HasSuffix(rest, "git-receive-pack") || r.URL.Query().Get("service") == "git-receive-pack"
	switch {
	case err != nil:
		http.Error(w, "Repository not found.", http.StatusNotFound)
		return
	case unknown != nil, who == nil && (pushes || repo.private):
		w.Header().Set("WWW-Authenticate", `Basic realm="GitHub"`)
		http.Error(w, "Authentication required.", http.StatusUnauthorized)
		return
	case who != nil && !s.mayGit(repo, who, pushes):
		http.Error(w, "Permission denied.", http.StatusForbidden)
		return
	}
	var user *user
	if who != nil {
		user = who.user
	}
	backend, err := s.gitBackend(r, repo, user)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	backend.ServeHTTP(w, withPath(r, "/"+rest, ""))
	if pushes && r.Method == http.MethodPost {
		s.afterPush(r, repo, user)
	}
}

func (s *Server) mayGit(repo *repository, who *actor, pushes bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	role, level := "read", "read"
	if pushes {
		role, level = "write", "write"
	}
	switch g := who.grant; {
	case who.app != nil:
		return false
	case g != nil && g.covers(repo):
		return atLeast(g.permissions["contents"], level)
	}
	return repo.allows(who.user.login, role)
}

// gitBackend prepares the CGI program for one request. CGI does not support chunked bodies,
// so they are read first.
func (s *Server) gitBackend(r *http.Request, repo *repository, who *user) (*cgi.Handler, error) {
	git, err := exec.LookPath("git")
	if err != nil {
		return nil, err
	}
	if r.ContentLength < 0 {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r.Body, r.ContentLength, r.TransferEncoding = io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
	}
	env := append(gitEnv(), "GIT_PROJECT_ROOT="+string(repo.git), "GIT_HTTP_EXPORT_ALL=1",
		"GIT_PROTOCOL="+r.Header.Get("Git-Protocol"))
	if who != nil {
		env = append(env, "REMOTE_USER="+who.login)
	}
	return &cgi.Handler{Path: git, Args: []string{"http-backend"}, Dir: string(repo.git), Env: env, Stderr: io.Discard}, nil
}

// afterPush updates pull requests to the branches that were just pushed.
func (s *Server) afterPush(r *http.Request, repo *repository, who *user) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.syncBranches(r.Context(), repo, who); err != nil {
		s.log.Error("following a push", "repository", repo.fullName(), "error", err)
	}
}
