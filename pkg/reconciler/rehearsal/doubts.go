package rehearsal

import (
	"fmt"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/rehearsal-dev/rehearsal/pkg/github"
)

const (
	// belief is how long GitHub has to say that something is not there, or forbidden,
	// before that is believed: it also says so while a replica lags, or while somebody
	// has to sign on.
	belief = 5 * time.Minute
	// refusalPause is the time between two attempts at what GitHub refuses.
	refusalPause = 10 * time.Minute
	// shortestDoubt and longestDoubt are those between two before it is believed.
	shortestDoubt = 5 * time.Second
	longestDoubt  = 30 * time.Second
	// staleDoubt is how old a refusal may be to be of the same trouble as the next.
	staleDoubt = time.Hour
	// keptDoubts bounds how many are remembered, of all Rehearsals.
	keptDoubts = 20_000
)

// doubts remember what GitHub has refused, and since when. What is lost when the
// controller starts again is only patience. The zero value is ready.
type doubts struct{ latest[denial] }

func (d *doubts) known() *lru.Cache[string, denial] { return d.of(keptDoubts) }

// denial is something that GitHub has refused.
type denial struct {
	since, last time.Time
	err         error
	times       int
}

// believed says whether it counts at a time.
func (f denial) believed(now time.Time) bool {
	return !github.Passing(f.err) || now.Sub(f.since) >= belief
}

// again is when to try again.
func (f denial) again() time.Time {
	if f.believed(f.last) {
		return f.last.Add(refusalPause)
	}
	return f.last.Add(min(max(f.last.Sub(f.since), shortestDoubt), longestDoubt))
}

func (d *doubts) get(key string) (denial, bool) { return d.known().Get(key) }

func (d *doubts) put(key string, f denial) { d.known().Add(key, f) }

func (d *doubts) forget(key string) { d.known().Remove(key) }

// since is when something was noted first: now, where it was not before.
func (d *doubts) since(key string, now time.Time) (first time.Time, news bool) {
	f, known := d.get(key)
	if known {
		return f.since, false
	}
	d.put(key, denial{since: now, last: now})
	return now, true
}

func (d *doubts) count(key string) {
	f, _ := d.get(key)
	f.times++
	d.put(key, f)
}

func (d *doubts) counted(key string) int {
	f, _ := d.get(key)
	return f.times
}

func (t *turn) doubtKey(what string) string { return string(t.rh.UID) + " " + what }

// insist does something on GitHub. A refusal that may pass is believed only when it
// lasts; until then a condition tells of it, and the error is a wait. What is believed
// is not tried again at each turn: the error is that of the last time.
func (t *turn) insist(what string, mark func(reason, message string), do func() error) error {
	key := t.doubtKey(what)
	known, before := t.Doubts.get(key)
	if before && t.now.Sub(known.last) > staleDoubt {
		before = false
	}
	if !before || !t.now.Before(known.again()) {
		err := do()
		if !impossible(err) {
			if err == nil {
				t.Doubts.forget(key)
			}
			return err
		}
		if !before {
			known = denial{since: t.now}
		}
		known.last, known.err = t.now, err
		t.Doubts.put(key, known)
	}
	if known.believed(t.now) {
		return known.err
	}
	until := known.since.Add(belief)
	mark("Doubted", fmt.Sprintf("%v; asking again until %s before that is believed", known.err, until.UTC().Format(time.RFC3339)))
	return &waiting{after: max(known.again().Sub(t.now), time.Second), reason: known.err.Error()}
}
