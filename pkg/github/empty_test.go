package github_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/github"
)

// decisive are the calls on which decisions depend, each with the result that it must
// return.
func decisive(client *github.Client) map[string]func(context.Context) (any, error) {
	calls := map[string]func(context.Context) (any, error){
		"the pull request":  func(ctx context.Context) (any, error) { return client.Pull(ctx, "org", "config", 7) },
		"a comment":         func(ctx context.Context) (any, error) { return client.Comment(ctx, "org", "config", 98765) },
		"a branch":          func(ctx context.Context) (any, error) { return client.BranchTip(ctx, "org", "config", "main") },
		"a public branch":   func(ctx context.Context) (any, error) { return client.PublicBranchTip(ctx, "org", "config", "main") },
		"a default branch":  func(ctx context.Context) (any, error) { return client.DefaultBranch(ctx, "org", "config") },
		"a public default":  func(ctx context.Context) (any, error) { return client.PublicDefaultBranch(ctx, "org", "config") },
		"edits":             func(ctx context.Context) (any, error) { return client.Edits(ctx, "org", "config", "IC_1") },
		"who wrote commits": func(ctx context.Context) (any, error) { return client.Contributors(ctx, "org", "config", "PR_1") },
		"a file":            func(ctx context.Context) (any, error) { return client.Content(ctx, "org", "config", "OWNERS", "main") },
		"who we are":        func(ctx context.Context) (any, error) { return client.Self(ctx) },
	}
	for name, ask := range questions(client) {
		calls["a right: "+name] = func(ctx context.Context) (any, error) { return ask(ctx, "bob") }
	}
	return calls
}

// TestEmptyAnswersAreNone lets GitHub, or a proxy, respond with success and without
// content.
func TestEmptyAnswersAreNone(t *testing.T) {
	for _, answer := range []string{"", "null", "{}", "[]", `{"data":null}`, `{"data":{}}`, `{"data":{"node":null}}`, `{"data":{"node":{}}}`} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { write(t, w, answer) }))
		for name, call := range decisive(newClient(t, server.URL, github.Options{})) {
			if told, err := call(t.Context()); err == nil {
				t.Errorf("%s, answered with %q: %v", name, answer, told)
			}
		}
		server.Close()
	}
}

// TestContributorsEnd checks that empty pages do not continue forever.
func TestContributorsEnd(t *testing.T) {
	calls := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if calls++; calls > 1000 {
			http.Error(w, "enough", http.StatusInternalServerError)
			return
		}
		write(t, w, `{"data":{"node":{"headRefOid":"`+strings.Repeat("a", 40)+`","commits":{"totalCount":3,"pageInfo":{"hasNextPage":true,"endCursor":"x"},"nodes":[null]}}}}`)
	}))
	defer server.Close()
	c, err := newClient(t, server.URL, github.Options{}).Contributors(t.Context(), "org", "config", "PR_1")
	ok(t, err)
	if c.Because == "" || calls > 250 {
		t.Errorf("after %d calls: %+v", calls, c)
	}
}

// TestEditsThatAreNotTold checks the four fields that show an edit. If one of them does
// and the list of edits is empty, the editor is not known.
func TestEditsThatAreNotTold(t *testing.T) {
	for name, node := range map[string]string{
		"no list":                   `{"includesCreatedEdit":false,"lastEditedAt":"2026-11-20T10:00:00Z","editor":{"login":"alice"},"userContentEdits":null}`,
		"an empty list":             `{"includesCreatedEdit":false,"lastEditedAt":"2026-11-20T10:00:00Z","editor":{"login":"alice"},"userContentEdits":{"totalCount":0,"nodes":[]}}`,
		"an empty list, no editor":  `{"includesCreatedEdit":true,"lastEditedAt":null,"editor":null,"userContentEdits":{"totalCount":0,"nodes":[]}}`,
		"more than one page":        `{"includesCreatedEdit":false,"lastEditedAt":"2026-11-20T10:00:00Z","editor":{"login":"alice"},"userContentEdits":{"totalCount":101,"nodes":[` + strings.TrimSuffix(strings.Repeat(`{"editor":{"login":"alice"}},`, 100), ",") + `]}}`,
		"an edit that is not shown": `{"includesCreatedEdit":false,"lastEditedAt":"2026-11-20T10:00:00Z","editor":{"login":"alice"},"userContentEdits":{"totalCount":2,"nodes":[{"editor":{"login":"alice"}},null]}}`,
		"deleted from the history":  `{"includesCreatedEdit":false,"lastEditedAt":null,"editor":null,"userContentEdits":{"totalCount":1,"nodes":[null]}}`,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { write(t, w, `{"data":{"node":`+node+`}}`) }))
		e, err := newClient(t, server.URL, github.Options{}).Edits(t.Context(), "org", "config", "IC_1")
		ok(t, err)
		if !e.Edited || e.Complete {
			t.Errorf("%s: %+v", name, e)
		}
		server.Close()
	}
	ghost := `{"includesCreatedEdit":false,"lastEditedAt":"2026-11-20T10:00:00Z","editor":null,"userContentEdits":{"totalCount":1,"nodes":[{"editor":null}]}}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { write(t, w, `{"data":{"node":`+ghost+`}}`) }))
	defer server.Close()
	e, err := newClient(t, server.URL, github.Options{}).Edits(t.Context(), "org", "config", "IC_1")
	ok(t, err)
	if !e.Edited || len(e.Editors) != 1 || e.Editors[0] != "" {
		t.Errorf("an account that is gone: %+v", e)
	}
}
