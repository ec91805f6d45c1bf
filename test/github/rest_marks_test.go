package github_test

import (
	"fmt"
	"strings"
	"testing"

	gogithub "github.com/google/go-github/v60/github"

	"github.com/rehearsal-dev/rehearsal/test/github"
)

func TestReactionsAreCounted(t *testing.T) {
	srv, ctx := start(t, github.WithToken("eve-token", "eve")), t.Context()
	bot, eve := goGitHub(t, srv, botToken), goGitHub(t, srv, "eve-token")
	pull := openPull(t, srv)
	c := must(srv.CreateComment(ctx, github.NewComment{PullID: pull.PullID, By: "bob", Body: "hi"}))(t)
	for _, client := range []*gogithub.Client{bot, bot, eve} { // counted once each, however often
		if _, _, err := client.Reactions.CreateIssueCommentReaction(ctx, "org", "config", c.ID, "eyes"); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := bot.Reactions.CreateIssueReaction(ctx, "org", "config", pull.Number, "rocket"); err != nil {
		t.Fatal(err)
	}

	read, _, err := bot.Issues.GetComment(ctx, "org", "config", c.ID)
	if err != nil {
		t.Fatal(err)
	}
	issue, _, err := bot.Issues.Get(ctx, "org", "config", pull.Number)
	if err != nil {
		t.Fatal(err)
	}
	list, _, err := bot.Reactions.ListIssueReactions(ctx, "org", "config", pull.Number, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(read.Reactions.GetEyes(), read.Reactions.GetTotalCount(), issue.Reactions.GetRocket(), issue.Reactions.GetEyes(), len(list))
	if got != "2 2 1 0 1" {
		t.Errorf("eyes and all on the comment, rockets, eyes and list of the pull request: %s", got)
	}
}

// TestCombinedStatusPages has more contexts than GitHub shows by default.
func TestCombinedStatusPages(t *testing.T) {
	srv, ctx := start(t), t.Context()
	client := goGitHub(t, srv, botToken)
	pull := openPull(t, srv)
	for i := range 32 {
		state := "success"
		if i == 31 {
			state = "failure"
		}
		for _, s := range []string{"pending", state} {
			if _, _, err := client.Repositories.CreateStatus(ctx, "org", "config", pull.HeadSHA, statusOf(s, fmt.Sprintf("ci/%02d", i), "")); err != nil {
				t.Fatal(err)
			}
		}
	}
	var seen []string
	opts := &gogithub.ListOptions{}
	for {
		combined, resp, err := client.Repositories.GetCombinedStatus(ctx, "org", "config", pull.HeadSHA, opts)
		if err != nil {
			t.Fatal(err)
		}
		if combined.GetState() != "failure" || combined.GetTotalCount() != 32 {
			t.Errorf("page %d: %s of %d", opts.Page, combined.GetState(), combined.GetTotalCount())
		}
		seen = append(seen, fmt.Sprint(len(combined.Statuses)))
		if opts.Page = resp.NextPage; opts.Page == 0 {
			break
		}
	}
	if got := strings.Join(seen, " "); got != "30 2" {
		t.Errorf("pages have %s statuses", got)
	}
}

func TestLabelNames(t *testing.T) {
	srv, ctx := start(t), t.Context()
	client := goGitHub(t, srv, botToken)
	pull := openPull(t, srv)
	add := func(names ...string) error {
		_, _, err := client.Issues.AddLabelsToIssue(ctx, "org", "config", pull.Number, names)
		return err
	}
	if err := add("Kind/Bug", "kind/bug"); err != nil {
		t.Fatal(err)
	}
	if got := must(srv.GetPull(ctx, pull.PullID))(t).Labels; len(got) != 1 || got[0] != "Kind/Bug" {
		t.Errorf("labels that differ by case: %q", got)
	}
	for _, bad := range []string{"", strings.Repeat("x", 51)} {
		if err := add(bad); err == nil {
			t.Errorf("%q is a label", bad)
		}
	}
}
