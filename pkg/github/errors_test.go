package github_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/github"
	standin "github.com/rehearsal-dev/rehearsal/test/github"
)

// kind returns which of our errors an error is.
func kind(err error) string {
	var (
		notFound *github.NotFoundError
		refused  *github.RefusedError
		limited  *github.RateLimitedError
		part     *github.IncompleteError
	)
	switch {
	case errors.As(err, &part):
		return "incomplete"
	case err == nil:
		return "none"
	case errors.As(err, &notFound):
		return "not found"
	case errors.As(err, &refused):
		return "refused"
	case errors.As(err, &limited):
		return "limited"
	}
	return "transient"
}

func TestErrors(t *testing.T) {
	f := start(t)
	pull := f.open(t)
	tests := []struct {
		name  string
		fault standin.Fault
		want  string
		text  string
	}{
		{"404", standin.Fault{Status: 404}, "not found", "commenting on pull request org/config#1: not found"},
		{"410", standin.Fault{Status: 410, Body: `{"message":"Issues are disabled"}`}, "not found", ""},
		{"locked", standin.Fault{Status: 403, Body: `{"message":"Unable to create comment because issue is locked."}`}, "refused",
			"commenting on pull request org/config#1: refused (403): Unable to create comment because issue is locked."},
		{"422", standin.Fault{Status: 422, Body: `{"message":"Validation Failed","errors":[{"message":"body is too long"}]}`}, "refused",
			"commenting on pull request org/config#1: refused (422): Validation Failed; body is too long"},
		{"451", standin.Fault{Status: 451}, "refused", ""},
		{"401", standin.Fault{Status: 401, Body: `{"message":"Bad credentials"}`}, "transient", "commenting on pull request org/config#1: GitHub answers 401: Bad credentials"},
		{"409", standin.Fault{Status: 409}, "transient", ""},
		{"500", standin.Fault{Status: 500}, "transient", ""},
		{"502", standin.Fault{Status: 502, Body: "<html>Bad Gateway</html>"}, "transient", ""},
		{"connection lost", standin.Fault{Kind: standin.Drop}, "transient", ""},
		{"answer lost", standin.Fault{Kind: standin.LoseAnswer}, "transient", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.fault.Times, tt.fault.Method = 1, http.MethodPost
			fault, err := f.AddFault(t.Context(), tt.fault)
			ok(t, err)
			_, err = f.client.CreateComment(t.Context(), "org", "config", pull.Number, "x")
			if got := kind(err); got != tt.want {
				t.Errorf("error is %s (%v), want %s", got, err, tt.want)
			}
			if tt.text != "" && fmt.Sprint(err) != tt.text {
				t.Errorf("error is %q, want %q", err, tt.text)
			}
			if strings.Contains(fmt.Sprint(err), token) {
				t.Errorf("the error shows the token: %v", err)
			}
			if faults, err := f.ListFaults(t.Context(), standin.None{}); err != nil || len(faults) == 0 || faults[len(faults)-1].ID != fault.ID || faults[len(faults)-1].Struck != 1 {
				t.Errorf("the call was made %+v times", faults)
			}
		})
	}
}

func TestLockedPull(t *testing.T) {
	f := start(t)
	pull := f.open(t)
	_, err := f.LockPull(t.Context(), standin.PullAction{PullID: pull.PullID, By: "bob"})
	ok(t, err)
	ok(t, revoke(t, f))
	_, err = f.client.CreateComment(t.Context(), "org", "config", pull.Number, "x")
	if kind(err) != "refused" {
		t.Errorf("a locked pull request gives %v", err)
	}
}

// revoke removes our write access, because accounts with it may comment on locked pull
// requests.
func revoke(t *testing.T, f *fixture) error {
	t.Helper()
	_, err := f.SetPermission(t.Context(), standin.Permission{Org: "org", Repo: "config", User: "rehearsal-bot", Role: "read"})
	return err
}

// ask makes a call whose response is not cached.
func ask(ctx context.Context, client *github.Client) error {
	_, err := client.Permission(ctx, "org", "config", "bob")
	return err
}

// TestRateLimits counts the calls that reach GitHub.
func TestRateLimits(t *testing.T) {
	begin := time.Now().Truncate(time.Second)
	reset := begin.Add(20 * time.Minute)
	resetHeader := fmt.Sprint(reset.Unix())
	tests := []struct {
		name   string
		status int
		header map[string]string
		body   string
		until  time.Time // zero when it is no rate limit
	}{
		{"primary, 403", 403, map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": resetHeader}, `{"message":"API rate limit exceeded"}`, reset},
		{"primary, 429", 429, map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": resetHeader}, `{}`, reset},
		{"Retry-After, 403", 403, map[string]string{"Retry-After": "90"}, `{"message":"slow down"}`, begin.Add(90 * time.Second)},
		{"Retry-After, 429", 429, map[string]string{"Retry-After": "90"}, ``, begin.Add(90 * time.Second)},
		{"Retry-After and calls left", 403, map[string]string{"Retry-After": "90", "X-RateLimit-Remaining": "4000", "X-RateLimit-Reset": resetHeader}, `{}`, begin.Add(90 * time.Second)},
		{"secondary, by message", 403, nil, `{"message":"You have exceeded a secondary rate limit."}`, begin.Add(time.Minute)},
		{"secondary, by page", 403, nil, `{"message":"x","documentation_url":"https://docs.github.com/x#about-secondary-rate-limits"}`, begin.Add(time.Minute)},
		{"429 and no more", 429, nil, ``, begin.Add(time.Minute)},
		{"forbidden and no more", 403, map[string]string{"X-RateLimit-Remaining": "4000", "X-RateLimit-Reset": resetHeader}, `{"message":"Resource not accessible"}`, time.Time{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			calls := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				calls++
				for key, value := range tt.header {
					w.Header().Set(key, value)
				}
				w.WriteHeader(tt.status)
				write(t, w, tt.body)
			}))
			defer server.Close()
			now := begin
			client := newClient(t, server.URL, github.Options{Now: func() time.Time { return now }})
			limited := !tt.until.IsZero()

			err := ask(t.Context(), client)
			check(t, err, limited, tt.until)
			_, err = client.CreateComment(t.Context(), "o", "r", 1, "x")
			check(t, err, limited, tt.until)
			if want := map[bool]int{true: 1, false: 2}[limited]; calls != want {
				t.Errorf("%d calls were made, want %d", calls, want)
			}
			if !limited {
				return
			}

			now = tt.until.Add(-time.Second)
			err = ask(t.Context(), client)
			check(t, err, true, tt.until)
			if calls != 1 {
				t.Errorf("%d calls were made inside the window", calls-1)
			}
			now = tt.until
			if err = ask(t.Context(), client); calls != 2 {
				t.Errorf("after the window %d calls were made: %v", calls-1, err)
			}
		})
	}
}

func write(t *testing.T, w io.Writer, body string) {
	t.Helper()
	if _, err := io.WriteString(w, body); err != nil {
		t.Error(err)
	}
}

func check(t *testing.T, err error, wanted bool, until time.Time) {
	t.Helper()
	var limited *github.RateLimitedError
	if errors.As(err, &limited) != wanted {
		t.Errorf("error is %v", err)
		return
	}
	if wanted && !limited.Until.Equal(until) {
		t.Errorf("limited until %s, want %s", limited.Until, until)
	}
}

// TestLimitsOfTheStandIn reaches the limits that the stand-in counts like GitHub.
func TestLimitsOfTheStandIn(t *testing.T) {
	t.Run("calls", func(t *testing.T) {
		f := start(t, standin.WithRateLimit(3))
		var err error
		for _, login := range []string{"bob", "carol", "alice", "dave", "erin"} {
			_, err = f.client.Permission(t.Context(), "org", "config", login)
		}
		if kind(err) != "limited" {
			t.Errorf("after three calls the error is %v", err)
		}
	})
	t.Run("content", func(t *testing.T) {
		f := start(t, standin.WithContentLimits())
		pull := f.open(t)
		created := 0
		var err error
		for range 90 {
			if _, err = f.client.CreateComment(t.Context(), "org", "config", pull.Number, "x"); err == nil {
				created++
			}
		}
		if kind(err) != "limited" || created != 80 {
			t.Errorf("%d comments were created, then: %v", created, err)
		}
	})
}

func TestTokenFile(t *testing.T) {
	f := start(t)
	file := filepath.Join(t.TempDir(), "token")
	client := newClientFor(t, f.APIURL(), github.TokenFile(file))
	steps := []struct {
		name    string
		content string
		want    string
	}{
		{"no file", "", "transient"},
		{"wrong token", "other", "transient"},
		{"right token", " " + token + "\n", "none"},
		{"two lines", token + "\nX-Injected: yes", "transient"},
		{"white space", "\n", "transient"},
	}
	for _, step := range steps {
		if step.content != "" {
			if err := os.WriteFile(file, []byte(step.content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		err := ask(t.Context(), client)
		if got := kind(err); got != step.want {
			t.Errorf("%s: %s (%v), want %s", step.name, got, err, step.want)
		}
		if strings.Contains(fmt.Sprint(err), token) {
			t.Errorf("%s: the error shows the token: %v", step.name, err)
		}
	}
}

func newClientFor(t *testing.T, endpoint string, source github.TokenSource) *github.Client {
	t.Helper()
	client, err := github.New(github.Options{Endpoint: endpoint, Token: source, Transport: newTransport(t)})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// TestTokenStaysWithItsHost follows a redirect to another host.
func TestTokenStaysWithItsHost(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Authorization"); got != "" {
			t.Errorf("the other host was given %q", got)
		}
		write(t, w, `{"permission":"read"}`)
	}))
	defer elsewhere.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Authorization"); got != "Bearer "+token {
			t.Errorf("GitHub was given %q", got)
		}
		http.Redirect(w, r, elsewhere.URL, http.StatusFound)
	}))
	defer server.Close()
	if err := ask(t.Context(), newClient(t, server.URL, github.Options{})); err != nil {
		t.Error(err)
	}
}

func TestContextEnds(t *testing.T) {
	f := start(t)
	_, err := f.AddFault(t.Context(), standin.Fault{Kind: standin.Hang})
	ok(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := ask(ctx, f.client); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error is %v", err)
	}
}
