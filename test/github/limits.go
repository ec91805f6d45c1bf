package github

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// limits are GitHub's rate limits, counted per user.
type limits struct {
	perHour int
	content bool // enforce the secondary limits too
	spent   map[string]*budget
}

type budget struct {
	resets time.Time
	used   int
	writes []time.Time // of the last hour
}

func (l *limits) of(login string, now time.Time) *budget {
	b := l.spent[login]
	if b == nil {
		b = &budget{}
		l.spent[login] = b
	}
	if !now.Before(b.resets) {
		b.resets, b.used = now.Add(time.Hour), 0
	}
	return b
}

const secondaryDocs = "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits"

const secondaryMessage = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."

// take counts a call, or says why it is refused.
func (l *limits) take(u *user, method string, now time.Time) error {
	b := l.of(u.login, now)
	if b.used >= l.perHour {
		return &apiError{Status: http.StatusForbidden,
			Message: fmt.Sprintf("API rate limit exceeded for user ID %d.", u.id),
			Docs:    "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api"}
	}
	b.used++
	if !l.content || method == http.MethodGet || method == http.MethodHead {
		return nil
	}
	b.writes = slices.DeleteFunc(b.writes, func(t time.Time) bool { return now.Sub(t) >= time.Hour })
	for _, limit := range []struct {
		writes int
		period time.Duration
	}{{80, time.Minute}, {500, time.Hour}} {
		if wait := b.wait(limit.writes, limit.period, now); wait > 0 {
			return &apiError{Status: http.StatusForbidden, Message: secondaryMessage, Docs: secondaryDocs,
				Header: http.Header{"Retry-After": {strconv.Itoa(int(wait.Seconds()))}}}
		}
	}
	b.writes = append(b.writes, now)
	return nil
}

// wait is how long until another write fits into the period.
func (b *budget) wait(writes int, period time.Duration, now time.Time) time.Duration {
	if len(b.writes) < writes {
		return 0
	}
	oldest := b.writes[len(b.writes)-writes]
	return max(0, oldest.Add(period).Sub(now))
}

func (l *limits) header(login string, now time.Time, h http.Header) {
	b := l.of(login, now)
	h.Set("X-RateLimit-Limit", strconv.Itoa(l.perHour))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(l.perHour-b.used))
	h.Set("X-RateLimit-Used", strconv.Itoa(b.used))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(b.resets.Unix(), 10))
	h.Set("X-RateLimit-Resource", "core")
}

func (l *limits) object(login string, now time.Time) object {
	b := l.of(login, now)
	core := object{"limit": l.perHour, "remaining": l.perHour - b.used, "used": b.used, "reset": b.resets.Unix()}
	search := object{"limit": 30, "remaining": 30, "used": 0, "reset": now.Add(time.Minute).Unix()}
	return object{"resources": object{"core": core, "search": search}, "rate": core}
}
