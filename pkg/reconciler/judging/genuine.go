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

// Doubt is why a command in the log may not be what its author wrote: the reason for the
// decision, and what GitHub has instead. Both are empty if there is no doubt.
type Doubt struct {
	Reason, Because string
}

// BodyEdited doubts the description of a pull request that somebody other than its author
// has edited, because then nobody knows who wrote which words. Authors may edit their own.
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

// CommentDoubt compares a command with the comment that it comes from. An edited comment
// proves nothing: GitHub does not show what it said before, and everybody with write access
// may edit the comments of others. A line with a prefix that is not, or no longer, in the
// settings does not count: people write commands for other bots, too.
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

// BodyDoubt compares a command with the description of its pull request. All commands in it
// have the same id, so the description may have another command by now.
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

// says reports whether the parsed commands include this one.
func says(heard []v1alpha1.Command, c v1alpha1.Command) bool {
	return slices.ContainsFunc(heard, func(h v1alpha1.Command) bool { return h.ID == c.ID && h.Text == c.Text })
}
