package rehearsal

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

// verify reads from GitHub the text that a command is said to be a line of. The
// receiver may write anything into the log, in anybody's name, and faces the
// internet; what comes from the command line is for the admission policy. An error
// is no decision.
func (t *turn) verify(ctx context.Context, c v1alpha1.Command) (judging.Doubt, error) {
	if event.FromCommandLine(c.ID) {
		return judging.Doubt{}, nil
	}
	d, err := t.compare(ctx, c)
	if err == nil && d.Reason == v1alpha1.ReasonForged {
		logging.FromContext(ctx).Errorw("A command in the log is not what GitHub has: look into who writes Rehearsals, the receiver first",
			"command", c.ID, "by", c.By, "text", judging.Brief(c.Text), "instead", d.Because)
	}
	return d, err
}

func (t *turn) compare(ctx context.Context, c v1alpha1.Command) (judging.Doubt, error) {
	id, inComment := event.CommentID(c.ID)
	if !inComment {
		d := judging.BodyDoubt(c, t.rh.Spec.Pull, t.pull, t.settings.Prefixes)
		if d.Reason != "" {
			return d, nil
		}
		edits, err := t.edits(ctx, t.pull.NodeID)
		if err != nil {
			return judging.Doubt{}, err
		}
		return judging.BodyEdited(edits, t.pull.Author), nil
	}
	var comment *github.Comment
	err := t.talk.Insist(fmt.Sprintf("read comment %d", id), t.rh.Status.MarkPulling, func() (err error) {
		comment, err = t.comment(ctx, id)
		return err
	})
	var gone *github.NotFoundError
	switch {
	case errors.As(err, &gone):
		return judging.Doubt{v1alpha1.ReasonDeleted, "GitHub has no such comment."}, nil
	case err != nil:
		return judging.Doubt{}, err
	}
	d := judging.CommentDoubt(c, t.rh.Spec.Pull, comment, t.settings.Prefixes)
	if d.Reason != "" {
		return d, nil
	}
	// The times are in whole seconds: whoever is quick edits in none.
	edits, err := t.edits(ctx, comment.NodeID)
	if err != nil {
		return judging.Doubt{}, err
	}
	if edits.Edited || !edits.Complete {
		return judging.Doubt{v1alpha1.ReasonEdited, "The comment was edited."}, nil
	}
	return judging.Doubt{}, nil
}

// edits asks what became of a text, once in a turn.
func (t *turn) edits(ctx context.Context, node string) (*github.Edits, error) {
	if known, ok := t.known.edits[node]; ok {
		return known, nil
	}
	edits, err := t.GitHub.Edits(ctx, t.rh.Spec.Pull.Org, t.rh.Spec.Pull.Repo, node)
	if err == nil {
		t.known.edits[node] = edits
	}
	return edits, err
}

// comment reads a comment, once in a turn: it may have many commands.
func (t *turn) comment(ctx context.Context, id int64) (*github.Comment, error) {
	if known := t.known.comment; known != nil && known.ID == id {
		return known, nil
	}
	comment, err := t.GitHub.Comment(ctx, t.rh.Spec.Pull.Org, t.rh.Spec.Pull.Repo, id)
	if err == nil {
		t.known.comment = comment
	}
	return comment, err
}

// aboutHead says why a command is not about the head; empty if it is.
func (t *turn) aboutHead(ctx context.Context, c v1alpha1.Command, said event.Command) (reason string, err error) {
	a := judging.ArrivalOf(t.rh)
	reason, open := a.AboutHead(c, said)
	if !open {
		return reason, nil
	}
	p := t.rh.Spec.Pull
	pushes, err := t.GitHub.Pushes(ctx, p.Org, p.Repo, p.Number)
	if err != nil {
		return "", err
	}
	if said.SHA != "" && !slices.Contains(pushes.Commits, a.Head) && t.theirTime().Sub(c.At.Time) < lag {
		return "", &requeue.Later{After: lagPause, Reason: "GitHub's timeline does not show the latest push yet"}
	}
	return a.ByTimeline(c, said, pushes), nil
}
