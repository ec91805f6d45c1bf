package github

import (
	"encoding/json"
	"fmt"
	"maps"

	gogithub "github.com/google/go-github/v60/github"
)

// AppPermission is a permission that the GitHub App needs.
type AppPermission struct {
	// Name is GitHub's name in the API, Label the one on its pages.
	Name, Label string
	// Level is read or write.
	Level string
	// Why says what needs it.
	Why string
}

// AppPermissions are what the App needs, as
// https://docs.github.com/rest/authentication/permissions-required-for-github-apps
// lists it for the calls that we make. Comments, labels and reactions on pull
// requests belong to GitHub's issues as well.
func AppPermissions() []AppPermission {
	return []AppPermission{
		{"metadata", "Metadata", "read", "rights of people in the repository"},
		{"contents", "Contents", "read", "fetching the repository, its branches and OWNERS"},
		{"pull_requests", "Pull requests", "write", "pull requests, their files, comments and labels"},
		{"issues", "Issues", "write", "comments, labels and reactions on pull requests"},
		{"statuses", "Commit statuses", "write", "the commit status, where `status_context` asks for one"},
		{"members", "Members (of the organization)", "read", "who is a member of the organization or of a team, where the policy asks for it"},
	}
}

// AppEvents are the webhooks that the App must subscribe to.
func AppEvents() []string { return []string{"issue_comment", "pull_request"} }

// Grants reports whether a level of access includes another: admin, write, read or none,
// the empty text.
func Grants(have, want string) bool {
	rank := map[string]int{"": 0, "read": 1, "write": 2, "admin": 3}
	return rank[have] >= rank[want]
}

// narrowed returns those of the wanted permissions that an installation has. GitHub
// refuses to make a token if one is missing; the call that needs it gives a better
// error.
func narrowed(wanted map[string]string, have *gogithub.InstallationPermissions) (*gogithub.InstallationPermissions, error) {
	had, err := permissionMap(have)
	if err != nil {
		return nil, err
	}
	asked := maps.Clone(wanted)
	maps.DeleteFunc(asked, func(name, level string) bool { return !Grants(had[name], level) })
	raw, err := json.Marshal(asked)
	if err != nil {
		return nil, fmt.Errorf("encoding permissions: %w", err)
	}
	var out gogithub.InstallationPermissions
	return &out, json.Unmarshal(raw, &out)
}

func permissionMap(p *gogithub.InstallationPermissions) (map[string]string, error) {
	raw, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("reading permissions: %w", err)
	}
	var out map[string]string
	return out, json.Unmarshal(raw, &out)
}

func needed() map[string]string {
	out := map[string]string{}
	for _, p := range AppPermissions() {
		out[p.Name] = p.Level
	}
	return out
}
