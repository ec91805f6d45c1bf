package github

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// limits are GitHub's rate limits, counted per user, App or installation.
type limits struct {
	perHour int
	period  time.Duration // in which the calls are counted; an hour if 0
	content bool          // enforce the secondary limits too
	spent   map[string]*budget
}

type budget struct {
	resets time.Time
	used   int
	writes []time.Time // in the last hour
}

// The resources with limits, in GitHub's terms.
const (
	resourceCore    = "core"
	resourceGraphQL = "graphql"
)

func resourceOf(r *http.Request) string {
	if r.URL.Path == "/graphql" {
		return resourceGraphQL
	}
	return resourceCore
}

func (l *limits) of(who *actor, resource string, now time.Time) *budget {
	key, _, _ := who.account()
	key += " " + resource
	b := l.spent[key]
	if b == nil {
		b = &budget{}
		l.spent[key] = b
	}
	if !now.Before(b.resets) {
		b.resets, b.used = now.Add(cmp.Or(l.period, time.Hour)), 0
	}
	return b
}

const secondaryDocs = "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits"

const secondaryMessage = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."

// take counts a call, or returns why it is refused.
func (l *limits) take(who *actor, resource, method string, now time.Time) error {
	b := l.of(who, resource, now)
	if b.used >= l.perHour {
		_, kind, id := who.account()
		return &apiError{Status: http.StatusForbidden,
			Message: fmt.Sprintf("API rate limit exceeded for %s ID %d.", kind, id),
			Docs:    "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api"}
	}
	b.used++
	if !l.content || resource == resourceGraphQL || method == http.MethodGet || method == http.MethodHead {
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

// wait returns how long it takes until another write fits into the period.
func (b *budget) wait(writes int, period time.Duration, now time.Time) time.Duration {
	if len(b.writes) < writes {
		return 0
	}
	oldest := b.writes[len(b.writes)-writes]
	return max(0, oldest.Add(period).Sub(now))
}

func (l *limits) header(who *actor, resource string, now time.Time, h http.Header) {
	b := l.of(who, resource, now)
	h.Set("X-RateLimit-Limit", strconv.Itoa(l.perHour))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(l.perHour-b.used))
	h.Set("X-RateLimit-Used", strconv.Itoa(b.used))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(b.resets.Unix(), 10))
	h.Set("X-RateLimit-Resource", resource)
}

func (l *limits) object(who *actor, now time.Time) object {
	b := l.of(who, resourceCore, now)
	core := object{"limit": l.perHour, "remaining": l.perHour - b.used, "used": b.used, "reset": b.resets.Unix()}
	search := object{"limit": 30, "remaining": 30, "used": 0, "reset": now.Add(time.Minute).Unix()}
	return object{"resources": object{"core": core, "search": search}, "rate": core}
}
