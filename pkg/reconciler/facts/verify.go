package facts

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"knative.dev/pkg/logging"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/judging"
	"github.com/rehearsal-dev/rehearsal/pkg/requeue"
)

// Verify compares a command with the text on GitHub that it comes from. The receiver, which
// faces the internet, can write any command into the log, in anybody's name. Commands from
// the command line are checked by the admission policy. If Verify returns an error, nothing
// is decided.
func (f *Facts) Verify(ctx context.Context, c v1alpha1.Command) (judging.Doubt, error) {
	if event.FromCommandLine(c.ID) {
		return judging.Doubt{}, nil
	}
	d, err := f.compare(ctx, c)
	if err == nil && d.Reason == v1alpha1.ReasonForged {
		logging.FromContext(ctx).Errorw("A command in the log does not match GitHub: check who writes Rehearsals, the receiver first",
			"command", c.ID, "by", c.By, "text", judging.Brief(c.Text), "instead", d.Because)
	}
	return d, err
}

func (f *Facts) compare(ctx context.Context, c v1alpha1.Command) (judging.Doubt, error) {
	id, inComment := event.CommentID(c.ID)
	if !inComment {
		d := judging.BodyDoubt(c, f.Rehearsal.Spec.Pull, f.Pull, f.Settings.Prefixes)
		if d.Reason != "" {
			return d, nil
		}
		edits, err := f.edits(ctx, f.Pull.NodeID)
		if err != nil {
			return judging.Doubt{}, err
		}
		return judging.BodyEdited(edits, f.Pull.Author), nil
	}
	var comment *github.Comment
	err := f.Insister.Insist(fmt.Sprintf("read comment %d", id), f.Rehearsal.Status.MarkPulling, func() (err error) {
		comment, err = f.comment(ctx, id)
		return err
	})
	var gone *github.NotFoundError
	switch {
	case errors.As(err, &gone):
		return judging.Doubt{Reason: v1alpha1.ReasonDeleted, Because: "GitHub has no such comment."}, nil
	case err != nil:
		return judging.Doubt{}, err
	}
	d := judging.CommentDoubt(c, f.Rehearsal.Spec.Pull, comment, f.Settings.Prefixes)
	if d.Reason != "" {
		return d, nil
	}
	// Times are in whole seconds, so an edit within the same second does not change them.
	edits, err := f.edits(ctx, comment.NodeID)
	if err != nil {
		return judging.Doubt{}, err
	}
	if edits.Edited || !edits.Complete {
		return judging.Doubt{Reason: v1alpha1.ReasonEdited, Because: "The comment was edited."}, nil
	}
	return judging.Doubt{}, nil
}

// edits returns the edits of a text, read once per pass.
func (f *Facts) edits(ctx context.Context, node string) (*github.Edits, error) {
	if known, ok := f.textEdits[node]; ok {
		return known, nil
	}
	edits, err := f.GitHub.Edits(ctx, f.Rehearsal.Spec.Pull.Org, f.Rehearsal.Spec.Pull.Repo, node)
	if err == nil {
		f.textEdits[node] = edits
	}
	return edits, err
}

// comment reads a comment, once per pass because it may have many commands.
func (f *Facts) comment(ctx context.Context, id int64) (*github.Comment, error) {
	if known := f.lastComment; known != nil && known.ID == id {
		return known, nil
	}
	comment, err := f.GitHub.Comment(ctx, f.Rehearsal.Spec.Pull.Org, f.Rehearsal.Spec.Pull.Repo, id)
	if err == nil {
		f.lastComment = comment
	}
	return comment, err
}

// AboutHead returns why a command is not about the head; empty if it is.
func (f *Facts) AboutHead(ctx context.Context, c v1alpha1.Command, said event.Command) (reason string, err error) {
	a := judging.ArrivalOf(f.Rehearsal)
	reason, open := a.AboutHead(c, said)
	if !open {
		return reason, nil
	}
	p := f.Rehearsal.Spec.Pull
	pushes, err := f.GitHub.Pushes(ctx, p.Org, p.Repo, p.Number)
	if err != nil {
		return "", err
	}
	if said.SHA != "" && !slices.Contains(pushes.Commits, a.Head) && f.TheirTime().Sub(c.At.Time) < Lag {
		return "", &requeue.Later{After: LagPause, Reason: "GitHub's timeline does not show the latest push yet"}
	}
	return a.ByTimeline(c, said, pushes), nil
}
