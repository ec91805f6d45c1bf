package github

import (
	"context"
	"fmt"
	"net/url"
)

// Permission is what somebody may do in a repository, on GitHub's coarse scale:
// admin, write (maintain included), read (triage included) or none.
type Permission string

// CanWrite says whether it is write access or better.
func (p Permission) CanWrite() bool { return p == "admin" || p == "write" }

// Permission asks what a login may do in a repository, now. A login that does
// not exist (any more) gives a *NotFoundError.
func (c *Client) Permission(ctx context.Context, org, repo, login string) (Permission, error) {
	level, _, err := c.github.Repositories.GetPermissionLevel(ctx, org, repo, url.PathEscape(login))
	if err != nil {
		return "", translate(fmt.Sprintf("reading the rights of %q in %s/%s", login, org, repo), err)
	}
	return Permission(level.GetPermission()), nil
}
