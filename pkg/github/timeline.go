package github

import (
	"context"
	"fmt"

	gogithub "github.com/google/go-github/v60/github"
)

// PushedAfter says whether a pull request's head was pushed to after a comment
// was written, by the order of its timeline. Dates tell nothing: those of
// commits are whatever their author wants. A comment that is not on the
// timeline (any more) gives true.
func (c *Client) PushedAfter(ctx context.Context, org, repo string, number int, comment int64) (bool, error) {
	if err := checkRepository(org, repo); err != nil {
		return false, err
	}
	op := "reading the timeline of " + pullName(org, repo, number)
	opts := &gogithub.ListOptions{PerPage: pageSize}
	seen := false
	for page := 0; page < maxPages; page++ {
		events, resp, err := c.github.Issues.ListIssueTimeline(ctx, org, repo, number, opts)
		if err != nil {
			return false, translate(op, err)
		}
		for _, e := range events {
			switch e.GetEvent() {
			case "commented":
				seen = seen || e.GetID() == comment
			case "committed", "head_ref_force_pushed":
				if seen {
					return true, nil
				}
			}
		}
		if resp.NextPage == 0 {
			return !seen, nil
		}
		opts.Page = resp.NextPage
	}
	return false, fmt.Errorf("%s: it has more than %d entries", op, maxPages*pageSize)
}
