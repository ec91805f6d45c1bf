package github

import (
	"context"
	"fmt"
	"strings"
)

// Access describes our rights on GitHub.
type Access struct {
	// App is the slug of the GitHub App; empty for a person.
	App string
	// Permissions are the App's, by GitHub's names, with the levels read, write and
	// admin.
	Permissions map[string]string
	// Events are those that GitHub sends to the App's webhook.
	Events []string
	// Scopes are the scopes of a classic personal token. HasScopes says that the token is
	// one: other tokens do not list their permissions.
	Scopes    []string
	HasScopes bool
	// Push says that a person may push to the repository.
	Push    bool
	Private bool
}

// AppAccess returns the rights with which the App was registered; nil for a person.
func (c *people) AppAccess(ctx context.Context) (*Access, error) {
	if c.app == nil {
		return nil, nil
	}
	app, _, err := c.app.client.Apps.Get(ctx, "")
	if err != nil {
		return nil, translate("asking GitHub about the App", err)
	}
	permissions, err := permissionMap(app.Permissions)
	return &Access{App: app.GetSlug(), Permissions: permissions, Events: app.Events}, err
}

// RepositoryAccess returns our rights in a repository. For an App, these are the rights
// that the people who installed it have accepted. It returns a *NotInstalledError if
// nobody has installed it.
func (c *people) RepositoryAccess(ctx context.Context, org, repo string) (*Access, error) {
	if err := checkRepository(org, repo); err != nil {
		return nil, err
	}
	op := fmt.Sprintf("asking GitHub what we may do in %s/%s", org, repo)
	if c.app != nil {
		return c.installationAccess(ctx, op, org, repo)
	}
	repository, resp, err := c.github.Repositories.Get(ctx, org, repo)
	if err != nil {
		return nil, translate(op, err)
	}
	access := &Access{Push: repository.GetPermissions()["push"], Private: repository.GetPrivate()}
	if scopes, told := resp.Header["X-Oauth-Scopes"]; told {
		access.HasScopes = true
		access.Scopes = strings.FieldsFunc(strings.Join(scopes, ","), func(r rune) bool { return r == ',' || r == ' ' })
	}
	return access, nil
}

func (c *people) installationAccess(ctx context.Context, op, org, repo string) (*Access, error) {
	found, _, err := c.app.client.Apps.FindRepositoryInstallation(ctx, org, repo)
	if err = translate(op, err); err != nil {
		if lasting(err) {
			return nil, &NotInstalledError{Repository: org + "/" + repo}
		}
		return nil, err
	}
	permissions, err := permissionMap(found.Permissions)
	return &Access{App: found.GetAppSlug(), Permissions: permissions, Events: found.Events}, err
}
