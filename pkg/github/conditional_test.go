package github_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	standin "github.com/rehearsal-dev/rehearsal/test/github"
)

// used returns how many of its hourly calls the account of a client has used.
func (f *fixture) used(t *testing.T, org, repo string) int {
	t.Helper()
	budget, err := f.client.Budget(t.Context(), org, repo)
	ok(t, err)
	return budget.Limit - budget.Remaining
}

func TestNothingNewCostsNothing(t *testing.T) {
	for name, begin := range map[string]func(t *testing.T) *fixture{
		"token": func(t *testing.T) *fixture { return start(t) },
		"App":   func(t *testing.T) *fixture { return startApp(t).fixture },
	} {
		t.Run(name, func(t *testing.T) {
			f := begin(t)
			pull := f.open(t)
			_, err := f.CreateComment(t.Context(), standin.NewComment{PullID: pull.PullID, By: "bob", Body: "hello"})
			ok(t, err)
			since := time.Now().Add(-time.Hour)
			look := func() (pulls, comments int) {
				list, err := f.client.OpenPulls(t.Context(), "org", "config")
				ok(t, err)
				said, err := f.client.CommentsSince(t.Context(), "org", "config", since)
				ok(t, err)
				return len(list), len(said)
			}
			look()
			before := f.used(t, "org", "config")
			for range 10 {
				if pulls, comments := look(); pulls != 1 || comments != 1 {
					t.Fatalf("%d pull requests and %d comments", pulls, comments)
				}
			}
			if cost := f.used(t, "org", "config") - before; cost != 0 {
				t.Errorf("ten looks at what has not changed cost %d calls", cost)
			}
			// A response that GitHub allows to be cached for a minute must not hide new
			// data.
			f.open(t)
			_, err = f.CreateComment(t.Context(), standin.NewComment{PullID: pull.PullID, By: "bob", Body: "again"})
			ok(t, err)
			if pulls, comments := look(); pulls != 2 || comments != 2 {
				t.Errorf("%d pull requests and %d comments after another of each", pulls, comments)
			}
		})
	}
}

// TestAnswersStayWithTheirAccount checks that a response for one account is not given to
// another.
func TestAnswersStayWithTheirAccount(t *testing.T) {
	who := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"same"`)
		w.Header().Set("Vary", "Authorization")
		if r.Header.Get("If-None-Match") != "" && r.Header.Get("Authorization") != who {
			t.Errorf("%s asks about what %s was told", r.Header.Get("Authorization"), who)
		}
		who = r.Header.Get("Authorization")
		write(t, w, `{"permission":"read"}`)
	}))
	defer server.Close()
	token := "a"
	client := newClientFor(t, server.URL, func(context.Context) (string, error) { return token, nil })
	for _, token = range []string{"a", "b"} {
		ok(t, ask(t.Context(), client))
	}
}
