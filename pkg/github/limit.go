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
	// maxErrorBody is how much of an error's body is read.
	maxErrorBody = 64 << 10
	// reloadTime is how long the stored rate limits of other processes are used before
	// they are read again.
	reloadTime = 10 * time.Second
	// longestWindow limits the length of a stored rate limit that we respect.
	longestWindow = 24 * time.Hour
	// saveTimeout limits the storing of a rate limit.
	saveTimeout = 5 * time.Second
)

// Windows stores until when each account is rate-limited, for other processes and for
// the next start. It must not block its callers.
type Windows interface {
	Load(ctx context.Context) (map[string]time.Time, error)
	Save(ctx context.Context, account string, until time.Time) error
}

// Budget is what is left of the hourly calls.
type Budget struct {
	Limit, Remaining int
	// Reset is when the full Limit is available again.
	Reset time.Time
}

// limiter makes no calls of any kind while a rate limit lasts: GitHub extends it for
// calls made during that time. It never blocks.
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

// account is what GitHub counts calls by.
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

// closed returns an error if no call may be made, or if that is not known.
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

// load reads the rate limits that other processes stored: before the first call, and
// from time to time. Only the first load has to succeed.
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

// raise extends a rate limit, and reports whether that changed anything.
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

// save stores a rate limit. If that fails, the next call that the limit blocks tries
// again.
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

// account returns the state of an account. The lock must be held.
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

// count records the remaining calls from a response's headers, and removes these
// headers: go-github would apply those of one account to all. The last call of the
// hour starts a rate limit, so that we never make one call too many.
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

// resourceOf is GitHub's name for the resource that a limit is for.
func resourceOf(name string) string {
	if strings.HasSuffix(name, graphqlSuffix) {
		return "graphql"
	}
	return "core"
}

// window returns the end of the rate limit that a response announces, if any, as
// GitHub documents it:
// https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api. It
// closes the body of such a response; other bodies stay readable.
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

// tellsOfLimit recognises a secondary rate limit by its message or its documentation
// URL: the status is 403, as for everything else that is forbidden.
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
