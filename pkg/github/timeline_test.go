package github_test

import (
	"slices"
	"testing"
	"time"

	standin "github.com/rehearsal-dev/rehearsal/test/github"
)

// TestPushes checks that the dates of commits, which authors can choose, prove nothing,
// and GitHub's times of force-pushes do.
func TestPushes(t *testing.T) {
	f, ctx := start(t), t.Context()
	pull := f.open(t)
	first := pull.HeadSHA
	_, err := f.CreateComment(ctx, standin.NewComment{PullID: pull.PullID, By: "bob", Body: "fine"})
	ok(t, err)
	old := time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
	pull, err = f.Push(ctx, standin.NewPush{PullID: pull.PullID, Date: &old, Change: standin.Change{Files: map[string]string{"x": "1"}}})
	ok(t, err)
	pushes, err := f.client.Pushes(ctx, "org", "config", pull.Number)
	ok(t, err)
	if want := []string{pull.HeadSHA, first}; !slices.Equal(pushes.Commits, want) || len(pushes.Forced) != 0 {
		t.Errorf("pushed on top, with an old date: %+v, want the commits %q by their dates", pushes, want)
	}
	pull, err = f.Push(ctx, standin.NewPush{PullID: pull.PullID, Force: true, Date: &old, Change: standin.Change{Files: map[string]string{"x": "2"}}})
	ok(t, err)
	pushes, err = f.client.Pushes(ctx, "org", "config", pull.Number)
	ok(t, err)
	if len(pushes.Forced) != 1 || pushes.Forced[0].Head != pull.HeadSHA || time.Since(pushes.Forced[0].At).Abs() > time.Hour || !slices.Equal(pushes.Commits, []string{pull.HeadSHA}) {
		t.Errorf("forced, with an old date: %+v, want %s as of now", pushes, pull.HeadSHA)
	}
}
