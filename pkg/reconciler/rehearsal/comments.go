package rehearsal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/legible"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
)

// upsert makes the comment with the marker at its body's end say body, whatever
// was written before, and returns its id. known may be the zero value.
func (t *turn) upsert(ctx context.Context, known v1alpha1.CommentStatus, body string) (v1alpha1.CommentStatus, error) {
	body = legible.Mute(body) // as it will be read again
	hash := hashOf(body)
	if t.elsewhere {
		return known, &github.RefusedError{Op: "commenting on a pull request", Reason: "its name leads to another repository"}
	}
	if known.ID != 0 && known.Hash == hash {
		return known, nil
	}
	marker, _ := report.FindMarker(body)
	comment := known
	err := t.insist("comment "+marker, t.rh.Status.MarkReporting, func() (err error) {
		comment, err = t.write(ctx, known, body, hash)
		return err
	})
	return comment, err
}

func (t *turn) write(ctx context.Context, known v1alpha1.CommentStatus, body, hash string) (v1alpha1.CommentStatus, error) {
	p := t.rh.Spec.Pull
	if known.ID != 0 {
		edited, err := t.GitHub.EditComment(ctx, p.Org, p.Repo, known.ID, body)
		var gone *github.NotFoundError
		if !errors.As(err, &gone) {
			return written(known.ID, hash, edited), err
		}
		// Somebody deleted it; there is something new to say, so say it afresh.
		t.Written.drop(t.writtenKey(body), known.ID)
	}
	found, others, err := t.find(ctx, body)
	switch {
	case err != nil:
		return known, err
	case found == nil:
		created, err := t.GitHub.CreateComment(ctx, p.Org, p.Repo, p.Number, body)
		t.doubtCreation(body, err)
		if err != nil {
			return known, err
		}
		t.Written.note(t.writtenKey(body), *created, t.now)
		return written(created.ID, hash, created), nil
	}
	t.doubtFound(*found, others)
	now := found
	if strings.TrimSpace(found.Body) != strings.TrimSpace(body) {
		if now, err = t.GitHub.EditComment(ctx, p.Org, p.Repo, found.ID, body); err != nil {
			return known, err
		}
	}
	t.Written.note(t.writtenKey(body), github.Comment{ID: found.ID, Body: body, UpdatedAt: found.UpdatedAt}, t.now)
	return written(found.ID, hash, now), nil
}

// written is a comment as GitHub says it is now.
func written(id int64, hash string, c *github.Comment) v1alpha1.CommentStatus {
	status := v1alpha1.CommentStatus{ID: id, Hash: hash}
	if c != nil && !c.UpdatedAt.IsZero() {
		status.At = &metav1.Time{Time: c.UpdatedAt}
	}
	return status
}

// find looks for the first comment of ours with the marker of body, and counts the
// others: a marker in somebody else's comment proves nothing.
func (t *turn) find(ctx context.Context, body string) (found *github.Comment, others int, err error) {
	want, ok := report.FindMarker(body)
	if !ok {
		return nil, 0, fmt.Errorf("a comment without a marker would be written again and again")
	}
	self, err := t.GitHub.Self(ctx)
	if err != nil {
		return nil, 0, err
	}
	p := t.rh.Spec.Pull
	comments, err := t.GitHub.Comments(ctx, p.Org, p.Repo, p.Number)
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
		found = t.Written.take(t.writtenKey(body), t.now)
	}
	if found != nil && found.ID == 0 {
		found = nil
		t.doubt()
	}
	return found, others, nil
}

func hashOf(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:8])
}

// say writes a comment that status remembers by name.
func (t *turn) say(ctx context.Context, name, body string) error {
	comment, err := t.upsert(ctx, t.rh.Status.Comments[name], body)
	if t.refused(err) {
		return nil
	}
	if err != nil {
		return reporting(t.rh, err)
	}
	t.remember(name, comment)
	return nil
}

// remember notes a comment in status, by what it says; without a name it does not.
func (t *turn) remember(name string, comment v1alpha1.CommentStatus) {
	if name == "" {
		return
	}
	if t.rh.Status.Comments == nil {
		t.rh.Status.Comments = map[string]v1alpha1.CommentStatus{}
	}
	t.rh.Status.Comments[name] = comment
}
