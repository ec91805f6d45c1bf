package rehearsal

import (
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// lookupTime is how long a default branch is believed, hiddenTime how long it is
	// that strangers get none. What a branch is at is asked anew each time.
	lookupTime = time.Hour
	hiddenTime = 6 * time.Hour
	// keptLookups bounds how many answers are kept.
	keptLookups = 10_000
	// lookupsPerHour is how many questions about other repositories one config
	// repository has, a twentieth of what GitHub takes, and how many at once;
	// strangersPerHour the same for those without credentials, of which GitHub takes
	// sixty in all.
	lookupsPerHour   = 250
	lookupsAtOnce    = 500
	strangersPerHour = 15
)

// lookups are what GitHub has said about other repositories than those that we serve,
// and what each config repository may still ask: none starves the others. The zero
// value is ready.
type lookups struct {
	answers latest[lookup]

	mu      sync.Mutex
	budgets map[string]*budget
}

// lookup is an answer, or why there is none.
type lookup struct {
	value string
	why   unknown
	until time.Time
}

type budget struct {
	ours, strangers *rate.Limiter
}

func (l *lookups) known(key string, now time.Time) (lookup, bool) {
	a, ok := l.answers.of(keptLookups).Get(key)
	return a, ok && now.Before(a.until)
}

func (l *lookups) keep(key string, a lookup) { l.answers.of(keptLookups).Add(key, a) }

// spend takes a question out of the budget of a config repository, if it has any.
func (l *lookups) spend(repository string, public bool, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.budgets == nil {
		l.budgets = map[string]*budget{}
	}
	name := strings.ToLower(repository)
	b, known := l.budgets[name]
	if !known {
		b = &budget{
			ours:      rate.NewLimiter(rate.Every(time.Hour/lookupsPerHour), lookupsAtOnce),
			strangers: rate.NewLimiter(rate.Every(time.Hour/strangersPerHour), strangersPerHour),
		}
		l.budgets[name] = b
	}
	if public {
		return b.strangers.AllowN(now, 1)
	}
	return b.ours.AllowN(now, 1)
}
