package github

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// appRoutes are the calls that accept a JSON web token, and only that.
var appRoutes = map[string]restHandler{
	"GET /app": getApp,
	"POST /app/installations/{installation_id}/access_tokens": createInstallationToken,
	"GET /repos/{owner}/{repo}/installation":                  getRepoInstallation,
	"GET /orgs/{org}/installation":                            getOrgInstallation,
}

func getApp(r *restRequest) (answer, error) {
	return ok(r.s.appObject(r.who.app))
}

func getRepoInstallation(r *restRequest) (answer, error) {
	repo, err := r.s.findRepo(r.PathValue("owner"), r.PathValue("repo"))
	if err != nil {
		return answer{}, errNotFound
	}
	i := r.who.app.installationOf(repo)
	if i == nil {
		return answer{}, errNotFound
	}
	return ok(r.s.installationObject(i))
}

func getOrgInstallation(r *restRequest) (answer, error) {
	o := r.s.orgs[strings.ToLower(r.PathValue("org"))]
	if o == nil {
		return answer{}, errNotFound
	}
	i := r.who.app.installationIn(o)
	if i == nil {
		return answer{}, errNotFound
	}
	return ok(r.s.installationObject(i))
}

func createInstallationToken(r *restRequest) (answer, error) {
	var in struct {
		Repositories  []string          `json:"repositories"`
		RepositoryIDs []int64           `json:"repository_ids"`
		Permissions   map[string]string `json:"permissions"`
	}
	if len(r.body) > 0 {
		if err := r.decode(&in); err != nil {
			return answer{}, err
		}
	}
	index := slices.IndexFunc(r.who.app.installations, func(i *installation) bool {
		return strconv.FormatInt(i.id, 10) == r.PathValue("installation_id")
	})
	if index < 0 {
		return answer{}, errNotFound
	}
	i := r.who.app.installations[index]
	permissions, err := i.narrowed(in.Permissions)
	if err != nil {
		return answer{}, err
	}
	chosen, err := r.s.chosen(i, in.Repositories, in.RepositoryIDs)
	if err != nil {
		return answer{}, err
	}
	g := &grant{id: r.s.id(), installation: i, permissions: permissions, expires: r.s.now().Add(r.s.tokenLife)}
	o := object{"expires_at": timestamp(g.expires), "permissions": permissions, "repository_selection": i.selection()}
	if chosen != nil {
		g.repositories = map[string]bool{}
		var list []object
		for _, repo := range chosen {
			g.repositories[strings.ToLower(repo.name)] = true
			list = append(list, r.s.repoObject(repo))
		}
		o["repository_selection"], o["repositories"] = "selected", list
	}
	token := newGrantToken()
	r.s.grants[token] = g
	o["token"] = token
	return created(o)
}

// chosen returns the repositories to which a token is limited; nil if it is not limited.
func (s *Server) chosen(i *installation, names []string, ids []int64) ([]*repository, error) {
	var list []*repository
	for _, repo := range s.repos {
		if i.covers(repo) && (slices.Contains(ids, repo.id) ||
			slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, repo.name) })) {
			list = append(list, repo)
		}
	}
	if len(list) != len(names)+len(ids) {
		return nil, &apiError{Status: http.StatusUnprocessableEntity,
			Message: "There is at least one repository that does not exist or is not accessible to the parent installation."}
	}
	slices.SortFunc(list, func(a, b *repository) int { return cmp.Compare(a.name, b.name) })
	return list, nil
}

func newGrantToken() string {
	raw := make([]byte, 18)
	_, _ = rand.Read(raw) // never fails
	return "ghs_" + hex.EncodeToString(raw)
}

func (s *Server) appObject(a *app) object {
	return object{
		"id": a.id, "slug": a.slug, "node_id": nodeID("App", a.id), "client_id": "Iv1." + a.slug, "owner": s.ownerObject(a.owner),
		"name": a.slug, "description": "", "external_url": s.html(), "html_url": s.html("apps", a.slug),
		"created_at": timestamp(a.createdAt), "updated_at": timestamp(a.createdAt),
		"permissions": a.permissions, "events": a.events, "installations_count": len(a.installations),
	}
}

func (s *Server) installationObject(i *installation) object {
	id := strconv.FormatInt(i.id, 10)
	return object{
		"id": i.id, "account": s.ownerObject(i.account), "repository_selection": i.selection(),
		"access_tokens_url": s.rest("app", "installations", id, "access_tokens"),
		"repositories_url":  s.rest("installation", "repositories"),
		"html_url":          s.html("organizations", i.account.login, "settings", "installations", id),
		"app_id":            i.app.id, "app_slug": i.app.slug, "target_id": i.account.id, "target_type": "Organization",
		"permissions": i.permissions, "events": i.events, "single_file_name": nil,
		"has_multiple_single_files": false, "single_file_paths": []string{},
		"created_at": timestamp(i.createdAt), "updated_at": timestamp(i.createdAt),
		"suspended_by": nil, "suspended_at": nil,
	}
}
