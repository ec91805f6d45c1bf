package github_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/test/github"
)

// TestClientSpeaksControl does the same in-process and through a Client, and expects the
// same results.
func TestClientSpeaksControl(t *testing.T) {
	srv := start(t)
	ctx := t.Context()
	for name, c := range map[string]github.Control{"server": srv, "client": &github.Client{URL: srv.URL()}} {
		t.Run(name, func(t *testing.T) {
			must(c.CreateRepo(ctx, github.NewRepo{Org: "other", Repo: name, Files: map[string]string{"a": "1"}}))(t)
			pull := must(c.OpenPull(ctx, github.NewPull{Org: "other", Repo: name, Author: "alice",
				Labels: []string{"b", "a"}, Change: github.Change{Files: map[string]string{"a": "2"}}}))(t)
			if pull.Number != 1 || strings.Join(pull.Labels, " ") != "a b" {
				t.Errorf("opened: got %+v", pull)
			}
			pushed := must(c.Push(ctx, github.NewPush{PullID: pull.PullID, Change: github.Change{Remove: []string{"a"}}}))(t)
			if got := must(c.GetPull(ctx, pull.PullID))(t); !reflect.DeepEqual(got, pushed) || got.HeadSHA == pull.HeadSHA {
				t.Errorf("pushed: got %+v", got)
			}
			must(c.CreateComment(ctx, github.NewComment{PullID: pull.PullID, By: "bob", Body: "hi"}))(t)
			if got := must(c.ListComments(ctx, pull.PullID))(t); len(got) != 1 || got[0].Author != "bob" || got[0].Number != 1 {
				t.Errorf("comments: got %+v", got)
			}
			if _, err := c.GetPull(ctx, github.PullID{Org: "other", Repo: name, Number: 9}); !github.IsNotFound(err) {
				t.Errorf("unknown: got %v", err)
			}
			if _, err := c.AddFault(ctx, github.Fault{Kind: "nonsense"}); err == nil {
				t.Error("nonsense is accepted")
			}
		})
	}
}
