package receiver

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/logbook/logbooktest"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
	"github.com/rehearsal-dev/rehearsal/test/github"
	"github.com/rehearsal-dev/rehearsal/test/github/examples"
)

// TestPublishedExamples delivers every payload that GitHub publishes.
func TestPublishedExamples(t *testing.T) {
	entries := map[string]bool{
		"pull_request/opened": true, "pull_request/synchronize": true, "pull_request/edited": true,
		"pull_request/reopened": true, "pull_request/closed": true,
	}
	for i, e := range examples.All(t) {
		t.Run(fmt.Sprintf("%d %s", i, e.Name()), func(t *testing.T) {
			var store logbooktest.Store
			r := fixture(&store, io.Discard)
			r.opts.Settings().Repositories = []settings.Repository{
				{Name: "Codertocat/Hello-World"}, {Name: "octo-org/octo-repo"},
			}
			w := post(r, delivery(e.Event, string(e.Payload)))
			if w.Code != 200 {
				t.Errorf("answer is %d %q", w.Code, w.Body)
			}
			if got := store.Len() == 1; got != entries[e.Name()] {
				t.Errorf("stored is %v, want %v: %s", got, entries[e.Name()], w.Body)
			}
		})
	}
}

// TestPublishedCommentCommands adds a command to the published comments: the examples
// have none, and are on an issue.
func TestPublishedCommentCommands(t *testing.T) {
	for i, e := range examples.Of(t, "issue_comment") {
		if e.Action != "created" {
			continue
		}
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			var written struct {
				Comment struct {
					CreatedAt time.Time `json:"created_at"`
				}
			}
			ok(t, json.Unmarshal(e.Payload, &written))
			body := replaceOnce(t, string(e.Payload), `"body": "You are totally right! I'll get this fixed right away."`, `"body": "/pj-rehearse list"`)
			onPull := replaceOnce(t, body, `"number": 1,`, `"number": 1, "pull_request": {"url": "https://api.github.com/repos/Codertocat/Hello-World/pulls/1"},`)
			for payload, want := range map[string]int{body: 0, onPull: 1} {
				var store logbooktest.Store
				r := fixture(&store, io.Discard)
				r.opts.Settings().Repositories = []settings.Repository{{Name: "Codertocat/Hello-World"}}
				r.opts.Now = func() time.Time { return written.Comment.CreatedAt.Add(time.Minute) }
				if w := post(r, delivery("issue_comment", payload)); w.Code != 200 || store.Len() != want {
					t.Errorf("%d are stored, want %d: %d %s", store.Len(), want, w.Code, w.Body)
				}
			}
		})
	}
}

func replaceOnce(t *testing.T, s, from, to string) string {
	t.Helper()
	// Published examples may or may not be indented.
	for _, f := range []string{from, strings.ReplaceAll(from, `": `, `":`)} {
		if strings.Contains(s, f) {
			return strings.Replace(s, f, to, 1)
		}
	}
	t.Fatalf("the example has no %s", from)
	return ""
}

// TestConversation receives the webhooks of a whole pull request on the stand-in.
func TestConversation(t *testing.T) {
	var store logbooktest.Store
	r := fixture(&store, io.Discard)
	r.opts.Now = time.Now
	endpoint := httptest.NewServer(r.Handler())
	defer endpoint.Close()
	server, err := github.Start("")
	ok(t, err)
	defer func() { ok(t, server.Close()) }()

	ctx := t.Context()
	_, err = server.CreateRepo(ctx, github.NewRepo{Org: "openshift", Repo: "release", Files: map[string]string{"a": "1\n"}})
	ok(t, err)
	_, err = server.AddHook(ctx, github.Hook{Org: "openshift", Repo: "release", URL: endpoint.URL + "/hook", Secret: secret})
	ok(t, err)
	pull, err := server.OpenPull(ctx, github.NewPull{Org: "openshift", Repo: "release", Author: "alice", Body: "Please\n/pj-rehearse\n",
		Change: github.Change{Files: map[string]string{"a": "2\n"}}})
	ok(t, err)
	comment := func(by, body string) {
		_, err := server.CreateComment(ctx, github.NewComment{PullID: pull.PullID, By: by, Body: body})
		ok(t, err)
	}
	comment("bob", "/pj-rehearse a-job\n> /pj-rehearse b-job\n/rehearse abort")
	comment("ci-robot", "Say /pj-rehearse:\n/pj-rehearse\n<!-- rehearsal:plan -->")
	comment("renovate[bot]", "/pj-rehearse")
	_, err = server.Push(ctx, github.NewPush{PullID: pull.PullID, Change: github.Change{Files: map[string]string{"a": "3\n"}}})
	ok(t, err)
	_, err = server.ClosePull(ctx, github.PullAction{PullID: pull.PullID})
	ok(t, err)
	_, err = server.WaitDeliveries(ctx, github.None{})
	ok(t, err)

	rehearsal, err := store.Get(ctx, fmt.Sprintf("openshift-release-%d", pull.Number), get)
	ok(t, err)
	if rehearsal.Spec.Observed.Event != "closed" {
		t.Errorf("observed %+v", rehearsal.Spec.Observed)
	}
	var texts []string
	for _, c := range rehearsal.Spec.Commands {
		texts = append(texts, c.By+": "+c.Text)
	}
	want := []string{"alice: /pj-rehearse", "bob: /pj-rehearse a-job", "bob: /rehearse abort"}
	if !slices.Equal(texts, want) {
		t.Errorf("commands are %q, want %q", texts, want)
	}
	deliveries, err := server.ListDeliveries(ctx, github.DeliveryQuery{})
	ok(t, err)
	for _, d := range deliveries {
		if !d.Delivered() {
			t.Errorf("%s %s was answered with %+v", d.Event, d.Action, d.Attempts)
		}
	}
	redeliverAll(t, server, deliveries)
	again, err := store.Get(ctx, rehearsal.Name, get)
	ok(t, err)
	if len(again.Spec.Commands) != len(want) {
		t.Errorf("delivered again, commands are %+v", again.Spec.Commands)
	}
}

func redeliverAll(t *testing.T, server *github.Server, deliveries []github.Delivery) {
	t.Helper()
	var wg sync.WaitGroup
	for _, d := range deliveries {
		wg.Go(func() {
			if _, err := server.Redeliver(t.Context(), github.Redelivery{ID: d.ID}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	_, err := server.WaitDeliveries(t.Context(), github.None{})
	ok(t, err)
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
