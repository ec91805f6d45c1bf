package github_test

import (
	"errors"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/github"
	standin "github.com/rehearsal-dev/rehearsal/test/github"
)

func TestDeleteComment(t *testing.T) {
	f, ctx := start(t), t.Context()
	pull := f.open(t)
	first, err := f.client.CreateComment(ctx, "org", "config", pull.Number, "one")
	ok(t, err)
	second, err := f.client.CreateComment(ctx, "org", "config", pull.Number, "two")
	ok(t, err)
	ok(t, f.client.DeleteComment(ctx, "org", "config", first.ID))
	left, err := f.client.Comments(ctx, "org", "config", pull.Number)
	ok(t, err)
	if len(left) != 1 || left[0].ID != second.ID {
		t.Errorf("%+v are left", left)
	}
	var gone *github.NotFoundError
	if err := f.client.DeleteComment(ctx, "org", "config", first.ID); !errors.As(err, &gone) {
		t.Errorf("removing it again: %v", err)
	}
	_, err = f.AddFault(ctx, standin.Fault{Method: "DELETE", Times: 1, Status: 422})
	ok(t, err)
	var refused *github.RefusedError
	if err := f.client.DeleteComment(ctx, "org", "config", second.ID); !errors.As(err, &refused) {
		t.Errorf("refused: %v", err)
	}
}

// TestReactionsAreCounted checks that a comment has the number of its reactions.
func TestReactionsAreCounted(t *testing.T) {
	f, ctx := start(t), t.Context()
	pull := f.open(t)
	created, err := f.client.CreateComment(ctx, "org", "config", pull.Number, "one")
	ok(t, err)
	ok(t, f.client.React(ctx, "org", "config", created.ID, "+1"))
	comments, err := f.client.Comments(ctx, "org", "config", pull.Number)
	ok(t, err)
	if len(comments) != 1 || comments[0].Reactions != 1 {
		t.Errorf("the comments are %+v", comments)
	}
}
