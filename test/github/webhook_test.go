package github_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	gogithub "github.com/google/go-github/v60/github"

	"github.com/rehearsal-dev/rehearsal/test/github"
)

const hookSecret = "s3cret"

// receiver keeps the webhooks that arrive with a valid signature.
type receiver struct {
	mu     sync.Mutex
	events []string
	guids  []string
	bodies map[string]json.RawMessage // the last one by event and action
	status int
}

func listen(t *testing.T, srv *github.Server) *receiver {
	t.Helper()
	rec := &receiver{bodies: map[string]json.RawMessage{}, status: http.StatusNoContent}
	hs := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := gogithub.ValidatePayload(r, []byte(hookSecret))
		if err != nil {
			t.Errorf("webhook: %v", err)
		}
		var payload struct{ Action string }
		if err := json.Unmarshal(body, &payload); err != nil {
			t.Errorf("webhook: %v", err)
		}
		rec.mu.Lock()
		defer rec.mu.Unlock()
		name := strings.TrimSuffix(gogithub.WebHookType(r)+" "+payload.Action, " ")
		rec.events = append(rec.events, name)
		rec.guids = append(rec.guids, gogithub.DeliveryID(r))
		rec.bodies[name] = body
		w.WriteHeader(rec.status)
	}))
	t.Cleanup(hs.Close)
	must(srv.AddHook(t.Context(), github.Hook{Org: "org", Repo: "config", URL: hs.URL, Secret: hookSecret}))(t)
	return rec
}

func (rec *receiver) answer(status int) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.status = status
}

func (rec *receiver) heard(t *testing.T, srv *github.Server) string {
	t.Helper()
	must(srv.WaitDeliveries(t.Context(), github.None{}))(t)
	rec.mu.Lock()
	defer rec.mu.Unlock()
	return strings.Join(rec.events, ", ")
}

func TestWebhooks(t *testing.T) {
	srv, ctx := start(t), t.Context()
	rec := listen(t, srv)
	must(srv.CreateCommit(ctx, github.NewCommit{Org: "org", Repo: "config", Branch: "release", Change: github.Change{Files: map[string]string{"r": "1"}}}))(t)
	pull := openPull(t, srv)
	pushed := must(srv.Push(ctx, github.NewPush{PullID: pull.PullID, Change: github.Change{Files: map[string]string{"jobs/a.yaml": "a: 3\n"}}}))(t)
	title, base := "Another title", "release"
	must(srv.EditPull(ctx, github.PullEdit{PullID: pull.PullID, Title: &title, Base: &base}))(t)
	c := must(srv.CreateComment(ctx, github.NewComment{PullID: pull.PullID, By: "bob", Body: "hi"}))(t)
	must(srv.EditComment(ctx, github.CommentEdit{Org: "org", Repo: "config", ID: c.ID, Body: "hi again"}))(t)
	must(srv.DeleteComment(ctx, github.CommentEdit{Org: "org", Repo: "config", ID: c.ID}))(t)
	must(srv.AddLabels(ctx, github.PullLabels{PullID: pull.PullID, By: "bob", Labels: []string{"ok"}}))(t)
	must(srv.RemoveLabels(ctx, github.PullLabels{PullID: pull.PullID, By: "bob", Labels: []string{"ok"}}))(t)
	must(srv.LockPull(ctx, github.PullAction{PullID: pull.PullID, By: "bob"}))(t)
	must(srv.UnlockPull(ctx, github.PullAction{PullID: pull.PullID, By: "bob"}))(t)
	must(srv.ClosePull(ctx, github.PullAction{PullID: pull.PullID}))(t)
	must(srv.ReopenPull(ctx, github.PullAction{PullID: pull.PullID}))(t)

	want := "ping, pull_request opened, pull_request synchronize, pull_request edited, issue_comment created, " +
		"issue_comment edited, issue_comment deleted, pull_request labeled, pull_request unlabeled, " +
		"pull_request locked, pull_request unlocked, pull_request closed, pull_request reopened"
	if got := rec.heard(t, srv); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	var sync struct{ Before, After string }
	if err := json.Unmarshal(rec.bodies["pull_request synchronize"], &sync); err != nil {
		t.Fatal(err)
	}
	if sync.Before != pull.HeadSHA || sync.After != pushed.HeadSHA {
		t.Errorf("synchronize: got %+v, want %s and %s", sync, pull.HeadSHA, pushed.HeadSHA)
	}
	var edited gogithub.PullRequestEvent
	if err := json.Unmarshal(rec.bodies["pull_request edited"], &edited); err != nil {
		t.Fatal(err)
	}
	if got := edited.GetChanges().GetTitle().GetFrom() + " " + edited.GetChanges().GetBase().GetRef().GetFrom(); got != "Change a main" {
		t.Errorf("changes: got %q", got)
	}
}

func TestDroppedDeliveryIsRedelivered(t *testing.T) {
	srv, ctx := start(t), t.Context()
	rec := listen(t, srv)
	must(srv.SetDelivering(ctx, github.Delivering{Drop: true}))(t)
	openPull(t, srv)
	if got := rec.heard(t, srv); got != "ping" {
		t.Fatalf("while dropping: got %s", got)
	}
	dropped := must(srv.ListDeliveries(ctx, github.DeliveryQuery{Event: "pull_request", Action: "opened"}))(t)
	if len(dropped) != 1 || !dropped[0].Dropped || dropped[0].Delivered() {
		t.Fatalf("recorded: got %+v", dropped)
	}
	for range 2 {
		again := must(srv.Redeliver(ctx, github.Redelivery{ID: dropped[0].ID}))(t)
		if !again.Delivered() {
			t.Errorf("redelivered: got %+v", again.Attempts)
		}
	}
	if got := rec.heard(t, srv); got != "ping, pull_request opened, pull_request opened" {
		t.Errorf("after redelivery: got %s", got)
	}
	if rec.guids[1] != rec.guids[2] || rec.guids[1] != dropped[0].GUID {
		t.Errorf("GUIDs: got %v, want twice %s", rec.guids, dropped[0].GUID)
	}
}

func TestFailedDeliveryIsNotRepeated(t *testing.T) {
	srv := start(t)
	rec := listen(t, srv)
	rec.answer(http.StatusInternalServerError)
	openPull(t, srv)
	if got := rec.heard(t, srv); got != "ping, pull_request opened" {
		t.Errorf("got %s", got)
	}
	for _, d := range must(srv.ListDeliveries(t.Context(), github.DeliveryQuery{Event: "pull_request"}))(t) {
		if d.Delivered() || len(d.Attempts) != 1 || d.Attempts[0].Status != http.StatusInternalServerError {
			t.Errorf("attempts: got %+v", d.Attempts)
		}
	}
}

func TestUnreachableReceiver(t *testing.T) {
	srv := start(t)
	gone := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) }))
	gone.Close()
	must(srv.AddHook(t.Context(), github.Hook{Org: "org", URL: gone.URL}))(t)
	must(srv.WaitDeliveries(t.Context(), github.None{}))(t)
	ping := must(srv.ListDeliveries(t.Context(), github.DeliveryQuery{Event: "ping"}))(t)
	if len(ping) != 1 || len(ping[0].Attempts) != 1 || ping[0].Attempts[0].Error == "" {
		t.Errorf("got %+v", ping)
	}
}
