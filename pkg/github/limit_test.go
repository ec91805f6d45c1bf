package github_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/github"
	standin "github.com/rehearsal-dev/rehearsal/test/github"
)

// windows is a store in memory.
type windows struct {
	mu    sync.Mutex
	known map[string]time.Time
	err   error
	saves int
}

func (w *windows) Load(context.Context) (map[string]time.Time, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.known), w.err
}

func (w *windows) Save(_ context.Context, account string, until time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.saves++
	if w.err != nil {
		return w.err
	}
	if w.known == nil {
		w.known = map[string]time.Time{}
	}
	w.known[account] = until
	return nil
}

// limitedServer refuses the first call for ten minutes and counts them all.
func limitedServer(t *testing.T) (url string, calls *int) {
	t.Helper()
	calls = new(int)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if *calls++; *calls == 1 {
			w.Header().Set("Retry-After", "600")
			w.WriteHeader(http.StatusForbidden)
			return
		}
		write(t, w, `{"permission":"read"}`)
	}))
	t.Cleanup(server.Close)
	return server.URL, calls
}

// TestWindowOutlivesUs checks that a new process reads the stored rate limit before its
// first call, and makes none before the limit ends.
func TestWindowOutlivesUs(t *testing.T) {
	url, calls := limitedServer(t)
	begin := time.Now().Truncate(time.Second)
	now, store := begin, &windows{}
	var told []string
	fresh := func() *github.Client {
		return newClient(t, url, github.Options{Windows: store, Now: func() time.Time { return now },
			Limited: func(_ context.Context, account string, until time.Time) {
				told = append(told, account+" "+until.Sub(begin).String())
			}})
	}
	until := begin.Add(10 * time.Minute)
	check(t, ask(t.Context(), fresh()), true, until)
	for range 3 {
		now = now.Add(time.Minute)
		check(t, ask(t.Context(), fresh()), true, until)
	}
	if *calls != 1 {
		t.Errorf("%d calls were made inside the window", *calls-1)
	}
	if want := []string{"token 10m0s", "token 10m0s", "token 10m0s", "token 10m0s"}; fmt.Sprint(told) != fmt.Sprint(want) {
		t.Errorf("we were told %q", told)
	}
	now = until
	if err := ask(t.Context(), fresh()); err != nil || *calls != 2 {
		t.Errorf("after the window: %v, %d calls", err, *calls)
	}
}

// TestWindowOfAnother checks that replicas and tasks share their rate limits.
func TestWindowOfAnother(t *testing.T) {
	url, calls := limitedServer(t)
	*calls = 1
	begin := time.Now()
	now, store := begin, &windows{}
	client := newClient(t, url, github.Options{Windows: store, Now: func() time.Time { return now }})
	ok(t, ask(t.Context(), client))
	store.known = map[string]time.Time{"token": begin.Add(time.Minute), "installation-7": begin.Add(time.Hour)}
	now = now.Add(10 * time.Second)
	if err := ask(t.Context(), client); kind(err) != "limited" {
		t.Errorf("ten seconds after another was refused: %v", err)
	}
	now = now.Add(time.Minute)
	ok(t, ask(t.Context(), client)) // the other window is another account's
	store.known["token"] = begin.Add(48 * time.Hour)
	now = now.Add(time.Minute)
	if err := ask(t.Context(), client); err != nil {
		t.Errorf("a window of two days was believed: %v", err)
	}
}

func TestWindowThatCannotBeKept(t *testing.T) {
	url, calls := limitedServer(t)
	begin := time.Now().Truncate(time.Second)
	store := &windows{err: errors.New("the API server is away")}
	client := newClient(t, url, github.Options{Windows: store, Now: func() time.Time { return begin }})
	if err := ask(t.Context(), client); kind(err) != "transient" || *calls != 0 || !strings.Contains(fmt.Sprint(err), "API server is away") {
		t.Errorf("without knowing the windows: %v, %d calls", err, *calls)
	}
	store.err = nil
	client = newClient(t, url, github.Options{Windows: &failing{windows: store, fail: 2}, Now: func() time.Time { return begin }})
	for range 4 {
		check(t, ask(t.Context(), client), true, begin.Add(10*time.Minute))
	}
	if *calls != 1 || len(store.known) != 1 || store.saves != 1 {
		t.Errorf("%d calls, stored %v with %d writes", *calls, store.known, store.saves)
	}
}

// failing fails to save a number of times.
type failing struct {
	*windows
	fail int
}

func (f *failing) Save(ctx context.Context, account string, until time.Time) error {
	if f.fail--; f.fail >= 0 {
		return errors.New("not now")
	}
	return f.windows.Save(ctx, account, until)
}

// TestLastCallOfTheHour checks that no call is made after the last one of the hour.
func TestLastCallOfTheHour(t *testing.T) {
	f := start(t, standin.WithRateLimit(2))
	pull := f.open(t)
	for i := range 4 {
		_, err := f.client.CreateComment(t.Context(), "org", "config", pull.Number, "x")
		if want := map[bool]string{true: "none", false: "limited"}[i < 2]; kind(err) != want {
			t.Errorf("call %d: %v, want %s", i+1, err, want)
		}
	}
	calls, err := f.Calls(t.Context(), standin.CallQuery{Method: http.MethodPost})
	ok(t, err)
	if len(calls.Calls) != 2 {
		t.Errorf("GitHub was called %d times", len(calls.Calls))
	}
}

// TestLimitsArePerInstallation checks that an installation without calls left does not
// block another.
func TestLimitsArePerInstallation(t *testing.T) {
	f := startApp(t, func(a *github.App) { a.Serves = nil })
	ctx := t.Context()
	_, err := f.InstallApp(ctx, standin.NewInstallation{App: f.app.ID, Org: "elsewhere"})
	ok(t, err)
	read := func(org, repo string) error {
		_, err := f.client.BranchTip(ctx, org, repo, "main")
		return err
	}
	ok(t, read("elsewhere", "public"))
	_, err = f.AddFault(ctx, standin.SecondaryLimit("GET", "/repos/org/**", 1, time.Hour))
	ok(t, err)
	ok(t, f.warm(t))
	if err := read("org", "config"); kind(err) != "limited" {
		t.Errorf("inside the window: %v", err)
	}
	if err := read("elsewhere", "public"); err != nil {
		t.Errorf("the other installation: %v", err)
	}
	budget, err := f.client.Budget(ctx, "elsewhere", "public")
	if err != nil || budget.Limit != 5000 || budget.Remaining >= 5000 {
		t.Errorf("the budget is %+v, %v", budget, err)
	}
}

// warm makes a call before the fault, because the call for the token is not one about the
// repository's contents.
func (f *appFixture) warm(t *testing.T) error {
	t.Helper()
	_, err := f.client.BranchTip(t.Context(), "org", "config", "main")
	if kind(err) == "limited" {
		return nil
	}
	return err
}

// TestWindowsEndByGitHubsClock checks that the end of a rate limit is a time of GitHub's
// clock, from which ours may differ by minutes.
func TestWindowsEndByGitHubsClock(t *testing.T) {
	for name, ahead := range map[string]time.Duration{"GitHub's is ahead": 7 * time.Minute, "ours is ahead": -7 * time.Minute, "right": 0} {
		t.Run(name, func(t *testing.T) {
			now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Date", now.Add(ahead).Format(http.TimeFormat))
				w.Header().Set("X-RateLimit-Remaining", "0")
				w.Header().Set("X-RateLimit-Reset", fmt.Sprint(now.Add(ahead+10*time.Minute).Unix()))
				w.WriteHeader(http.StatusForbidden)
			}))
			defer server.Close()
			client := newClient(t, server.URL, github.Options{Now: func() time.Time { return now }})
			_, err := client.Pull(t.Context(), "org", "config", 1)
			var limited *github.RateLimitedError
			if !errors.As(err, &limited) || !limited.Until.Equal(now.Add(10*time.Minute)) {
				t.Errorf("%v, want a window of ten minutes", err)
			}
		})
	}
}
