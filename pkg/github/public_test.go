package github_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/github"
)

// TestPublicAnswers checks that public calls use neither our credentials nor their cached
// responses.
func TestPublicAnswers(t *testing.T) {
	status, calls := http.StatusNotFound, 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		if r.Header.Get("Authorization") == "" {
			w.WriteHeader(status)
			write(t, w, `{"message":"no","default_branch":"main"}`)
			return
		}
		write(t, w, `{"default_branch":"secret","object":{"sha":"1111111111111111111111111111111111111111"}}`)
	}))
	t.Cleanup(server.Close)
	for _, status = range []int{http.StatusNotFound, http.StatusForbidden, http.StatusUnauthorized, http.StatusUnavailableForLegalReasons} {
		client := newClient(t, server.URL, github.Options{})
		if branch, err := client.DefaultBranch(t.Context(), "org", "x"); branch != "secret" || err != nil {
			t.Fatalf("with credentials: %q, %v", branch, err)
		}
		var hidden *github.NotFoundError
		if branch, err := client.PublicDefaultBranch(t.Context(), "org", "x"); branch != "" || !errors.As(err, &hidden) {
			t.Errorf("%d: %q, %v", status, branch, err)
		}
		if sha, err := client.PublicBranchTip(t.Context(), "org", "x", "main"); sha != "" || !errors.As(err, &hidden) {
			t.Errorf("%d: %q, %v", status, sha, err)
		}
	}
	status = http.StatusOK
	client := newClient(t, server.URL, github.Options{})
	if _, err := client.PublicDefaultBranch(t.Context(), "org", "x"); err != nil {
		t.Error(err)
	}
	before := calls
	if _, err := client.PublicDefaultBranch(t.Context(), "Org", "X"); err != nil || calls != before {
		t.Errorf("%v, %d more calls", err, calls-before)
	}
}
