package github

import (
	"net/http"
	"strings"
)

var peopleRoutes = map[string]restHandler{
	"GET /user":                                                     getViewer,
	"GET /users/{username}":                                         getUser,
	"GET /orgs/{org}/members/{username}":                            checkMember,
	"GET /orgs/{org}/public_members/{username}":                     checkPublicMember,
	"GET /orgs/{org}/teams/{team_slug}/memberships/{username}":      getTeamMembership,
	"GET /repos/{owner}/{repo}/collaborators/{username}":            checkCollaborator,
	"GET /repos/{owner}/{repo}/collaborators/{username}/permission": getPermission,
	"GET /rate_limit":                                               getRateLimit,
}

func getViewer(r *restRequest) (answer, error) {
	return ok(r.s.profileObject(r.user))
}

func getUser(r *restRequest) (answer, error) {
	u := r.s.users[strings.ToLower(r.PathValue("username"))]
	if u == nil {
		return answer{}, errNotFound
	}
	return ok(r.s.profileObject(u))
}

// checkMember tells members who is a member, and redirects others to the list of public
// members.
func checkMember(r *restRequest) (answer, error) {
	o := r.s.orgs[strings.ToLower(r.PathValue("org"))]
	name := r.PathValue("username")
	switch {
	case o == nil:
		return answer{}, errNotFound
	case r.who.grant == nil && !o.has(strings.ToLower(r.user.login)):
		to := r.s.rest("orgs", o.login, "public_members", name)
		return answer{status: http.StatusFound, header: http.Header{"Location": {to}}}, nil
	case !o.has(strings.ToLower(name)):
		return answer{}, &apiError{Status: http.StatusNotFound, Message: "User does not exist or is not a member of the organization"}
	}
	return noContent()
}

func checkPublicMember(r *restRequest) (answer, error) {
	o := r.s.orgs[strings.ToLower(r.PathValue("org"))]
	if o == nil || !o.members[strings.ToLower(r.PathValue("username"))] {
		return answer{}, errNotFound
	}
	return noContent()
}

// getTeamMembership tells members of the organisation who is in a team.
func getTeamMembership(r *restRequest) (answer, error) {
	o, slug, name := r.s.orgs[strings.ToLower(r.PathValue("org"))], r.PathValue("team_slug"), r.PathValue("username")
	if o == nil || r.who.grant == nil && !o.has(strings.ToLower(r.user.login)) {
		return answer{}, errNotFound
	}
	state := o.teams[slug][strings.ToLower(name)]
	if state == "" {
		return answer{}, errNotFound
	}
	url := r.s.rest("orgs", o.login, "teams", slug, "memberships", name)
	return ok(object{"url": url, "role": "member", "state": state})
}

// checkCollaborator tells writers who is a collaborator.
func checkCollaborator(r *restRequest) (answer, error) {
	repo, err := r.repository()
	if err != nil {
		return answer{}, err
	}
	if !r.allows(repo, "write") {
		return answer{}, forbidden("Must have push access to view repository collaborators.")
	}
	name := strings.ToLower(r.PathValue("username"))
	if repo.roles[name] == "" && !repo.org.has(name) {
		return answer{}, &apiError{Status: http.StatusNotFound, Message: r.PathValue("username") + " is not a user"}
	}
	return noContent()
}

func getPermission(r *restRequest) (answer, error) {
	repo, err := r.repository()
	if err != nil {
		return answer{}, err
	}
	if !r.allows(repo, "write") {
		return answer{}, forbidden("Must have push access to view collaborator permission.")
	}
	u := r.s.users[strings.ToLower(r.PathValue("username"))]
	if u == nil {
		return answer{}, &apiError{Status: http.StatusNotFound, Message: r.PathValue("username") + " is not a user"}
	}
	role := repo.role(u.login)
	person := r.s.userObject(u)
	person["permissions"], person["role_name"] = permissionsObject(repo, u), role
	return ok(object{"permission": legacyPermission(role), "role_name": role, "user": person})
}

func getRateLimit(r *restRequest) (answer, error) {
	return ok(r.s.limits.object(r.who, r.s.now()))
}
