package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	gogithub "github.com/google/go-github/v60/github"

	"github.com/rehearsal-dev/rehearsal/pkg/legible"
)

// maxDescription is the most characters that GitHub accepts in a status description.
const maxDescription = 140

// AddLabel puts a label on a pull request. It is idempotent. GitHub creates a label
// that the repository does not have yet.
func (c *writer) AddLabel(ctx context.Context, org, repo string, number int, label string) error {
	if err := checkRepository(org, repo); err != nil {
		return err
	}
	_, _, err := c.github.Issues.AddLabelsToIssue(ctx, org, repo, number, []string{label})
	return translate(fmt.Sprintf("adding label %q to %s", label, pullName(org, repo, number)), err)
}

// RemoveLabel removes a label from a pull request. A missing label is not an error; a
// missing pull request is.
func (c *writer) RemoveLabel(ctx context.Context, org, repo string, number int, label string) error {
	if err := checkRepository(org, repo); err != nil {
		return err
	}
	op := fmt.Sprintf("removing label %q from %s", label, pullName(org, repo, number))
	if strings.Trim(label, ".") == "" {
		return fmt.Errorf("%s: that is not a valid name", op) // as a path it would mean all labels
	}
	_, err := c.github.Issues.RemoveLabelForIssue(ctx, org, repo, number, url.PathEscape(label))
	if hasNoLabel(err) {
		return nil
	}
	return translate(op, err)
}

// hasNoLabel distinguishes GitHub's 404 for the label from that for anything else in
// the path.
func hasNoLabel(err error) bool {
	var answer *gogithub.ErrorResponse
	return errors.As(err, &answer) && answer.Response != nil && answer.Response.StatusCode == http.StatusNotFound &&
		answer.Message == "Label does not exist"
}

// React puts a reaction (+1, -1, laugh, confused, heart, hooray, rocket or eyes) on a
// comment. It is idempotent.
func (c *writer) React(ctx context.Context, org, repo string, comment int64, content string) error {
	if err := checkRepository(org, repo); err != nil {
		return err
	}
	_, _, err := c.github.Reactions.CreateIssueCommentReaction(ctx, org, repo, comment, content)
	return translate("reacting to "+commentName(org, repo, comment), err)
}

// ReactToPull is React for the text of the pull request itself.
func (c *writer) ReactToPull(ctx context.Context, org, repo string, number int, content string) error {
	if err := checkRepository(org, repo); err != nil {
		return err
	}
	_, _, err := c.github.Reactions.CreateIssueReaction(ctx, org, repo, number, content)
	return translate("reacting to "+pullName(org, repo, number), err)
}

// Status is a commit status.
type Status struct {
	// Context is at most 255 characters.
	Context string
	// State is error, failure, pending or success.
	State string
	// Description is cut to the 140 characters that GitHub accepts.
	Description string
	// URL is where Details leads; it may be empty.
	URL string
}

// SetStatus sets the status of a commit in the status' context. GitHub accepts 1,000
// for a commit and a context, so callers set only a status that has changed. It
// returns GitHub's time of the status.
func (c *writer) SetStatus(ctx context.Context, org, repo, sha string, s Status) (time.Time, error) {
	if err := checkRepository(org, repo); err != nil {
		return time.Time{}, err
	}
	if !isSHA(sha) {
		return time.Time{}, noName("commit", sha)
	}
	status := &gogithub.RepoStatus{State: &s.State, Context: &s.Context}
	if s.Description != "" {
		description := shorten(legible.Mute(s.Description), maxDescription)
		status.Description = &description
	}
	if s.URL != "" {
		status.TargetURL = &s.URL
	}
	created, _, err := c.github.Repositories.CreateStatus(ctx, org, repo, sha, status)
	return created.GetCreatedAt().Time, translate(fmt.Sprintf("setting status %s of %s/%s@%s", s.Context, org, repo, sha), err)
}

// shorten cuts a text to a number of characters, and shows that it did.
func shorten(text string, characters int) string {
	runes := []rune(text)
	if len(runes) <= characters {
		return text
	}
	return strings.TrimRight(string(runes[:characters-1]), " ") + "…"
}
