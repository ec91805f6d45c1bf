package github

import (
	"bytes"
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
)

// limiter makes no call while GitHub wants none, of whatever kind: calls made
// inside a window make GitHub extend it. It never waits.
type limiter struct {
	next http.RoundTripper
	now  func() time.Time

	mu    sync.Mutex
	until time.Time
}

// RoundTrip implements http.RoundTripper.
func (l *limiter) RoundTrip(r *http.Request) (*http.Response, error) {
	if until := l.limitedUntil(); l.now().Before(until) {
		if r.Body != nil {
			_ = r.Body.Close() // a RoundTripper has to, and nothing was read
		}
		return nil, &RateLimitedError{Until: until}
	}
	resp, err := l.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	until, err := l.window(resp)
	if err != nil || until.IsZero() {
		return resp, err
	}
	l.extend(until)
	return nil, &RateLimitedError{Until: until}
}

func (l *limiter) limitedUntil() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.until
}

func (l *limiter) extend(until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if until.After(l.until) {
		l.until = until
	}
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
			return time.Unix(reset, 0), nil
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
