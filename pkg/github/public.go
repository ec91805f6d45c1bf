package github

import (
	"context"
	"net/http"
)

// PublicDefaultBranch is DefaultBranch without credentials, for public data. GitHub
// allows few such calls.
func (c *Client) PublicDefaultBranch(ctx context.Context, org, repo string) (string, error) {
	if err := checkRepository(org, repo); err != nil {
		return "", err
	}
	return c.defaultBranch(ctx, c.public, org, repo)
}

// PublicBranchTip is BranchTip without credentials.
func (c *Client) PublicBranchTip(ctx context.Context, org, repo, branch string) (string, error) {
	if err := checkRepository(org, repo); err != nil {
		return "", err
	}
	if !isRef(branch) {
		return "", noName("branch", branch)
	}
	return branchTip(ctx, c.public, org, repo, branch)
}

// stranger makes all responses by which GitHub hides something from anonymous callers
// the same: the difference must not leak anything.
type stranger struct {
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (s *stranger) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := s.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	switch resp.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusUnavailableForLegalReasons:
		resp.StatusCode, resp.Status = http.StatusNotFound, "404 Not Found"
	}
	return resp, nil
}
