package github

import (
	"context"
	"net/http"
)

// PublicDefaultBranch is DefaultBranch, asked without credentials: what anybody may
// know. GitHub takes few such calls.
func (c *Client) PublicDefaultBranch(ctx context.Context, org, repo string) (string, error) {
	if err := checkRepository(org, repo); err != nil {
		return "", err
	}
	return c.defaultBranch(ctx, c.public, org, repo)
}

// PublicBranchTip is BranchTip, asked without credentials.
func (c *Client) PublicBranchTip(ctx context.Context, org, repo, branch string) (string, error) {
	if err := checkRepository(org, repo); err != nil {
		return "", err
	}
	if !isRef(branch) {
		return "", noName("branch", branch)
	}
	return branchTip(ctx, c.public, org, repo, branch)
}

// stranger makes one answer of all by which GitHub hides something from those whom it
// does not know: which one it was must tell nothing.
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
