package lookup

import (
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/rehearsal-dev/rehearsal/pkg/lru"
)

const (
	// lookupTime is how long a default branch is kept, hiddenTime how long it is remembered
	// that a repository is not public. Tips that were found are not kept.
	lookupTime = time.Hour
	hiddenTime = 6 * time.Hour
	// keptLookups limits how many answers are kept.
	keptLookups = 10_000
	// perHour is how many lookups in other repositories one config repository may cause, a
	// twentieth of GitHub's limit; atOnce is how many of them may come at once.
	perHour = 250
	atOnce  = 500
	// StrangersPerHour is the same for lookups without credentials, of which GitHub accepts
	// sixty in all.
	StrangersPerHour = 15
)

// Memory keeps what GitHub said about repositories other than the config repositories, and
// the remaining lookups of each config repository, so that none starves the others. The
// zero value is ready to use.
type Memory struct {
	mu      sync.Mutex
	answers lru.Recent[lookup]
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

func (m *Memory) known(key string, now time.Time) (lookup, bool) {
	a, ok := m.answers.UpTo(keptLookups).Get(key)
	return a, ok && now.Before(a.until)
}

func (m *Memory) keep(key string, a lookup) { m.answers.UpTo(keptLookups).Add(key, a) }

// spend takes a lookup out of the budget of a config repository, if any is left.
func (m *Memory) spend(repository string, public bool, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.budgets == nil {
		m.budgets = map[string]*budget{}
	}
	name := strings.ToLower(repository)
	b, known := m.budgets[name]
	if !known {
		b = &budget{
			ours:      rate.NewLimiter(rate.Every(time.Hour/perHour), atOnce),
			strangers: rate.NewLimiter(rate.Every(time.Hour/StrangersPerHour), StrangersPerHour),
		}
		m.budgets[name] = b
	}
	if public {
		return b.strangers.AllowN(now, 1)
	}
	return b.ours.AllowN(now, 1)
}
