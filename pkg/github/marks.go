package github

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	gogithub "github.com/google/go-github/v60/github"
)

// AddLabel puts a label on a pull request; again is as good as once.
func (c *Client) AddLabel(ctx context.Context, org, repo string, number int, label string) error {
	_, _, err := c.github.Issues.AddLabelsToIssue(ctx, org, repo, number, []string{label})
	return translate(fmt.Sprintf("adding label %s to %s", label, pullName(org, repo, number)), err)
}

// RemoveLabel takes a label off a pull request; one that is not there is no
// error.
func (c *Client) RemoveLabel(ctx context.Context, org, repo string, number int, label string) error {
	_, err := c.github.Issues.RemoveLabelForIssue(ctx, org, repo, number, url.PathEscape(label))
	err = translate(fmt.Sprintf("removing label %s from %s", label, pullName(org, repo, number)), err)
	var notFound *NotFoundError
	if errors.As(err, &notFound) {
		return nil
	}
	return err
}

// Status is a commit status.
type Status struct {
	// State is error, failure, pending or success.
	State       string
	Context     string
	Description string
	TargetURL   string
}

// CreateStatus sets the status of a commit in the status' context. GitHub keeps
// 1,000 per commit and context.
func (c *Client) CreateStatus(ctx context.Context, org, repo, sha string, s Status) error {
	status := &gogithub.RepoStatus{State: &s.State, Context: &s.Context}
	if s.Description != "" {
		status.Description = &s.Description
	}
	if s.TargetURL != "" {
		status.TargetURL = &s.TargetURL
	}
	_, _, err := c.github.Repositories.CreateStatus(ctx, org, repo, sha, status)
	return translate(fmt.Sprintf("setting status %s of %s/%s@%s", s.Context, org, repo, sha), err)
}
