package github

import (
	"context"
	"fmt"
	"time"

	gogithub "github.com/google/go-github/v60/github"
)

// Pushes is what GitHub's timeline of a pull request proves about its head. GitHub
// orders commits by their own dates, which their author can choose: neither the dates
// nor the order prove anything.
type Pushes struct {
	// Commits are the SHAs of the commits that make up the pull request.
	Commits []string
	// Forced are the force-pushes, with GitHub's own times, the oldest first.
	Forced []ForcedPush
}

// ForcedPush is a force-push to a branch.
type ForcedPush struct {
	// Head is the SHA that was pushed.
	Head string
	At   time.Time
}

// Pushes reads the timeline of a pull request.
func (c *Client) Pushes(ctx context.Context, org, repo string, number int) (*Pushes, error) {
	if err := checkRepository(org, repo); err != nil {
		return nil, err
	}
	op := "reading the timeline of " + pullName(org, repo, number)
	opts := &gogithub.ListOptions{PerPage: pageSize}
	pushes := &Pushes{}
	for range maxPages {
		events, resp, err := c.github.Issues.ListIssueTimeline(ctx, org, repo, number, opts)
		if err != nil {
			return nil, translate(op, err)
		}
		for _, e := range events {
			switch e.GetEvent() {
			case "committed":
				pushes.Commits = append(pushes.Commits, e.GetSHA())
			case "head_ref_force_pushed":
				pushes.Forced = append(pushes.Forced, ForcedPush{Head: e.GetCommitID(), At: e.GetCreatedAt().Time})
			}
		}
		if resp.NextPage == 0 {
			return pushes, nil
		}
		opts.Page = resp.NextPage
	}
	return nil, fmt.Errorf("%s: it has more than %d entries", op, maxPages*pageSize)
}
