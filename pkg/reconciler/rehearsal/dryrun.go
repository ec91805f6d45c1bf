package rehearsal

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"strings"
	"time"

	"knative.dev/pkg/logging"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
)

// dryRun reads from GitHub, and logs writes during a dry run instead of making them.
// Comments that were only logged have negative ids.
type dryRun struct {
	GitHub
	// on reports whether this is a dry run now.
	on func() bool
}

func would(ctx context.Context, what, org, repo string, more ...any) {
	logging.FromContext(ctx).Infow("Dry run: would "+what, append([]any{"repository", org + "/" + repo}, more...)...)
}

// firstLine returns the part of a comment that is logged.
func firstLine(body string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(body), "\n")
	return strings.TrimSpace(line)
}

// CreateComment implements GitHub.
func (d *dryRun) CreateComment(ctx context.Context, org, repo string, number int, body string) (*github.Comment, error) {
	if !d.on() {
		return d.GitHub.CreateComment(ctx, org, repo, number, body)
	}
	would(ctx, "comment", org, repo, "pull", number, "body", firstLine(body))
	sum := sha256.Sum256([]byte(body))
	return &github.Comment{ID: -1 - int64(binary.BigEndian.Uint32(sum[:])), Number: number, Body: body}, nil
}

// EditComment implements GitHub.
func (d *dryRun) EditComment(ctx context.Context, org, repo string, id int64, body string) (*github.Comment, error) {
	if !d.on() {
		return d.GitHub.EditComment(ctx, org, repo, id, body)
	}
	would(ctx, "edit a comment", org, repo, "comment", id, "body", firstLine(body))
	return &github.Comment{ID: id, Body: body}, nil
}

// DeleteComment implements GitHub.
func (d *dryRun) DeleteComment(ctx context.Context, org, repo string, id int64) error {
	if !d.on() {
		return d.GitHub.DeleteComment(ctx, org, repo, id)
	}
	would(ctx, "remove a comment", org, repo, "comment", id)
	return nil
}

// AddLabel implements GitHub.
func (d *dryRun) AddLabel(ctx context.Context, org, repo string, number int, label string) error {
	if !d.on() {
		return d.GitHub.AddLabel(ctx, org, repo, number, label)
	}
	would(ctx, "add a label", org, repo, "pull", number, "label", label)
	return nil
}

// RemoveLabel implements GitHub.
func (d *dryRun) RemoveLabel(ctx context.Context, org, repo string, number int, label string) error {
	if !d.on() {
		return d.GitHub.RemoveLabel(ctx, org, repo, number, label)
	}
	would(ctx, "remove a label", org, repo, "pull", number, "label", label)
	return nil
}

// React implements GitHub.
func (d *dryRun) React(ctx context.Context, org, repo string, comment int64, content string) error {
	if !d.on() {
		return d.GitHub.React(ctx, org, repo, comment, content)
	}
	would(ctx, "react to a comment", org, repo, "comment", comment, "reaction", content)
	return nil
}

// ReactToPull implements GitHub.
func (d *dryRun) ReactToPull(ctx context.Context, org, repo string, number int, content string) error {
	if !d.on() {
		return d.GitHub.ReactToPull(ctx, org, repo, number, content)
	}
	would(ctx, "react to a pull request", org, repo, "pull", number, "reaction", content)
	return nil
}

// SetStatus implements GitHub.
func (d *dryRun) SetStatus(ctx context.Context, org, repo, sha string, s github.Status) (time.Time, error) {
	if !d.on() {
		return d.GitHub.SetStatus(ctx, org, repo, sha, s)
	}
	would(ctx, "set a status", org, repo, "sha", sha, "context", s.Context, "state", s.State, "description", s.Description)
	return time.Time{}, nil
}

// annotationDryRun is on the status of a Rehearsal that refers to writes which were only
// logged.
const annotationDryRun = "rehearsal.dev/dry-run"

// noteDryRun marks the status during a dry run. After the dry run, it has everything that
// is kept up to date written again. Answers that were only logged are not repeated.
func (t *pass) noteDryRun() {
	status := &t.rh.Status
	_, noted := status.Annotations[annotationDryRun]
	switch {
	case t.settings.DryRun && !noted:
		if status.Annotations == nil {
			status.Annotations = map[string]string{}
		}
		status.Annotations[annotationDryRun] = "true"
	case !t.settings.DryRun && noted:
		delete(status.Annotations, annotationDryRun)
		for name, comment := range status.Comments {
			if comment.Hash = ""; comment.ID < 0 {
				comment.ID = 0
			}
			status.Comments[name] = comment
		}
		for _, a := range []*v1alpha1.Acknowledgement{status.Acknowledgement, status.NetworkAccess} {
			// In this state nobody has acknowledged, so people set the labels that exist.
			if a != nil && a.State != v1alpha1.StateRequired {
				a.Labelled = false
			}
		}
		status.CommitStatus = nil
	}
}
