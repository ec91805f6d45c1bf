package github_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/github"
)

func TestDefaultBranchIsRemembered(t *testing.T) {
	tests := []struct {
		name   string
		status int
		body   string
		branch string
		// within and after are the numbers of calls for two questions within some
		// minutes, and for another one after an hour.
		within, after int
	}{
		{"known", 200, `{"default_branch":"main"}`, "main", 1, 2},
		{"unknown repository", 404, `{"message":"Not Found"}`, "", 1, 2},
		{"not ours to read", 403, `{"message":"Resource not accessible"}`, "", 1, 2},
		{"GitHub is away", 502, ``, "", 2, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			calls := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				calls++
				w.WriteHeader(tt.status)
				write(t, w, tt.body)
			}))
			defer server.Close()
			now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
			client := newClient(t, server.URL, github.Options{Now: func() time.Time { return now }})
			ask := func(calledThen int) {
				t.Helper()
				branch, err := client.DefaultBranch(t.Context(), "org", "Repo")
				if branch != tt.branch || (err == nil) != (tt.status == 200) {
					t.Errorf("got %q, %v", branch, err)
				}
				var notFound *github.NotFoundError
				if errors.As(err, &notFound) != (tt.status == 404) {
					t.Errorf("got %v", err)
				}
				if calls != calledThen {
					t.Errorf("%d calls were made, want %d", calls, calledThen)
				}
			}
			ask(1)
			now = now.Add(4 * time.Minute)
			ask(tt.within)
			now = now.Add(time.Hour)
			ask(tt.after)
		})
	}
}
