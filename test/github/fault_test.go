package github_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	gogithub "github.com/google/go-github/v60/github"

	"github.com/rehearsal-dev/rehearsal/test/github"
)

const commentsPath = "/repos/{owner}/{repo}/issues/{issue_number}/comments"

func TestFaults(t *testing.T) {
	cases := []struct {
		name     string
		fault    github.Fault
		wants    []string // outcome of each comment, in order
		comments int      // number of comments afterwards
	}{
		{"twice 502", github.Fault{Method: "POST", Path: commentsPath, Times: 2}, []string{"502", "502", "ok"}, 1},
		{"only the second call", github.Fault{Skip: 1, Times: 1, Status: 500}, []string{"ok", "500", "ok"}, 2},
		{"another path", github.Fault{Path: "/repos/*/*/pulls"}, []string{"ok"}, 1},
		{"all paths below", github.Fault{Path: "/repos/org/config/issues/**", Status: 503}, []string{"503"}, 0},
		{"another method", github.Fault{Method: "GET"}, []string{"ok"}, 1},
		{"answer lost", github.Fault{Kind: github.LoseAnswer, Times: 1}, []string{"dropped", "ok"}, 2},
		{"dropped", github.Fault{Kind: github.Drop, Times: 1}, []string{"dropped", "ok"}, 1},
		{"hanging", github.Fault{Kind: github.Hang, Times: 1, Delay: github.Duration(time.Millisecond)}, []string{"dropped", "ok"}, 1},
		{"slow", github.Fault{Kind: github.Slow, Times: 1, Delay: github.Duration(time.Millisecond)}, []string{"ok"}, 1},
		{"secondary limit", github.SecondaryLimit("POST", "", 1, 7*time.Second), []string{"wait 7s"}, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			srv := start(t)
			pull := openPull(t, srv)
			must(srv.AddFault(t.Context(), c.fault))(t)
			for i, want := range c.wants {
				if got := outcome(t, srv, pull.Number); got != want {
					t.Errorf("comment %d: got %s, want %s", i+1, got, want)
				}
			}
			if got := len(must(srv.ListComments(t.Context(), pull.PullID))(t)); got != c.comments {
				t.Errorf("comments: got %d, want %d", got, c.comments)
			}
		})
	}
}

func outcome(t *testing.T, srv *github.Server, number int) string {
	t.Helper()
	_, _, err := comment(t.Context(), goGitHub(t, srv, botToken), number, "hi")
	var answered *gogithub.ErrorResponse
	var limited *gogithub.AbuseRateLimitError
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &limited):
		return "wait " + limited.GetRetryAfter().String()
	case errors.As(err, &answered):
		return fmt.Sprint(answered.Response.StatusCode)
	}
	return "dropped"
}

func TestHangEndsWithTheClient(t *testing.T) {
	srv := start(t)
	pull := openPull(t, srv)
	must(srv.AddFault(t.Context(), github.Fault{Kind: github.Hang}))(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, _, err := comment(ctx, goGitHub(t, srv, botToken), pull.Number, "hi"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestSeededFaultsRepeat(t *testing.T) {
	strikes := func(seed uint64) string {
		srv := start(t)
		pull := openPull(t, srv)
		must(srv.AddFault(t.Context(), github.Fault{Probability: 0.3, Seed: seed, Status: http.StatusInternalServerError}))(t)
		out := ""
		for range 30 {
			out += outcome(t, srv, pull.Number) + " "
		}
		return out
	}
	if a, b := strikes(1), strikes(1); a != b {
		t.Errorf("same seed:\n%s\n%s", a, b)
	}
	if a, b := strikes(1), strikes(2); a == b {
		t.Errorf("other seed, same strikes: %s", a)
	}
}

func TestCallsAreCounted(t *testing.T) {
	srv, ctx := start(t), t.Context()
	pull := openPull(t, srv)
	must(srv.AddFault(ctx, github.Fault{Times: 1, Kind: github.LoseAnswer}))(t)
	outcome(t, srv, pull.Number)
	outcome(t, srv, pull.Number)
	calls := must(srv.Calls(ctx, github.CallQuery{Method: "POST", Path: commentsPath, User: "rehearsal-bot"}))(t)
	if got := calls.Counts["POST "+commentsPath]; got != 2 || len(calls.Calls) != 2 {
		t.Fatalf("got %d counted, %d listed", got, len(calls.Calls))
	}
	lost, good := calls.Calls[0], calls.Calls[1]
	if lost.Status != 0 || lost.Fault == 0 || good.Status != http.StatusCreated || good.Fault != 0 {
		t.Errorf("got %+v and %+v", lost, good)
	}
	must(srv.ResetCalls(ctx, github.None{}))(t)
	if calls := must(srv.Calls(ctx, github.CallQuery{}))(t); len(calls.Counts) != 0 || len(calls.Calls) != 0 {
		t.Errorf("after the reset: %+v", calls)
	}
}

// TestLateLists: a new comment is not listed yet, but can be read.
func TestLateLists(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	srv, err := github.Start("", github.WithToken(botToken, "bot"), github.WithClock(func() time.Time { return now }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = srv.Close() })
	must(srv.CreateRepo(t.Context(), github.NewRepo{Org: "org", Repo: "config", Files: map[string]string{"a": "1"}, Roles: map[string]string{"bot": "write"}}))(t)
	pull := must(srv.OpenPull(t.Context(), github.NewPull{Org: "org", Repo: "config", Author: "alice", Change: github.Change{Files: map[string]string{"a": "2"}}}))(t)
	must(srv.AddFault(t.Context(), github.Fault{Kind: github.Late, Method: "GET", Delay: github.Duration(time.Minute)}))(t)
	client := goGitHub(t, srv, botToken)
	created, _, err := comment(t.Context(), client, pull.Number, "hi")
	if err != nil {
		t.Fatal(err)
	}
	count := func() int {
		list, _, err := client.Issues.ListComments(t.Context(), "org", "config", pull.Number, nil)
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	if n := count(); n != 0 {
		t.Errorf("%d comments are listed at once", n)
	}
	if _, _, err := client.Issues.GetComment(t.Context(), "org", "config", created.GetID()); err != nil {
		t.Errorf("it is not there: %v", err)
	}
	now = now.Add(time.Minute)
	if n := count(); n != 1 {
		t.Errorf("%d comments are listed a minute later", n)
	}
}
