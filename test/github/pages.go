package github

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"hash/fnv"
	"html/template"
	"maps"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
)

//go:embed pages
var pageFiles embed.FS

var templates = template.Must(template.ParseFS(pageFiles, "pages/*.html"))

// view returns the template for a request and its data.
type view func(*http.Request) (name string, data any, err error)

// pageRoutes are the pages for people. They need no credentials: everybody who reaches the
// stand-in may act as anyone.
func (s *Server) pageRoutes() *router {
	m := &router{other: http.NotFoundHandler()}
	m.handle("GET /", s.show(s.reposView))
	m.handle("GET /_style.css", http.HandlerFunc(serveStyle))
	m.handle("GET /_avatars/{login}", http.HandlerFunc(serveAvatar))
	m.handle("GET /{owner}/{repo}", s.show(s.pullsView))
	m.handle("GET /{owner}/{repo}/pulls", s.show(s.pullsView))
	m.handle("GET /{owner}/{repo}/commit/{sha}", s.show(s.commitView))
	m.handle("GET /{owner}/{repo}/raw/{ref}/{path...}", http.HandlerFunc(s.serveRaw))
	m.handle("GET /{owner}/{repo}/blob/{ref}/{path...}", http.HandlerFunc(s.serveRaw))
	m.handle("GET /{owner}/{repo}/pull/{number}", http.HandlerFunc(s.servePull))
	m.handle("GET /{owner}/{repo}/pull/{number}/commits", s.show(s.pullView("commits", "commits")))
	m.handle("GET /{owner}/{repo}/pull/{number}/files", s.show(s.pullView("files", "files")))
	m.handle("POST /{owner}/{repo}/pull/{number}/comment", http.HandlerFunc(s.postComment))
	return m
}

func (s *Server) show(v view) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		name, data, err := v(r)
		s.mu.Unlock()
		var b bytes.Buffer
		if err == nil {
			err = templates.ExecuteTemplate(&b, name, data)
		}
		if err != nil {
			pageError(w, err)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src *; script-src 'none'")
		s.write(w, b.Bytes())
	}
}

func (s *Server) write(w http.ResponseWriter, body []byte) {
	if _, err := w.Write(body); err != nil {
		s.log.Debug("client went away", "error", err)
	}
}

func pageError(w http.ResponseWriter, err error) {
	http.Error(w, err.Error(), asAPIError(err).Status)
}

func (s *Server) reposView(*http.Request) (string, any, error) {
	type repo struct {
		Name, Branch, Clone string
		Private             bool
		Open, Closed        int
	}
	data := struct {
		layout
		Repos []repo
	}{layout: layout{Title: "GitHub stand-in"}}
	for _, key := range slices.Sorted(maps.Keys(s.repos)) {
		r := s.repos[key]
		shown := repo{Name: r.fullName(), Branch: r.defaultBranch, Clone: s.html(r.fullName() + ".git"), Private: r.private}
		for _, p := range r.pulls {
			if p.open() {
				shown.Open++
			} else {
				shown.Closed++
			}
		}
		data.Repos = append(data.Repos, shown)
	}
	return "repos", data, nil
}

func (s *Server) pullsView(r *http.Request) (string, any, error) {
	repo, err := s.findRepo(r.PathValue("owner"), r.PathValue("repo"))
	if err != nil {
		return "", nil, err
	}
	type pullRow struct {
		Number, Comments             int
		Title, State, Author, Checks string
		Labels                       []viewLabel
		Opened                       viewTime
	}
	data := struct {
		layout
		Pulls []pullRow
	}{layout: layout{Title: "Pull requests · " + repo.fullName(), Repo: repo.fullName()}}
	for _, p := range slices.Backward(sortedPulls(repo)) {
		row := pullRow{Number: p.number, Title: p.title, State: pullState(p), Author: p.author.login,
			Labels: viewLabels(p.labels), Opened: viewedAt(p.createdAt, s.now()), Comments: len(p.comments())}
		if latest := repo.latestStatuses(p.headSHA); len(latest) > 0 {
			row.Checks = combine(latest)
		}
		data.Pulls = append(data.Pulls, row)
	}
	return "pulls", data, nil
}

func (s *Server) commitView(r *http.Request) (string, any, error) {
	repo, err := s.findRepo(r.PathValue("owner"), r.PathValue("repo"))
	if err != nil {
		return "", nil, err
	}
	c, files, err := repo.git.changeOf(r.Context(), r.PathValue("sha"))
	if err != nil {
		return "", nil, err
	}
	return "commit", s.viewCommit(repo, c, files), nil
}

func pullIDOf(r *http.Request) PullID {
	number, _ := strconv.Atoi(r.PathValue("number")) // 0 is no pull request
	return PullID{Org: r.PathValue("owner"), Repo: r.PathValue("repo"), Number: number}
}

func (s *Server) pullView(tab, name string) view {
	return func(r *http.Request) (string, any, error) {
		p, err := s.findPull(pullIDOf(r))
		if err != nil {
			return "", nil, err
		}
		as := ""
		if c, err := r.Cookie("as"); err == nil {
			as = c.Value
		}
		v, err := s.viewPull(r.Context(), p, tab, as)
		v.Refresh, _ = strconv.Atoi(r.URL.Query().Get("refresh")) // anything else is 0
		return name, v, err
	}
}

// servePull serves the page of a pull request, and its diff as /pull/N.diff.
func (s *Server) servePull(w http.ResponseWriter, r *http.Request) {
	number, isDiff := strings.CutSuffix(r.PathValue("number"), ".diff")
	if !isDiff {
		s.show(s.pullView("conversation", "pull"))(w, r)
		return
	}
	r.SetPathValue("number", number)
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.findPull(pullIDOf(r))
	if err != nil {
		pageError(w, err)
		return
	}
	st, err := p.computed(r.Context())
	if err != nil {
		pageError(w, err)
		return
	}
	text, err := p.repo.git.run(r.Context(), nil, "diff", "-M", st.mergeBase, p.headSHA)
	if err != nil {
		pageError(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	s.write(w, text)
}

// serveRaw serves a file of a commit.
func (s *Server) serveRaw(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	repo, err := s.findRepo(r.PathValue("owner"), r.PathValue("repo"))
	if err != nil {
		pageError(w, err)
		return
	}
	sha, err := repo.git.resolve(r.Context(), r.PathValue("ref"))
	if err != nil {
		pageError(w, err)
		return
	}
	text, err := repo.git.run(r.Context(), nil, "cat-file", "blob", sha+":"+path.Clean(r.PathValue("path")))
	if err != nil {
		pageError(w, errNotFound)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	s.write(w, text)
}

// postComment handles the form on the page: it comments, if there is a text, and closes or
// reopens if that button was pressed.
func (s *Server) postComment(w http.ResponseWriter, r *http.Request) {
	id, as := pullIDOf(r), cmp.Or(strings.TrimSpace(r.PostFormValue("other")), r.PostFormValue("as"))
	body := strings.ReplaceAll(r.PostFormValue("body"), "\r\n", "\n")
	to := fmt.Sprintf("/%s/%s/pull/%d", id.Org, id.Repo, id.Number)
	if strings.TrimSpace(body) != "" {
		c, err := s.CreateComment(r.Context(), NewComment{PullID: id, By: as, Body: body})
		if err != nil {
			pageError(w, err)
			return
		}
		to += fmt.Sprintf("#issuecomment-%d", c.ID)
	}
	var err error
	switch r.PostFormValue("do") {
	case "close":
		_, err = s.ClosePull(r.Context(), PullAction{PullID: id, By: as})
	case "reopen":
		_, err = s.ReopenPull(r.Context(), PullAction{PullID: id, By: as})
	}
	if err != nil {
		pageError(w, err)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: "as", Value: as, Path: "/", SameSite: http.SameSiteStrictMode})
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func serveStyle(w http.ResponseWriter, r *http.Request) {
	http.ServeFileFS(w, r, pageFiles, "pages/style.css")
}

// serveAvatar draws the first letter of a login on a colour derived from the login.
func serveAvatar(w http.ResponseWriter, r *http.Request) {
	login := r.PathValue("login")
	h := fnv.New32a()
	_, _ = h.Write([]byte(login)) // a hash never fails
	w.Header().Set("Content-Type", "image/svg+xml")
	_, _ = fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><rect width="40" height="40" fill="hsl(%d 45%% 45%%)"/>`+
		`<text x="20" y="27" font-family="sans-serif" font-size="20" fill="#fff" text-anchor="middle">%s</text></svg>`,
		h.Sum32()%360, template.HTMLEscapeString(strings.ToUpper(string([]rune(login)[:1])))) // a picture
}
