package github_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	gogithub "github.com/google/go-github/v60/github"

	"github.com/rehearsal-dev/rehearsal/test/github"
)

func TestPullRequest(t *testing.T) {
	srv, ctx := start(t), t.Context()
	client := goGitHub(t, srv, botToken)
	pull := openPull(t, srv)

	got, _, err := client.PullRequests.Get(ctx, "org", "config", pull.Number)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ field, got, want string }{
		{"state", got.GetState(), "open"},
		{"author", got.User.GetLogin(), "alice"},
		{"head", got.Head.GetSHA(), pull.HeadSHA},
		{"base", got.Base.GetRef(), "main"},
		{"label", got.Head.GetLabel(), "alice:patch-1"},
		{"counts", fmt.Sprint(got.GetCommits(), got.GetAdditions(), got.GetDeletions(), got.GetChangedFiles()), "1 1 1 1"},
		{"mergeable", fmt.Sprint(got.GetMergeable()), "true"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %s, want %s", c.field, c.got, c.want)
		}
	}

	files, _, err := client.PullRequests.ListFiles(ctx, "org", "config", pull.Number, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 1 || files[0].GetFilename() != "jobs/a.yaml" || files[0].GetPatch() != "@@ -1 +1 @@\n-a: 1\n+a: 2" {
		t.Errorf("files: got %v", files)
	}
	content, _, _, err := client.Repositories.GetContents(ctx, "org", "config", "jobs/a.yaml", &gogithub.RepositoryContentGetOptions{Ref: pull.HeadSHA})
	if err != nil {
		t.Fatal(err)
	}
	if text, err := content.GetContent(); err != nil || text != "a: 2\n" {
		t.Errorf("content: got %q, %v", text, err)
	}
}

func TestListPullsFiltersAndPages(t *testing.T) {
	srv, ctx := start(t), t.Context()
	client := goGitHub(t, srv, botToken)
	for range 5 {
		openPull(t, srv)
	}
	must(srv.ClosePull(ctx, github.PullAction{PullID: github.PullID{Org: "org", Repo: "config", Number: 2}}))(t)

	var numbers []int
	opts := &gogithub.PullRequestListOptions{State: "open", Base: "main", ListOptions: gogithub.ListOptions{PerPage: 3}}
	for {
		pulls, resp, err := client.PullRequests.List(ctx, "org", "config", opts)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range pulls {
			numbers = append(numbers, p.GetNumber())
		}
		if opts.Page = resp.NextPage; opts.Page == 0 {
			break
		}
	}
	if got := fmt.Sprint(numbers); got != "[5 4 3 1]" {
		t.Errorf("got %s", got)
	}
	none, _, err := client.PullRequests.List(ctx, "org", "config", &gogithub.PullRequestListOptions{Base: "other"})
	if err != nil || len(none) != 0 {
		t.Errorf("pulls on another base: got %v, %v", none, err)
	}
}

func TestCommentsSince(t *testing.T) {
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	srv, ctx := start(t, github.WithClock(func() time.Time { return now })), t.Context()
	client := goGitHub(t, srv, botToken)
	pull := openPull(t, srv)
	old := must(srv.CreateComment(ctx, github.NewComment{PullID: pull.PullID, By: "bob", Body: "old"}))(t)
	now = now.Add(time.Minute)
	since := now
	must(srv.CreateComment(ctx, github.NewComment{PullID: pull.PullID, By: "bob", Body: "new"}))(t)

	bodies := func() string {
		list, _, err := client.Issues.ListComments(ctx, "org", "config", 0, &gogithub.IssueListCommentsOptions{
			Since: &since, Sort: gogithub.String("updated"), Direction: gogithub.String("asc")})
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, c := range list {
			out = append(out, c.GetBody())
		}
		return strings.Join(out, " ")
	}
	if got := bodies(); got != "new" {
		t.Errorf("since: got %q", got)
	}
	now = now.Add(time.Minute)
	must(srv.EditComment(ctx, github.CommentEdit{Org: "org", Repo: "config", ID: old.ID, Body: "old, edited"}))(t)
	if got := bodies(); got != "new old, edited" {
		t.Errorf("since, after an edit: got %q", got)
	}
}

func TestRefusals(t *testing.T) {
	srv, ctx := start(t, github.WithToken("eve-token", "eve")), t.Context()
	bot, eve := goGitHub(t, srv, botToken), goGitHub(t, srv, "eve-token")
	pull := openPull(t, srv)
	locked := openPull(t, srv)
	must(srv.LockPull(ctx, github.PullAction{PullID: locked.PullID}))(t)

	cases := []struct {
		name   string
		call   func() error
		status int
		body   string
	}{
		{"unknown token", func() error {
			_, _, err := comment(ctx, goGitHub(t, srv, "who"), pull.Number, "hi")
			return err
		}, 401, "Bad credentials"},
		{"unknown pull request", func() error {
			_, _, err := bot.PullRequests.Get(ctx, "org", "config", 999)
			return err
		}, 404, "Not Found"},
		{"comment too long", func() error {
			_, _, err := comment(ctx, bot, pull.Number, strings.Repeat("x", 65537))
			return err
		}, 422, "Validation Failed"},
		{"empty comment", func() error {
			_, _, err := comment(ctx, bot, pull.Number, "")
			return err
		}, 422, "Validation Failed"},
		{"locked", func() error {
			_, _, err := comment(ctx, eve, locked.Number, "hi")
			return err
		}, 403, "Unable to create comment because issue is locked."},
		{"comment by a writer on a locked pull request", func() error {
			_, _, err := comment(ctx, bot, locked.Number, "hi")
			return err
		}, 0, ""},
		{"label without write access", func() error {
			_, _, err := eve.Issues.AddLabelsToIssue(ctx, "org", "config", pull.Number, []string{"ok"})
			return err
		}, 403, "Resource not accessible by personal access token"},
		{"removing a missing label", func() error {
			_, err := bot.Issues.RemoveLabelForIssue(ctx, "org", "config", pull.Number, "nope")
			return err
		}, 404, "Label does not exist"},
		{"permission query by an outsider", func() error {
			_, _, err := eve.Repositories.GetPermissionLevel(ctx, "org", "config", "bob")
			return err
		}, 403, "Must have push access to view collaborator permission."},
		{"status of a missing commit", func() error {
			_, _, err := bot.Repositories.CreateStatus(ctx, "org", "config", strings.Repeat("0", 40), &gogithub.RepoStatus{State: gogithub.String("pending")})
			return err
		}, 422, "No commit found for SHA: " + strings.Repeat("0", 40)},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := c.call()
			if c.status == 0 {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var refused *gogithub.ErrorResponse
			if !errors.As(err, &refused) || refused.Response.StatusCode != c.status || refused.Message != c.body {
				t.Errorf("got %v, want %d %s", err, c.status, c.body)
			}
		})
	}
}

func TestMembersAndRoles(t *testing.T) {
	srv, ctx := start(t), t.Context()
	client := goGitHub(t, srv, botToken)
	must(srv.SetMember(ctx, github.Member{Org: "org", User: "rehearsal-bot"}))(t)
	must(srv.SetMember(ctx, github.Member{Org: "org", User: "bob"}))(t)
	must(srv.SetPermission(ctx, github.Permission{Org: "org", Repo: "config", User: "carol", Role: "maintain"}))(t)

	for login, want := range map[string]bool{"bob": true, "carol": false} {
		if got, _, err := client.Organizations.IsMember(ctx, "org", login); err != nil || got != want {
			t.Errorf("member %s: got %v, %v", login, got, err)
		}
	}
	for login, want := range map[string]string{"bob": "read read", "carol": "write maintain", "rehearsal-bot": "write write"} {
		got, _, err := client.Repositories.GetPermissionLevel(ctx, "org", "config", login)
		if err != nil {
			t.Fatal(err)
		}
		if s := got.GetPermission() + " " + got.User.GetRoleName(); s != want {
			t.Errorf("permission of %s: got %s, want %s", login, s, want)
		}
	}
}

func TestConditionalRequestIsFree(t *testing.T) {
	srv := start(t, github.WithRateLimit(2))
	pull := openPull(t, srv)
	get := func(etag string) *http.Response {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("%srepos/org/config/pulls/%d", srv.APIURL(), pull.Number), nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+botToken)
		req.Header.Set("If-None-Match", etag)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Fatal(err)
		}
		return resp
	}
	etag := get("").Header.Get("ETag")
	for range 3 {
		if got := get(etag).StatusCode; got != http.StatusNotModified {
			t.Fatalf("known: got %d", got)
		}
	}
	if got := get("").StatusCode; got != http.StatusOK {
		t.Errorf("second full answer: got %d", got)
	}
	resp := get("")
	if resp.StatusCode != http.StatusForbidden || resp.Header.Get("X-RateLimit-Remaining") != "0" {
		t.Errorf("beyond the limit: got %d, %s remaining", resp.StatusCode, resp.Header.Get("X-RateLimit-Remaining"))
	}
}

func TestContentLimits(t *testing.T) {
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	srv := start(t, github.WithContentLimits(), github.WithClock(func() time.Time { return now }))
	pull := openPull(t, srv)
	client := goGitHub(t, srv, botToken)
	for range 80 {
		if _, _, err := comment(t.Context(), client, pull.Number, "hi"); err != nil {
			t.Fatal(err)
		}
	}
	_, _, err := comment(t.Context(), client, pull.Number, "one too many")
	var abuse *gogithub.AbuseRateLimitError
	if !errors.As(err, &abuse) || abuse.GetRetryAfter() != time.Minute {
		t.Fatalf("81st write in a minute: got %v", err)
	}
	now = now.Add(time.Minute)
	fresh := goGitHub(t, srv, botToken) // the old client remembers that it has to wait
	if _, _, err := comment(t.Context(), fresh, pull.Number, "later"); err != nil {
		t.Errorf("a minute later: %v", err)
	}
}
