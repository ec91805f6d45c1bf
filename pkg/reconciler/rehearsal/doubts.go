package rehearsal

import (
	"fmt"
	"slices"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
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
	// keptDoubts bounds how many are remembered, of all Rehearsals; storedDoubts how
	// many are stored in the status of one.
	keptDoubts   = 20_000
	storedDoubts = 20
)

// doubts remember what GitHub has refused, and when it was asked last. Since when it
// does is in status as well: a controller that starts again every few minutes would
// never believe anything. The zero value is ready.
type doubts struct{ latest[denial] }

func (d *doubts) known() *lru.Cache[string, denial] { return d.of(keptDoubts) }

// denial is something that GitHub has refused.
type denial struct {
	since, last time.Time
	err         error
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

// doubtedSince is since when something is doubted, as status has it: now, where it was
// not, or not lately.
func (t *turn) doubtedSince(what string) time.Time {
	if i := t.storedDoubt(what); i >= 0 {
		if since := t.rh.Status.Doubts[i].Since.Time; t.now.Sub(since) <= staleDoubt {
			return since
		}
	}
	t.settled(what)
	t.rh.Status.Doubts = append(t.rh.Status.Doubts, v1alpha1.Doubt{What: what, Since: metav1.NewTime(t.now)})
	return t.now
}

// settled takes a doubt out of status.
func (t *turn) settled(what string) {
	if i := t.storedDoubt(what); i >= 0 {
		t.rh.Status.Doubts = slices.Delete(t.rh.Status.Doubts, i, i+1)
	}
}

func (t *turn) storedDoubt(what string) int {
	return slices.IndexFunc(t.rh.Status.Doubts, func(d v1alpha1.Doubt) bool { return d.What == what })
}

// boundDoubts keeps the latest.
func boundDoubts(s *v1alpha1.RehearsalStatus) {
	s.Doubts = s.Doubts[max(0, len(s.Doubts)-storedDoubts):]
	if len(s.Doubts) == 0 {
		s.Doubts = nil
	}
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
				t.settled(what)
			}
			return err
		}
		if !before {
			known = denial{since: t.doubtedSince(what)}
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
