package github

import (
	"net/http"
	"sync"
	"time"
)

const (
	// skewTime is how long a measurement of GitHub's clock is used: clocks drift, and
	// are adjusted.
	skewTime = 10 * time.Minute
	// skewJump is longer than any call: a measurement that is off by more was made
	// before our clock was adjusted.
	skewJump = callTimeout + 5*time.Second
)

// timed measures how far GitHub's clock is ahead of ours, from the Date of its
// responses. A response takes time to arrive, so GitHub's clock is at its date or
// later: of several measurements the greatest is the best.
type timed struct {
	next http.RoundTripper
	now  func() time.Time
	host string

	mu    sync.Mutex
	skew  time.Duration
	taken time.Time
	// dated is when the latest response with a date arrived.
	dated time.Time
}

// RoundTrip implements http.RoundTripper.
func (t *timed) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(r)
	if err != nil || r.URL.Host != t.host {
		return resp, err
	}
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		t.measure(date, t.now())
	}
	return resp, nil
}

func (t *timed) measure(theirs, ours time.Time) {
	skew := theirs.Sub(ours)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.dated = ours
	old := t.taken.IsZero() || ours.Sub(t.taken).Abs() > skewTime
	if old || skew > t.skew || t.skew-skew > skewJump {
		t.skew, t.taken = skew, ours
	}
}

// ahead returns how far GitHub's clock is ahead of ours; 0 until GitHub has responded.
func (t *timed) ahead() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.skew
}

// theirs returns the time by GitHub's clock, to the second.
func (t *timed) theirs() time.Time { return t.now().Add(t.ahead()) }

// ours converts a time of GitHub's clock, in seconds since 1970, to our clock.
func (t *timed) ours(theirs int64) time.Time {
	return time.Unix(theirs, 0).Add(-t.ahead().Truncate(time.Second))
}

// Skew returns how far GitHub's clock is ahead of ours, to the second. It is not known
// until GitHub has responded, or while its responses have no date.
func (c *Client) Skew() (ahead time.Duration, known bool) {
	c.clock.mu.Lock()
	defer c.clock.mu.Unlock()
	return c.clock.skew, !c.clock.dated.IsZero() && c.now().Sub(c.clock.dated).Abs() <= skewTime
}
