package github

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// secondaryPause is how long GitHub asks to wait after a secondary limit
	// that names no time.
	secondaryPause = time.Minute
	// maxErrorBody is how much of an error's body is looked at.
	maxErrorBody = 64 << 10
	// reloadTime is how old our knowledge of others' windows may be.
	reloadTime = 10 * time.Second
	// longestWindow bounds what is believed of a window that somebody stored.
	longestWindow = 24 * time.Hour
	// saveTimeout bounds the storing of a window.
	saveTimeout = 5 * time.Second
)

// Windows keeps until when GitHub wants no calls, by account, for those who come
// after us. Who calls it must not be kept waiting.
type Windows interface {
	Load(ctx context.Context) (map[string]time.Time, error)
	Save(ctx context.Context, account string, until time.Time) error
}

// Budget is what is left of the calls that GitHub takes in an hour.
type Budget struct {
	Limit, Remaining int
	// Reset is when there are Limit of them again.
	Reset time.Time
}

// limiter makes no call while GitHub wants none, of whatever kind: calls made
// inside a window make GitHub extend it. It never waits.
type limiter struct {
	next    http.RoundTripper
	now     func() time.Time
	clock   *timed
	permits Permits // may be nil
	most    Pace
	windows Windows                                                    // may be nil
	limited func(ctx context.Context, account string, until time.Time) // may be nil

	loading sync.Mutex
	loaded  time.Time

	mu       sync.Mutex
	accounts map[string]*account
}

// account is one of those that GitHub counts the calls of.
type account struct {
	until   time.Time
	unsaved bool
	budget  Budget
}

// RoundTrip implements http.RoundTripper.
func (l *limiter) RoundTrip(r *http.Request) (*http.Response, error) {
	name := accountOf(r.Context())
	err := l.closed(r.Context(), name)
	if rest, is := strings.CutSuffix(name, graphqlSuffix); err == nil && is {
		// Secondary limits are for both APIs.
		err = l.closed(r.Context(), rest)
	}
	if err == nil {
		err = l.pace(r, name)
	}
	if err != nil {
		if r.Body != nil {
			_ = r.Body.Close() // a RoundTripper has to, and nothing was read
		}
		return nil, err
	}
	resp, err := l.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	until, err := l.window(resp)
	switch {
	case err != nil:
		return nil, err
	case !until.IsZero():
		if resp.Header.Get("X-RateLimit-Remaining") != "0" {
			name = strings.TrimSuffix(name, graphqlSuffix)
		}
		l.extend(r.Context(), name, until)
		return nil, &RateLimitedError{Until: until}
	}
	l.count(r.Context(), name, resp.Header)
	return resp, nil
}

// closed says that no call is to be made, or that this is not known.
func (l *limiter) closed(ctx context.Context, name string) error {
	if err := l.load(ctx); err != nil {
		return err
	}
	l.mu.Lock()
	a := l.account(name)
	until, unsaved := a.until, a.unsaved
	l.mu.Unlock()
	if !l.now().Before(until) {
		return nil
	}
	if unsaved {
		l.save(ctx, name, until)
	}
	return &RateLimitedError{Until: until}
}

// load reads what others of us were told: before the first call, and now and
// then. Only the first time it must succeed.
func (l *limiter) load(ctx context.Context) error {
	if l.windows == nil {
		return nil
	}
	l.loading.Lock()
	defer l.loading.Unlock()
	now := l.now()
	if !l.loaded.IsZero() && now.Sub(l.loaded) < reloadTime {
		return nil
	}
	known, err := l.windows.Load(ctx)
	if err != nil && l.loaded.IsZero() {
		return fmt.Errorf("reading GitHub's rate limits: %w", err)
	}
	l.loaded = now
	for name, until := range known {
		if until.Before(now.Add(longestWindow)) {
			l.raise(ctx, name, until)
		}
	}
	return nil
}

// raise makes a window end later, and says whether that was news.
func (l *limiter) raise(ctx context.Context, name string, until time.Time) bool {
	l.mu.Lock()
	a := l.account(name)
	news := until.After(a.until)
	if news {
		a.until = until
	}
	l.mu.Unlock()
	if news && l.limited != nil && l.now().Before(until) {
		l.limited(ctx, name, until)
	}
	return news
}

func (l *limiter) extend(ctx context.Context, name string, until time.Time) {
	if l.raise(ctx, name, until) && l.windows != nil {
		l.save(ctx, name, until)
	}
}

// save stores a window. What fails is tried again by the next call, which this
// window keeps from being made.
func (l *limiter) save(ctx context.Context, name string, until time.Time) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTimeout)
	defer cancel()
	err := l.windows.Save(ctx, name, until)
	l.mu.Lock()
	defer l.mu.Unlock()
	if a := l.account(name); a.until.Equal(until) {
		a.unsaved = err != nil
	}
}

// account must be called with the lock held.
func (l *limiter) account(name string) *account {
	a, known := l.accounts[name]
	if !known {
		a = &account{}
		l.accounts[name] = a
	}
	return a
}

func (l *limiter) budget(name string) Budget {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.account(name).budget
	if !l.now().Before(b.Reset) {
		return Budget{}
	}
	return b
}

// count notes what a response says about the calls that are left, and takes that
// away: go-github would take what it says of one account for all of them. The
// last call of the hour opens a window, so that there is not one too many.
func (l *limiter) count(ctx context.Context, name string, h http.Header) {
	limit, ok1 := number(h, "X-RateLimit-Limit")
	remaining, ok2 := number(h, "X-RateLimit-Remaining")
	reset, ok3 := number(h, "X-RateLimit-Reset")
	resource := h.Get("X-RateLimit-Resource")
	for _, key := range []string{"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"} {
		h.Del(key)
	}
	if !ok1 || !ok2 || !ok3 || resource != "" && resource != resourceOf(name) {
		return
	}
	if strings.HasSuffix(name, graphqlSuffix) {
		h.Set(resetKept, strconv.FormatInt(reset, 10))
	}
	b := Budget{Limit: int(limit), Remaining: int(remaining), Reset: l.clock.ours(reset)}
	l.mu.Lock()
	l.account(name).budget = b
	l.mu.Unlock()
	if b.Remaining == 0 {
		l.extend(ctx, name, b.Reset)
	}
}

// resourceOf is GitHub's name for what an account has so many calls of.
func resourceOf(name string) string {
	if strings.HasSuffix(name, graphqlSuffix) {
		return "graphql"
	}
	return "core"
}

// window returns the end of the window that a response announces, if it does,
// as GitHub documents it:
// https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api.
// It closes the body of such a response, and leaves others to be read.
func (l *limiter) window(resp *http.Response) (time.Time, error) {
	if resp.StatusCode != http.StatusForbidden && resp.StatusCode != http.StatusTooManyRequests {
		return time.Time{}, nil
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	if closeErr := resp.Body.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("reading GitHub's answer %d: %w", resp.StatusCode, err)
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))

	if seconds, ok := number(resp.Header, "Retry-After"); ok {
		return l.now().Add(time.Duration(seconds) * time.Second), nil
	}
	if resp.Header.Get("X-RateLimit-Remaining") == "0" {
		if reset, ok := number(resp.Header, "X-RateLimit-Reset"); ok {
			return l.clock.ours(reset), nil
		}
	}
	if resp.StatusCode == http.StatusTooManyRequests || tellsOfLimit(string(body)) {
		return l.now().Add(secondaryPause), nil
	}
	return time.Time{}, nil
}

// tellsOfLimit recognises a secondary limit by its message or by the page that
// it points to: the status is 403, as for everything else that is forbidden.
func tellsOfLimit(body string) bool {
	body = strings.ToLower(body)
	for _, sign := range []string{"secondary rate limit", "secondary-rate-limits", "abuse-rate-limits"} {
		if strings.Contains(body, sign) {
			return true
		}
	}
	return false
}

func number(h http.Header, key string) (int64, bool) {
	n, err := strconv.ParseInt(h.Get(key), 10, 64)
	return n, err == nil && n >= 0
}
