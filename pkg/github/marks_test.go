package github_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rehearsal-dev/rehearsal/pkg/github"
	standin "github.com/rehearsal-dev/rehearsal/test/github"
)

func TestLabels(t *testing.T) {
	f, ctx := start(t), t.Context()
	pull := f.open(t)
	const odd = "kind/flake? 100% ✓"
	steps := []struct {
		name string
		act  func() error
		want []string
	}{
		{"add", func() error { return f.client.AddLabel(ctx, "org", "config", pull.Number, "rehearsals-ack") }, []string{"a", "b", "rehearsals-ack"}},
		{"add again", func() error { return f.client.AddLabel(ctx, "org", "config", pull.Number, "rehearsals-ack") }, []string{"a", "b", "rehearsals-ack"}},
		{"add an odd one", func() error { return f.client.AddLabel(ctx, "org", "config", pull.Number, odd) }, []string{"a", "b", odd, "rehearsals-ack"}},
		{"remove it", func() error { return f.client.RemoveLabel(ctx, "org", "config", pull.Number, odd) }, []string{"a", "b", "rehearsals-ack"}},
		{"remove it again", func() error { return f.client.RemoveLabel(ctx, "org", "config", pull.Number, odd) }, []string{"a", "b", "rehearsals-ack"}},
		{"remove one that never was", func() error { return f.client.RemoveLabel(ctx, "org", "config", pull.Number, "a/b") }, []string{"a", "b", "rehearsals-ack"}},
	}
	for _, step := range steps {
		if err := step.act(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		read, err := f.client.Pull(ctx, "org", "config", pull.Number)
		ok(t, err)
		if diff := cmp.Diff(step.want, read.Labels); diff != "" {
			t.Errorf("%s: %s", step.name, diff)
		}
	}

	for _, name := range []string{"", ".", ".."} {
		if err := f.client.RemoveLabel(ctx, "org", "config", pull.Number, name); err == nil {
			t.Errorf("removing %q gives no error", name)
		}
	}
	calls, err := f.Calls(ctx, standin.CallQuery{Method: http.MethodDelete})
	ok(t, err)
	for _, c := range calls.Calls {
		if c.Route == "" {
			t.Errorf("%s %s was called", c.Method, c.Path)
		}
	}
}

func TestReactions(t *testing.T) {
	f, ctx := start(t), t.Context()
	pull := f.open(t)
	comment, err := f.CreateComment(ctx, standin.NewComment{PullID: pull.PullID, By: "bob", Body: "/rehearse"})
	ok(t, err)
	for range 2 {
		ok(t, f.client.React(ctx, "org", "config", comment.ID, "eyes"))
		ok(t, f.client.ReactToPull(ctx, "org", "config", pull.Number, "eyes"))
	}
	comments, err := f.ListComments(ctx, pull.PullID)
	ok(t, err)
	read, err := f.GetPull(ctx, pull.PullID)
	ok(t, err)
	want := []standin.Reaction{{User: "rehearsal-bot", Content: "eyes"}}
	if diff := cmp.Diff(want, comments[0].Reactions); diff != "" {
		t.Errorf("on the comment: %s", diff)
	}
	if diff := cmp.Diff(want, read.Reactions); diff != "" {
		t.Errorf("on the pull request: %s", diff)
	}
}

func TestStatuses(t *testing.T) {
	f, ctx := start(t), t.Context()
	pull := f.open(t)
	long := strings.Repeat("é", 140)
	tests := []struct {
		name string
		set  github.Status
		want standin.Status
	}{
		{"bare", github.Status{Context: "rehearsal", State: "pending"}, standin.Status{Context: "rehearsal", State: "pending"}},
		{"full", github.Status{Context: "rehearsal", State: "failure", Description: "3 of 4 passed", URL: "https://ci.example.com/1"},
			standin.Status{Context: "rehearsal", State: "failure", Description: "3 of 4 passed", TargetURL: "https://ci.example.com/1"}},
		{"as long as may be", github.Status{Context: "long", State: "success", Description: long},
			standin.Status{Context: "long", State: "success", Description: long}},
		{"too long", github.Status{Context: "long", State: "success", Description: long + "é"},
			standin.Status{Context: "long", State: "success", Description: strings.Repeat("é", 139) + "…"}},
		{"too long, cut at a space", github.Status{Context: "long", State: "success", Description: strings.Repeat("é", 138) + " is too much"},
			standin.Status{Context: "long", State: "success", Description: strings.Repeat("é", 138) + "…"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			at, err := f.client.SetStatus(ctx, "org", "config", pull.HeadSHA, tt.set)
			ok(t, err)
			if at.IsZero() {
				t.Error("it has no time")
			}
			statuses, err := f.ListStatuses(ctx, standin.StatusQuery{Org: "org", Repo: "config", SHA: pull.HeadSHA})
			ok(t, err)
			got := statuses[slices.IndexFunc(statuses, func(s standin.Status) bool { return s.Context == tt.set.Context })]
			tt.want.Creator, tt.want.CreatedAt = "rehearsal-bot", got.CreatedAt
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestMarksThatFail makes each call go wrong.
func TestMarksThatFail(t *testing.T) {
	f := start(t)
	pull := f.open(t)
	comment, err := f.CreateComment(t.Context(), standin.NewComment{PullID: pull.PullID, By: "bob", Body: "x"})
	ok(t, err)
	calls := []struct {
		name string
		call func(context.Context, *github.Client) error
	}{
		{`adding label "x/y" to pull request org/config#1`, func(ctx context.Context, c *github.Client) error {
			return c.AddLabel(ctx, "org", "config", 1, "x/y")
		}},
		{`removing label "x/y" from pull request org/config#1`, func(ctx context.Context, c *github.Client) error {
			return c.RemoveLabel(ctx, "org", "config", 1, "x/y")
		}},
		{fmt.Sprintf("reacting to comment %d of org/config", comment.ID), func(ctx context.Context, c *github.Client) error {
			return c.React(ctx, "org", "config", comment.ID, "eyes")
		}},
		{"reacting to pull request org/config#1", func(ctx context.Context, c *github.Client) error {
			return c.ReactToPull(ctx, "org", "config", 1, "eyes")
		}},
		{"setting status ci of org/config@" + pull.HeadSHA, func(ctx context.Context, c *github.Client) error {
			_, err := c.SetStatus(ctx, "org", "config", pull.HeadSHA, github.Status{Context: "ci", State: "pending"})
			return err
		}},
		{fmt.Sprintf("reading comment %d of org/config", comment.ID), func(ctx context.Context, c *github.Client) error {
			_, err := c.Comment(ctx, "org", "config", comment.ID)
			return err
		}},
	}
	answers := []struct {
		fault standin.Fault
		want  string
		text  string
	}{
		{standin.Fault{Status: 404, Body: `{"message":"Not Found"}`}, "not found", ": not found"},
		{standin.Fault{Status: 403, Body: `{"message":"Resource not accessible"}`}, "refused", ": refused (403): Resource not accessible"},
		{standin.Fault{Status: 422, Body: `{"message":"Validation Failed"}`}, "refused", ": refused (422): Validation Failed"},
		{standin.Fault{Status: 502}, "transient", ": GitHub answers 502"},
		{standin.Fault{Status: 429}, "limited", ": GitHub's rate limit is reached until"},
	}
	for _, c := range calls {
		for _, a := range answers {
			t.Run(fmt.Sprintf("%s/%d", c.name, a.fault.Status), func(t *testing.T) {
				client := newClient(t, f.APIURL(), github.Options{}) // the last one may wait
				a.fault.Times = 1
				_, err := f.AddFault(t.Context(), a.fault)
				ok(t, err)
				err = c.call(t.Context(), client)
				if kind(err) != a.want || !strings.HasPrefix(fmt.Sprint(err), c.name+a.text) {
					t.Errorf("got %s: %v", kind(err), err)
				}
			})
		}
	}
}

func TestLabelOfAPullThatIsGone(t *testing.T) {
	f := start(t)
	if err := f.client.RemoveLabel(t.Context(), "org", "config", 99, "x"); kind(err) != "not found" {
		t.Errorf("got %v", err)
	}
	ok(t, revoke(t, f))
	pull := f.open(t)
	if err := f.client.AddLabel(t.Context(), "org", "config", pull.Number, "x"); kind(err) != "refused" {
		t.Errorf("without the right to: %v", err)
	}
}

func TestComment(t *testing.T) {
	f := start(t)
	pull := f.open(t)
	written, err := f.client.CreateComment(t.Context(), "org", "config", pull.Number, "one")
	ok(t, err)
	read, err := f.client.Comment(t.Context(), "org", "config", written.ID)
	ok(t, err)
	if diff := cmp.Diff(written, read); diff != "" {
		t.Error(diff)
	}
	_, err = f.DeleteComment(t.Context(), standin.CommentEdit{Org: "org", Repo: "config", ID: written.ID})
	ok(t, err)
	if _, err = f.client.Comment(t.Context(), "org", "config", written.ID); kind(err) != "not found" {
		t.Errorf("a deleted comment gives %v", err)
	}
}
