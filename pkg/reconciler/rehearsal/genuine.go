package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"knative.dev/pkg/logging"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
)

// doubt is why a command of the log does not count as what its author said: the
// reason for a verdict, and what there is instead. Both are empty when it does.
type doubt struct {
	reason, because string
}

// verify reads from GitHub the text that a command is said to be a line of. The
// receiver may write anything into the log, in anybody's name, and faces the
// internet; what comes from the command line is for the admission policy. An error
// is no decision.
func (t *turn) verify(ctx context.Context, c v1alpha1.Command) (doubt, error) {
	if event.FromCommandLine(c.ID) {
		return doubt{}, nil
	}
	d, err := t.compare(ctx, c)
	if err == nil && d.reason == v1alpha1.ReasonForged {
		logging.FromContext(ctx).Errorw("A command in the log is not what GitHub has: look into who writes Rehearsals, the receiver first",
			"command", c.ID, "by", c.By, "text", brief(c.Text), "instead", d.because)
	}
	return d, err
}

func (t *turn) compare(ctx context.Context, c v1alpha1.Command) (doubt, error) {
	id, inComment := event.CommentID(c.ID)
	if !inComment {
		d := bodyDoubt(c, t.rh.Spec.Pull, t.pull, t.settings.Prefixes)
		if d.reason != "" {
			return d, nil
		}
		edits, err := t.edits(ctx, t.pull.NodeID)
		if err != nil {
			return doubt{}, err
		}
		return bodyEdited(edits, t.pull.Author), nil
	}
	var comment *github.Comment
	err := t.talk.Insist(fmt.Sprintf("read comment %d", id), t.rh.Status.MarkPulling, func() (err error) {
		comment, err = t.comment(ctx, id)
		return err
	})
	var gone *github.NotFoundError
	switch {
	case errors.As(err, &gone):
		return doubt{v1alpha1.ReasonDeleted, "GitHub has no such comment."}, nil
	case err != nil:
		return doubt{}, err
	}
	d := commentDoubt(c, t.rh.Spec.Pull, comment, t.settings.Prefixes)
	if d.reason != "" {
		return d, nil
	}
	// The times are in whole seconds: whoever is quick edits in none.
	edits, err := t.edits(ctx, comment.NodeID)
	if err != nil {
		return doubt{}, err
	}
	if edits.Edited || !edits.Complete {
		return doubt{v1alpha1.ReasonEdited, "The comment was edited."}, nil
	}
	return doubt{}, nil
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

// bodyEdited doubts the text of a pull request that somebody else has edited than its
// author: then nobody can tell whose words it has. Authors mend their own.
func bodyEdited(edits *github.Edits, author string) doubt {
	if !edits.Edited {
		return doubt{}
	}
	for _, editor := range edits.Editors {
		if !strings.EqualFold(editor, author) {
			return doubt{v1alpha1.ReasonEdited, "Somebody else edited the text of the pull request."}
		}
	}
	if !edits.Complete || len(edits.Editors) == 0 {
		return doubt{v1alpha1.ReasonEdited, "The text of the pull request was edited, and GitHub does not tell by whom."}
	}
	return doubt{}
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

// commentDoubt holds a command against the comment that it is said to be in. One
// that was edited proves nothing: GitHub does not tell what it said before, and
// whoever may write to the repository may edit the comments of others. Nor does a
// line with a prefix that the settings do not have (any more): people write
// commands for other bots, too.
func commentDoubt(c v1alpha1.Command, pull v1alpha1.Pull, found *github.Comment, prefixes []string) doubt {
	forged := func(format string, args ...any) doubt {
		return doubt{v1alpha1.ReasonForged, fmt.Sprintf(format, args...)}
	}
	switch {
	case found.Number != pull.Number:
		return forged("The comment is on another pull request, #%d.", found.Number)
	case !strings.EqualFold(found.Author, c.By):
		return forged("The comment is by %s.", found.Author)
	case found.CreatedAt.Unix() != c.At.Unix():
		return forged("The comment was written at %s.", found.CreatedAt.UTC().Format(time.RFC3339))
	case found.UpdatedAt.After(found.CreatedAt):
		return doubt{v1alpha1.ReasonEdited, "The comment was edited."}
	}
	hear := func(prefixes []string) []v1alpha1.Command {
		heard := event.FromComment(pull, event.Comment(*found), event.Options{Prefixes: prefixes, Now: found.CreatedAt})
		if heard == nil {
			return nil
		}
		return heard.Commands
	}
	first, _, _ := strings.Cut(c.Text, " ")
	switch {
	case says(hear(prefixes), c):
		return doubt{}
	case strings.HasPrefix(first, "/") && says(hear(append(slices.Clone(prefixes), first)), c):
		return doubt{v1alpha1.ReasonOtherPrefix, "The settings have no such prefix."}
	}
	return forged("The comment has no such line at that place.")
}

// bodyDoubt holds a command against the text of its pull request. The id is of all
// commands in it, so another one may be there since.
func bodyDoubt(c v1alpha1.Command, pull v1alpha1.Pull, found *github.Pull, prefixes []string) doubt {
	switch {
	case !event.FromDescription(c.ID):
		return doubt{v1alpha1.ReasonForged, "There is nothing on GitHub that such a name stands for."}
	case !strings.EqualFold(found.Author, c.By):
		return doubt{v1alpha1.ReasonForged, fmt.Sprintf("The pull request is by %s.", found.Author)}
	case found.CreatedAt.Unix() != c.At.Unix():
		return doubt{v1alpha1.ReasonForged, fmt.Sprintf("The pull request was opened at %s.", found.CreatedAt.UTC().Format(time.RFC3339))}
	}
	heard := event.FromPull(pull, event.Pull{
		Author: found.Author, AuthorType: found.AuthorType, Body: found.Body, Head: found.Head, CreatedAt: found.CreatedAt, UpdatedAt: found.UpdatedAt,
	}, true, event.Options{Prefixes: prefixes, Now: found.CreatedAt})
	if !says(heard.Commands, c) {
		return doubt{v1alpha1.ReasonEdited, "The text of the pull request has other commands."}
	}
	return doubt{}
}

// says looks for a command among those that were heard.
func says(heard []v1alpha1.Command, c v1alpha1.Command) bool {
	return slices.ContainsFunc(heard, func(h v1alpha1.Command) bool { return h.ID == c.ID && h.Text == c.Text })
}
