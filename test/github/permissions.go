package github

import (
	"net/http"
	"slices"
	"strings"
)

// need is the permission that an installation token needs for a call: one of these, at this
// level.
type need struct {
	level string
	oneOf []string
}

var (
	issues   = []string{"issues", "pull_requests"}
	pulls    = []string{"pull_requests"}
	contents = []string{"contents"}
	statuses = []string{"statuses"}
	members  = []string{"members"}
	metadata = []string{"metadata"}
)

// needs lists the permissions for calls by the prefixes of their routes, the longest first,
// from https://docs.github.com/rest/authentication/permissions-required-for-github-apps.
var needs = []struct {
	path  string
	oneOf []string
}{
	{"/repos/{owner}/{repo}/pulls/{pull_number}/merge", contents},
	{"/repos/{owner}/{repo}/commits/{ref}/status", statuses},
	{"/repos/{owner}/{repo}/collaborators", metadata},
	{"/repos/{owner}/{repo}/statuses", statuses},
	{"/repos/{owner}/{repo}/contents", contents},
	{"/repos/{owner}/{repo}/branches", contents},
	{"/repos/{owner}/{repo}/commits", contents},
	{"/repos/{owner}/{repo}/compare", contents},
	{"/repos/{owner}/{repo}/issues", issues},
	{"/repos/{owner}/{repo}/pulls", pulls},
	{"/repos/{owner}/{repo}/git/", contents},
	{"/orgs/{org}/", members},
	{"/repos/", metadata},
	{"/users/", nil},
	{"/rate_limit", nil},
}

// needOf returns the permission for a route; false if it does not accept installation
// tokens.
func needOf(pattern string) (need, bool) {
	method, path, _ := strings.Cut(pattern, " ")
	n := need{level: "write"}
	if method == http.MethodGet {
		n.level = "read"
	}
	for _, known := range needs {
		if strings.HasPrefix(path, known.path) {
			n.oneOf = known.oneOf
			return n, true
		}
	}
	return n, false
}

func (n need) metBy(permissions map[string]string) bool {
	return n.oneOf == nil || slices.ContainsFunc(n.oneOf, func(p string) bool { return atLeast(permissions[p], n.level) })
}

// authorise returns an error if a route does not accept such a caller at all.
func (r *restRequest) authorise() error {
	_, forApps := appRoutes[r.Pattern]
	switch {
	case forApps != (r.who.app != nil) && forApps:
		return badJWT("A JSON web token could not be decoded")
	case r.who.app != nil && !forApps:
		return &apiError{Status: http.StatusForbidden, Message: notForApps}
	case r.who.grant != nil:
		return r.authoriseGrant(r.who.grant)
	}
	return nil
}

const notForApps = "Resource not accessible by integration"

func (r *restRequest) authoriseGrant(g *grant) error {
	n, known := needOf(r.Pattern)
	if r.Pattern == "" {
		return nil // there is no such call; its handler says so
	}
	covered := known
	if name := r.PathValue("repo"); name != "" {
		repo, err := r.s.findRepo(r.PathValue("owner"), name)
		if err != nil {
			return nil
		}
		if covered = g.covers(repo); !covered && repo.private {
			return errNotFound
		}
		if !covered && r.Method == http.MethodGet {
			return nil // everybody may read this
		}
	}
	if org := r.PathValue("org"); org != "" {
		covered = strings.EqualFold(g.installation.account.login, org)
	}
	if !covered || !n.metBy(g.permissions) {
		return &apiError{Status: http.StatusForbidden, Message: notForApps}
	}
	return nil
}

// allows reports whether the caller has a role in a repository. An App has none: where its
// token applies, its permissions decide, and were checked already.
func (r *restRequest) allows(repo *repository, role string) bool {
	if g := r.who.grant; g != nil && g.covers(repo) {
		return role != "admin" && role != "maintain"
	}
	return repo.allows(r.user.login, role)
}

// TakesInstallations reports whether a call in Routes is known to accept installation
// tokens.
func TakesInstallations(route string) bool {
	_, known := needOf(route)
	return known
}
