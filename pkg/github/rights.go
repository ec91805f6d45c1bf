package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	gogithub "github.com/google/go-github/v60/github"
)

// Permission is a person's access to a repository, on GitHub's coarse scale: admin, write
// (maintain included), read (triage included) or none.
type Permission string

// CanWrite reports whether it is write access or better.
func (p Permission) CanWrite() bool { return p == "admin" || p == "write" }

// IsAdmin reports whether it is full access.
func (p Permission) IsAdmin() bool { return p == "admin" }

// Permission returns the current access of a login to a repository. A login that does not
// exist, or no longer exists, gives a *NotFoundError.
func (c *people) Permission(ctx context.Context, org, repo, login string) (Permission, error) {
	if err := checkRepository(org, repo); err != nil {
		return "", err
	}
	op := fmt.Sprintf("reading the rights of %q in %s/%s", login, org, repo)
	if !isLogin(login) {
		return "", &NotFoundError{Op: op}
	}
	level, _, err := c.github.Repositories.GetPermissionLevel(ctx, org, repo, url.PathEscape(login))
	if err != nil {
		return "", translate(op, err)
	}
	if level.GetPermission() == "" {
		return "", fmt.Errorf("%s: GitHub sends no response", op)
	}
	return Permission(level.GetPermission()), nil
}

// Member asks whether a login is a member of an organisation, now. GitHub shows only
// public members to outsiders: if we are one, everybody else counts as no member.
func (c *people) Member(ctx context.Context, org, login string) (bool, error) {
	if !isOwner(org) || !isLogin(login) {
		return false, nil
	}
	// A redirect leads to the list of public members.
	member, resp, err := c.github.Organizations.IsMember(ctx, org, url.PathEscape(login))
	return yes(fmt.Sprintf("reading whether %q is a member of %s", login, org), member, resp, err)
}

// TeamMember asks whether a login is a member of a team or a child team, now. Pending
// invitations do not count.
func (c *people) TeamMember(ctx context.Context, org, slug, login string) (bool, error) {
	if !isOwner(org) || !isTeam(slug) || !isLogin(login) {
		return false, nil
	}
	membership, _, err := c.github.Teams.GetTeamMembershipBySlug(ctx, org, slug, url.PathEscape(login))
	err = translate(fmt.Sprintf("reading whether %q is in the team %s/%s", login, org, slug), err)
	var none *NotFoundError
	if errors.As(err, &none) {
		return false, nil
	}
	if err == nil && membership.GetState() == "" {
		return false, fmt.Errorf("reading whether %q is in the team %s/%s: GitHub sends no response", login, org, slug)
	}
	return err == nil && membership.GetState() == "active", err
}

// Collaborator asks whether a login has access to a repository beyond what
// everybody has, now.
func (c *people) Collaborator(ctx context.Context, org, repo, login string) (bool, error) {
	if err := checkRepository(org, repo); err != nil {
		return false, err
	}
	if !isLogin(login) {
		return false, nil
	}
	is, resp, err := c.github.Repositories.IsCollaborator(ctx, org, repo, url.PathEscape(login))
	return yes(fmt.Sprintf("reading whether %q is a collaborator of %s/%s", login, org, repo), is, resp, err)
}

// yes reads an answer that GitHub gives as a status: only 204 means yes.
func yes(op string, is bool, resp *gogithub.Response, err error) (bool, error) {
	switch {
	case err != nil:
		return false, translate(op, err)
	case is && resp.StatusCode != http.StatusNoContent:
		return false, fmt.Errorf("%s: GitHub answers %d, which is unexpected", op, resp.StatusCode)
	}
	return is, nil
}
