// Package conversation writes comments, labels and statuses on a pull request. Each
// comment ends with a marker, by which it is found again and written only once.
// Refusals by GitHub are accepted only if they last, and duplicate comments are
// merged.
package conversation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/legible"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
	"github.com/rehearsal-dev/rehearsal/pkg/requeue"
)

// GitHub is the part of GitHub's API that a conversation uses. Errors are those of
// pkg/github.
type GitHub interface {
	Self(ctx context.Context) (string, error)
	Comments(ctx context.Context, org, repo string, number int) ([]github.Comment, error)
	CreateComment(ctx context.Context, org, repo string, number int, body string) (*github.Comment, error)
	EditComment(ctx context.Context, org, repo string, id int64, body string) (*github.Comment, error)
	DeleteComment(ctx context.Context, org, repo string, id int64) error
	AddLabel(ctx context.Context, org, repo string, number int, label string) error
	RemoveLabel(ctx context.Context, org, repo string, number int, label string) error
	React(ctx context.Context, org, repo string, comment int64, content string) error
	ReactToPull(ctx context.Context, org, repo string, number int, content string) error
	SetStatus(ctx context.Context, org, repo, sha string, s github.Status) (time.Time, error)
	// Skew is how far GitHub's clock is ahead of ours, where that is known.
	Skew() (ahead time.Duration, known bool)
}

// Conversation is the conversation on one pull request during one pass.
type Conversation struct {
	GitHub GitHub
	Memory *Memory
	// Rehearsal names the pull request. Its status contains what was written and refused.
	Rehearsal *v1alpha1.Rehearsal
	Now       time.Time
	// NewLeader says that another controller was the leader until just now, and may have
	// written.
	NewLeader bool
	// Muted is why nothing may be written; nil if writing is allowed.
	Muted error
	// Refused says that GitHub refuses something that should be written.
	Refused bool
}

func (c *Conversation) pull() v1alpha1.Pull { return c.Rehearsal.Spec.Pull }

func (c *Conversation) status() *v1alpha1.RehearsalStatus { return &c.Rehearsal.Status }

// theirTime returns the time of GitHub's clock.
func (c *Conversation) theirTime() time.Time {
	ahead, _ := c.GitHub.Skew()
	return c.Now.Add(ahead)
}

// Upsert creates or updates the comment with the marker at the end of body, and
// returns its id. known may be the zero value.
func (c *Conversation) Upsert(ctx context.Context, known v1alpha1.CommentStatus, body string) (v1alpha1.CommentStatus, error) {
	body = legible.Mute(body) // as it will be read again
	hash := Hash(body)
	if c.Muted != nil {
		return known, c.Muted
	}
	if known.ID != 0 && known.Hash == hash {
		return known, nil
	}
	marker, _ := report.FindMarker(body)
	comment := known
	err := c.Insist("comment "+marker, c.status().MarkReporting, func() (err error) {
		comment, err = c.write(ctx, known, body, hash)
		return err
	})
	return comment, err
}

func (c *Conversation) write(ctx context.Context, known v1alpha1.CommentStatus, body, hash string) (v1alpha1.CommentStatus, error) {
	p := c.pull()
	if known.ID != 0 {
		edited, err := c.GitHub.EditComment(ctx, p.Org, p.Repo, known.ID, body)
		var gone *github.NotFoundError
		if !errors.As(err, &gone) {
			return written(known.ID, hash, edited), err
		}
		// Somebody deleted it, and there is something new: write a new one.
		c.Memory.drop(c.memoryKey(body), known.ID)
	}
	found, others, err := c.find(ctx, body)
	switch {
	case err != nil:
		return known, err
	case found == nil:
		created, err := c.GitHub.CreateComment(ctx, p.Org, p.Repo, p.Number, body)
		c.doubtCreation(body, err)
		if err != nil {
			return known, err
		}
		c.Memory.note(c.memoryKey(body), *created, c.Now)
		return written(created.ID, hash, created), nil
	}
	c.doubtFound(*found, others)
	now := found
	if strings.TrimSpace(found.Body) != strings.TrimSpace(body) {
		if now, err = c.GitHub.EditComment(ctx, p.Org, p.Repo, found.ID, body); err != nil {
			return known, err
		}
	}
	c.Memory.note(c.memoryKey(body), github.Comment{ID: found.ID, Body: body, UpdatedAt: found.UpdatedAt}, c.Now)
	return written(found.ID, hash, now), nil
}

// written returns the status of a comment as GitHub returned it.
func written(id int64, hash string, c *github.Comment) v1alpha1.CommentStatus {
	status := v1alpha1.CommentStatus{ID: id, Hash: hash}
	if c != nil && !c.UpdatedAt.IsZero() {
		status.At = &metav1.Time{Time: c.UpdatedAt}
	}
	return status
}

// find looks for our first comment with the marker of body, and counts the others. A marker
// in somebody else's comment does not count.
func (c *Conversation) find(ctx context.Context, body string) (found *github.Comment, others int, err error) {
	want, ok := report.FindMarker(body)
	if !ok {
		return nil, 0, fmt.Errorf("a comment without a marker would be written again and again")
	}
	self, err := c.GitHub.Self(ctx)
	if err != nil {
		return nil, 0, err
	}
	p := c.pull()
	comments, err := c.GitHub.Comments(ctx, p.Org, p.Repo, p.Number)
	if err != nil {
		return nil, 0, err
	}
	for i := range comments {
		marker, ok := report.FindMarker(comments[i].Body)
		switch {
		case !ok || marker != want || !strings.EqualFold(comments[i].Author, self):
		case found == nil:
			found = &comments[i]
		default:
			others++
		}
	}
	if found == nil {
		found = c.Memory.take(c.memoryKey(body), c.Now)
	}
	if found != nil && found.ID == 0 {
		found = nil
		c.Doubt()
	}
	return found, others, nil
}

// Hash returns a short hash of a text.
func Hash(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:8])
}

// Say writes a comment that status stores under a name. A permanent refusal is shown in a
// condition.
func (c *Conversation) Say(ctx context.Context, name, body string) error {
	comment, err := c.Upsert(ctx, c.status().Comments[name], body)
	if c.IsRefused(err) {
		return nil
	}
	if err != nil {
		return c.Reporting(err)
	}
	c.Remember(name, comment)
	return nil
}

// Remember records a comment in status with a hash of its body; without a name it
// does nothing.
func (c *Conversation) Remember(name string, comment v1alpha1.CommentStatus) {
	if name == "" {
		return
	}
	if c.status().Comments == nil {
		c.status().Comments = map[string]v1alpha1.CommentStatus{}
	}
	c.status().Comments[name] = comment
}

// IsRefused reports whether an error is a permanent refusal, and records it. Retrying would
// be a hot loop.
func (c *Conversation) IsRefused(err error) bool {
	var no *github.RefusedError
	var gone *github.NotFoundError
	switch {
	case errors.As(err, &no):
		c.status().MarkNotReported("Refused", no.Error())
	case errors.As(err, &gone):
		c.status().MarkNotReported("NotFound", gone.Error())
	default:
		return false
	}
	c.Refused = true
	return true
}

// Reporting records that a write to the pull request has not succeeded yet.
func (c *Conversation) Reporting(err error) error {
	var wait *requeue.Later
	if err == nil || errors.Is(err, context.Canceled) || errors.As(err, &wait) {
		return err // the reason is already shown
	}
	c.status().MarkReporting("Retrying", err.Error())
	return err
}
