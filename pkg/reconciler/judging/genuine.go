package judging

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
)

// Doubt is why a command of the log does not count as what its author said: the
// reason for a verdict, and what there is instead. Both are empty when it does.
type Doubt struct {
	Reason, Because string
}

// BodyEdited doubts the text of a pull request that somebody else has edited than its
// author: then nobody can tell whose words it has. Authors mend their own.
func BodyEdited(edits *github.Edits, author string) Doubt {
	if !edits.Edited {
		return Doubt{}
	}
	for _, editor := range edits.Editors {
		if !strings.EqualFold(editor, author) {
			return Doubt{v1alpha1.ReasonEdited, "Somebody else edited the text of the pull request."}
		}
	}
	if !edits.Complete || len(edits.Editors) == 0 {
		return Doubt{v1alpha1.ReasonEdited, "The text of the pull request was edited, and GitHub does not say by whom."}
	}
	return Doubt{}
}

// CommentDoubt holds a command against the comment that it is said to be in. One
// that was edited proves nothing: GitHub does not tell what it said before, and
// whoever may write to the repository may edit the comments of others. Nor does a
// line with a prefix that the settings do not have (any more): people write
// commands for other bots, too.
func CommentDoubt(c v1alpha1.Command, pull v1alpha1.Pull, found *github.Comment, prefixes []string) Doubt {
	forged := func(format string, args ...any) Doubt {
		return Doubt{v1alpha1.ReasonForged, fmt.Sprintf(format, args...)}
	}
	switch {
	case found.Number != pull.Number:
		return forged("The comment is on another pull request, #%d.", found.Number)
	case !strings.EqualFold(found.Author, c.By):
		return forged("The comment is by %s.", found.Author)
	case found.CreatedAt.Unix() != c.At.Unix():
		return forged("The comment was written at %s.", found.CreatedAt.UTC().Format(time.RFC3339))
	case found.UpdatedAt.After(found.CreatedAt):
		return Doubt{v1alpha1.ReasonEdited, "The comment was edited."}
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
		return Doubt{}
	case strings.HasPrefix(first, "/") && says(hear(append(slices.Clone(prefixes), first)), c):
		return Doubt{v1alpha1.ReasonOtherPrefix, "The settings have no such prefix."}
	}
	return forged("The comment has no such line at that place.")
}

// BodyDoubt holds a command against the text of its pull request. The id is of all
// commands in it, so another one may be there since.
func BodyDoubt(c v1alpha1.Command, pull v1alpha1.Pull, found *github.Pull, prefixes []string) Doubt {
	switch {
	case !event.FromDescription(c.ID):
		return Doubt{v1alpha1.ReasonForged, "Nothing on GitHub matches such a name."}
	case !strings.EqualFold(found.Author, c.By):
		return Doubt{v1alpha1.ReasonForged, fmt.Sprintf("The pull request is by %s.", found.Author)}
	case found.CreatedAt.Unix() != c.At.Unix():
		return Doubt{v1alpha1.ReasonForged, fmt.Sprintf("The pull request was opened at %s.", found.CreatedAt.UTC().Format(time.RFC3339))}
	}
	heard := event.FromPull(pull, event.Pull{
		Author: found.Author, AuthorType: found.AuthorType, Body: found.Body, Head: found.Head, CreatedAt: found.CreatedAt, UpdatedAt: found.UpdatedAt,
	}, true, event.Options{Prefixes: prefixes, Now: found.CreatedAt})
	if !says(heard.Commands, c) {
		return Doubt{v1alpha1.ReasonEdited, "The text of the pull request has other commands."}
	}
	return Doubt{}
}

// says looks for a command among those that were heard.
func says(heard []v1alpha1.Command, c v1alpha1.Command) bool {
	return slices.ContainsFunc(heard, func(h v1alpha1.Command) bool { return h.ID == c.ID && h.Text == c.Text })
}
