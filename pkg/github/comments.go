package github

import (
	"context"
	"fmt"
	"strings"
	"time"

	gogithub "github.com/google/go-github/v60/github"

	"github.com/rehearsal-dev/rehearsal/pkg/legible"
)

// Comment is a comment on a pull request.
type Comment struct {
	ID int64
	// NodeID is the id in the GraphQL API.
	NodeID   string
	Number   int
	Author   string
	AuthorID int64
	// AuthorType is GitHub's: User, Bot, Organization or Mannequin.
	AuthorType string
	Body       string
	URL        string
	CreatedAt  time.Time
	UpdatedAt  time.Time
	// Reactions is the number of reactions by anybody.
	Reactions int
}

// Comments lists the comments on a pull request, oldest first.
func (c *Client) Comments(ctx context.Context, org, repo string, number int) ([]Comment, error) {
	if err := checkRepository(org, repo); err != nil {
		return nil, err
	}
	op := "listing the comments on " + pullName(org, repo, number)
	opts := &gogithub.IssueListCommentsOptions{ListOptions: gogithub.ListOptions{PerPage: pageSize}}
	var comments []Comment
	for range maxPages {
		page, resp, err := c.github.Issues.ListComments(ctx, org, repo, number, opts)
		if err != nil {
			return nil, translate(op, err)
		}
		for _, comment := range page {
			comments = append(comments, newComment(comment))
		}
		if resp.NextPage == 0 {
			return comments, nil
		}
		opts.Page = resp.NextPage
	}
	return nil, fmt.Errorf("%s: there are more than %d", op, maxPages*pageSize)
}

// CommentsSince lists the comments on all pull requests of a repository that
// were created or edited at that time or later, the least recently changed
// first.
func (c *Client) CommentsSince(ctx context.Context, org, repo string, since time.Time) ([]Comment, error) {
	if err := checkRepository(org, repo); err != nil {
		return nil, err
	}
	op := fmt.Sprintf("listing the comments on %s/%s since %s", org, repo, since.UTC().Format(time.RFC3339))
	var comments []Comment
	seen := map[int64]bool{}
	opts := sinceOptions(since)
	for range maxPages {
		page, resp, err := c.github.Issues.ListComments(ctx, org, repo, 0, opts)
		if err != nil {
			return nil, translate(op, err)
		}
		for _, comment := range page {
			if onPull(comment) && !seen[comment.GetID()] {
				comments = append(comments, newComment(comment))
			}
			seen[comment.GetID()] = true
		}
		if resp.NextPage == 0 || len(page) == 0 {
			return comments, nil
		}
		opts = nextOptions(opts, page, resp.NextPage)
	}
	return nil, fmt.Errorf("%s: there are more than %d", op, len(comments))
}

func sinceOptions(since time.Time) *gogithub.IssueListCommentsOptions {
	since = since.UTC()
	return &gogithub.IssueListCommentsOptions{
		Sort: gogithub.String("updated"), Direction: gogithub.String("asc"), Since: &since,
		ListOptions: gogithub.ListOptions{PerPage: pageSize},
	}
}

// nextOptions continues from the time of the last comment, minus a second because
// others may have the same time. Page numbers would skip a comment whenever an
// earlier one is edited or deleted.
func nextOptions(opts *gogithub.IssueListCommentsOptions, page []*gogithub.IssueComment, nextPage int) *gogithub.IssueListCommentsOptions {
	since := page[len(page)-1].GetUpdatedAt().Add(-time.Second)
	if since.After(*opts.Since) {
		return sinceOptions(since)
	}
	opts.Page = nextPage // more of one second than fit a page
	return opts
}

// CreateComment comments on a pull request. The body is changed so that nothing in it is
// a command to another bot.
func (c *writer) CreateComment(ctx context.Context, org, repo string, number int, body string) (*Comment, error) {
	if err := checkRepository(org, repo); err != nil {
		return nil, err
	}
	body = legible.Mute(body)
	created, _, err := c.github.Issues.CreateComment(ctx, org, repo, number, &gogithub.IssueComment{Body: &body})
	if err != nil {
		return nil, translate("commenting on "+pullName(org, repo, number), err)
	}
	comment := newComment(created)
	return &comment, nil
}

// Comment reads a comment.
func (c *Client) Comment(ctx context.Context, org, repo string, id int64) (*Comment, error) {
	if err := checkRepository(org, repo); err != nil {
		return nil, err
	}
	read, _, err := c.github.Issues.GetComment(ctx, org, repo, id)
	if err != nil {
		return nil, translate("reading "+commentName(org, repo, id), err)
	}
	comment := newComment(read)
	if comment.ID != id || comment.CreatedAt.IsZero() {
		return nil, fmt.Errorf("reading %s: GitHub sends no response", commentName(org, repo, id))
	}
	return &comment, nil
}

// EditComment replaces the body of a comment, changed in the same way, and returns the
// new comment.
func (c *writer) EditComment(ctx context.Context, org, repo string, id int64, body string) (*Comment, error) {
	if err := checkRepository(org, repo); err != nil {
		return nil, err
	}
	body = legible.Mute(body)
	edited, _, err := c.github.Issues.EditComment(ctx, org, repo, id, &gogithub.IssueComment{Body: &body})
	if err != nil {
		return nil, translate("editing "+commentName(org, repo, id), err)
	}
	comment := newComment(edited)
	return &comment, nil
}

// DeleteComment removes a comment.
func (c *writer) DeleteComment(ctx context.Context, org, repo string, id int64) error {
	if err := checkRepository(org, repo); err != nil {
		return err
	}
	_, err := c.github.Issues.DeleteComment(ctx, org, repo, id)
	return translate("removing "+commentName(org, repo, id), err)
}

func commentName(org, repo string, id int64) string {
	return fmt.Sprintf("comment %d of %s/%s", id, org, repo)
}

// onPull distinguishes comments on pull requests from those on issues: GitHub lists
// them together, and only the HTML URL differs.
func onPull(c *gogithub.IssueComment) bool {
	return strings.Contains(c.GetHTMLURL(), "/pull/")
}

func newComment(c *gogithub.IssueComment) Comment {
	return Comment{
		ID: c.GetID(), NodeID: c.GetNodeID(), Number: numberFrom(c.GetIssueURL()),
		Author: c.GetUser().GetLogin(), AuthorID: c.GetUser().GetID(), AuthorType: c.GetUser().GetType(),
		Body: c.GetBody(), URL: c.GetHTMLURL(),
		CreatedAt: c.GetCreatedAt().Time, UpdatedAt: c.GetUpdatedAt().Time, Reactions: c.GetReactions().GetTotalCount(),
	}
}
