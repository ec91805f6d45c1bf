package github

import (
	"net/http"
	"strings"
)

var peopleRoutes = map[string]restHandler{
	"GET /user":                                                     getViewer,
	"GET /users/{username}":                                         getUser,
	"GET /orgs/{org}/members/{username}":                            checkMember,
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

// checkMember tells members who is a member, and sends others to the list of
// public members.
func checkMember(r *restRequest) (answer, error) {
	o := r.s.orgs[strings.ToLower(r.PathValue("org"))]
	name := r.PathValue("username")
	switch {
	case o == nil:
		return answer{}, errNotFound
	case r.who.grant == nil && !o.members[strings.ToLower(r.user.login)]:
		to := r.s.rest("orgs", o.login, "public_members", name)
		return answer{status: http.StatusFound, header: http.Header{"Location": {to}}}, nil
	case !o.members[strings.ToLower(name)]:
		return answer{}, &apiError{Status: http.StatusNotFound, Message: "User does not exist or is not a member of the organization"}
	}
	return noContent()
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
	if repo.roles[name] == "" && !repo.org.members[name] {
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
