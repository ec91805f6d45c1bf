package conformance_test

import (
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/test/github"
	"github.com/rehearsal-dev/rehearsal/test/github/conformance"
)

// TestWebhooksConform drops all deliveries: only their payloads matter.
func TestWebhooksConform(t *testing.T) {
	validator, w, ctx := conformance.NewWebhooks(t), newWorld(t), t.Context()
	_, err := w.srv.SetDelivering(ctx, github.Delivering{Drop: true})
	check(t, err)
	for _, repo := range []string{"config", ""} {
		_, err := w.srv.AddHook(ctx, github.Hook{Org: "org", Repo: repo, URL: "http://127.0.0.1:1", Secret: "s"})
		check(t, err)
	}
	edit := github.CommentEdit{Org: "org", Repo: "config", ID: w.old.ID, Body: "edited"}
	_, err = w.srv.CreateComment(ctx, github.NewComment{PullID: w.pull.PullID, By: "bob", Body: "hi"})
	check(t, err)
	_, err = w.srv.EditComment(ctx, edit)
	check(t, err)
	_, err = w.srv.DeleteComment(ctx, edit)
	check(t, err)
	_, err = w.srv.OpenPull(ctx, github.NewPull{Org: "org", Repo: "config", Author: "alice", Labels: []string{"x"},
		Change: github.Change{Files: map[string]string{"c": "1"}}})
	check(t, err)
	w.history(t)

	deliveries, err := w.srv.ListDeliveries(ctx, github.DeliveryQuery{})
	check(t, err)
	seen := map[string]bool{}
	for _, d := range deliveries {
		seen[strings.TrimSpace(d.Event+" "+d.Action)] = true
		if err := validator.Validate(d.Event, d.Action, d.Payload); err != nil {
			t.Errorf("%s %s: %v", d.Event, d.Action, err)
		}
	}
	for _, want := range []string{
		"ping", "issue_comment created", "issue_comment edited", "issue_comment deleted",
		"pull_request opened", "pull_request synchronize", "pull_request edited", "pull_request closed",
		"pull_request reopened", "pull_request labeled", "pull_request unlabeled", "pull_request locked", "pull_request unlocked",
	} {
		if !seen[want] {
			t.Errorf("%s was not sent", want)
		}
	}
}

// TestWebhookValidatorObjects: the validator really objects to errors.
func TestWebhookValidatorObjects(t *testing.T) {
	validator, w, ctx := conformance.NewWebhooks(t), newWorld(t), t.Context()
	_, err := w.srv.AddHook(ctx, github.Hook{Org: "org", URL: "http://127.0.0.1:1"})
	check(t, err)
	_, err = w.srv.CreateComment(ctx, github.NewComment{PullID: w.pull.PullID, By: "bob", Body: "hi"})
	check(t, err)
	deliveries, err := w.srv.ListDeliveries(ctx, github.DeliveryQuery{Event: "issue_comment"})
	check(t, err)
	good := string(deliveries[0].Payload)
	for name, c := range map[string]struct{ payload, want string }{
		"missing field": {strings.Replace(good, `"sender":`, `"sendr":`, 1), "missing property 'sender'"},
		"unknown field": {strings.Replace(good, `"action":`, `"sent":"now","action":`, 1), "no example has sent"},
		"wrong type":    {strings.Replace(good, `"body":"hi"`, `"body":1`, 1), "comment.body is number"},
	} {
		err := validator.Validate("issue_comment", "created", []byte(c.payload))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}
