package github

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"path"
	"strconv"
	"strings"
)

var gitRoutes = map[string]restHandler{
	"GET /repos/{owner}/{repo}":                            getRepo,
	"GET /repos/{owner}/{repo}/branches/{branch...}":       getBranch,
	"GET /repos/{owner}/{repo}/git/ref/{ref...}":           getRef,
	"GET /repos/{owner}/{repo}/git/matching-refs/{ref...}": listRefs,
	"GET /repos/{owner}/{repo}/contents/{path...}":         getContents,
}

func getRepo(r *restRequest) (answer, error) {
	repo, err := r.repository()
	if err != nil {
		return answer{}, err
	}
	return ok(r.s.fullRepoObject(repo, r.user))
}

func getBranch(r *restRequest) (answer, error) {
	repo, err := r.repository()
	if err != nil {
		return answer{}, err
	}
	name := r.PathValue("branch")
	sha, err := repo.git.resolve(r.Context(), "refs/heads/"+name)
	if err != nil {
		return answer{}, &apiError{Status: http.StatusNotFound, Message: "Branch not found"}
	}
	c, err := repo.git.show(r.Context(), sha)
	if err != nil {
		return answer{}, err
	}
	url := r.s.rest("repos", repo.fullName(), "branches", name)
	return ok(object{
		"name": name, "commit": r.s.commitObject(repo, c), "protected": false,
		"_links":         object{"self": url, "html": r.s.html(repo.fullName(), "tree", name)},
		"protection_url": url + "/protection",
		"protection": object{"enabled": false, "required_status_checks": object{
			"enforcement_level": "off", "contexts": []string{}, "checks": []object{}}},
	})
}

func getRef(r *restRequest) (answer, error) {
	repo, err := r.repository()
	if err != nil {
		return answer{}, err
	}
	name := "refs/" + r.PathValue("ref")
	refs, err := repo.git.refs(r.Context(), name)
	if err != nil {
		return answer{}, err
	}
	for _, ref := range refs {
		if ref.name == name {
			return ok(r.s.refObject(repo, ref))
		}
	}
	return answer{}, errNotFound
}

// listRefs lists the refs with a prefix.
func listRefs(r *restRequest) (answer, error) {
	repo, err := r.repository()
	if err != nil {
		return answer{}, err
	}
	all, err := repo.git.refs(r.Context(), "refs/")
	if err != nil {
		return answer{}, err
	}
	matching := []gitRef{}
	for _, ref := range all {
		if strings.HasPrefix(ref.name, "refs/"+r.PathValue("ref")) {
			matching = append(matching, ref)
		}
	}
	return page(r, matching, func(ref gitRef) object { return r.s.refObject(repo, ref) })
}

// treeEntry is a line of git ls-tree --long.
type treeEntry struct {
	mode, kind, sha, path string
	size                  int
}

func (g gitDir) listTree(ctx context.Context, sha, dir string) ([]treeEntry, error) {
	out, err := g.run(ctx, nil, "ls-tree", "-z", "--long", "--full-tree", sha+":"+dir)
	if err != nil {
		return nil, errNotFound
	}
	var entries []treeEntry
	for line := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		meta, name, found := strings.Cut(line, "\t")
		if !found {
			continue
		}
		f := strings.Fields(meta)
		size, _ := strconv.Atoi(f[3]) // "-" for directories and submodules becomes 0
		entries = append(entries, treeEntry{mode: f[0], kind: f[1], sha: f[2], size: size, path: path.Join(dir, name)})
	}
	return entries, nil
}

func getContents(r *restRequest) (answer, error) {
	repo, err := r.repository()
	if err != nil {
		return answer{}, err
	}
	ref := cmp.Or(r.URL.Query().Get("ref"), repo.defaultBranch)
	sha, err := repo.git.resolve(r.Context(), ref)
	if err != nil {
		return answer{}, &apiError{Status: http.StatusNotFound, Message: "No commit found for the ref " + ref}
	}
	name := strings.Trim(r.PathValue("path"), "/")
	if name == "" {
		return r.directory(repo, sha, ref, "")
	}
	siblings, err := repo.git.listTree(r.Context(), sha, strings.TrimPrefix(path.Dir(name), "."))
	if err != nil {
		return answer{}, err
	}
	for _, e := range siblings {
		if e.path == name && e.kind == "tree" {
			return r.directory(repo, sha, ref, name)
		}
		if e.path == name {
			return r.file(repo, ref, e)
		}
	}
	return answer{}, errNotFound
}

func (r *restRequest) directory(repo *repository, sha, ref, dir string) (answer, error) {
	entries, err := repo.git.listTree(r.Context(), sha, dir)
	if err != nil {
		return answer{}, err
	}
	list := []object{}
	for _, e := range entries {
		list = append(list, r.s.entryObject(repo, ref, e))
	}
	return ok(list)
}

// maxInline is the maximum size, in bytes, of contents that are included in the response.
const maxInline = 1 << 20

func (r *restRequest) file(repo *repository, ref string, e treeEntry) (answer, error) {
	content, err := repo.git.run(r.Context(), nil, "cat-file", e.kind, e.sha)
	if err != nil {
		return answer{}, fmt.Errorf("read %s: %w", e.path, err)
	}
	o := r.s.entryObject(repo, ref, e)
	switch {
	case e.mode == "120000":
		o["target"] = string(content)
	case e.size > maxInline:
		o["encoding"], o["content"] = "none", ""
	default:
		o["encoding"], o["content"] = "base64", wrapped(base64.StdEncoding.EncodeToString(content))
	}
	return ok(o)
}

// wrapped breaks base64 into lines, as GitHub does.
func wrapped(text string) string {
	var b strings.Builder
	for len(text) > 60 {
		b.WriteString(text[:60] + "\n")
		text = text[60:]
	}
	b.WriteString(text + "\n")
	return b.String()
}

func (s *Server) entryObject(r *repository, ref string, e treeEntry) object {
	repo, escaped := r.fullName(), escapePath(e.path)
	url := s.rest("repos", repo, "contents", escaped) + "?ref=" + ref
	page := s.html(repo, "blob", ref, escaped)
	kind, blob := "file", s.rest("repos", repo, "git/blobs", e.sha)
	var download any = s.html(repo, "raw", ref, escaped)
	switch {
	case e.kind == "tree":
		kind, blob, download = "dir", s.rest("repos", repo, "git/trees", e.sha), nil
	case e.mode == "120000":
		kind = "symlink"
	}
	return object{
		"type": kind, "name": path.Base(e.path), "path": e.path, "sha": e.sha, "size": e.size,
		"url": url, "git_url": blob, "html_url": page, "download_url": download,
		"_links": object{"self": url, "git": blob, "html": page},
	}
}
