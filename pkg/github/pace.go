package github

import (
	"context"
	"net/http"
	"strings"
	"time"
)

// Bound is how often something may happen within a period.
type Bound struct {
	Times  int
	Period time.Duration
}

// Permits counts the writes of all processes with an account.
type Permits interface {
	// Take takes a permit for one write. If the limit is reached, it takes nothing and
	// says when there will be one.
	Take(ctx context.Context, account string, most []Bound, now time.Time) (until time.Time, err error)
}

// Pace limits the writes with an account. GitHub accepts 80 writes a minute and 500
// an hour, see
// https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits.
// Others may write with the account as well, so stay below that.
type Pace struct{ PerMinute, PerHour int }

// defaultPace leaves others a tenth.
var defaultPace = Pace{PerMinute: 70, PerHour: 450}

// bounds returns the limits for all writes, and for low-priority ones: the rest is
// reserved for what people wait for.
func (p Pace) bounds(later bool) []Bound {
	if p == (Pace{}) {
		p = defaultPace
	}
	if later {
		p = Pace{PerMinute: max(p.PerMinute*4/7, 1), PerHour: max(p.PerHour*2/3, 1)}
	}
	return []Bound{{p.PerMinute, time.Minute}, {p.PerHour, time.Hour}}
}

type laterKey struct{}

// Later marks the writes of a context as low-priority: progress reports, and what
// nobody has asked for.
func Later(ctx context.Context) context.Context { return context.WithValue(ctx, laterKey{}, true) }

// pace takes a permit for a call that writes. Calls of the GraphQL API read, and
// those of an App itself make tokens.
func (l *limiter) pace(r *http.Request, account string) error {
	if l.permits == nil || r.Method == http.MethodGet || r.Method == http.MethodHead || account == accountApp || strings.HasSuffix(account, graphqlSuffix) {
		return nil
	}
	most := l.most.bounds(r.Context().Value(laterKey{}) != nil)
	until, err := l.permits.Take(r.Context(), account, most, l.now())
	if err != nil || until.IsZero() {
		return err
	}
	return &RateLimitedError{Until: until, Ours: true}
}
