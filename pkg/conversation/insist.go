package conversation

import (
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/requeue"
)

const (
	// Belief is how long GitHub has to say that something is missing or forbidden before we
	// accept that: it also says so while a replica lags, or while somebody has to sign in.
	Belief = 5 * time.Minute
	// RefusalPause is the time between retries of an accepted refusal.
	RefusalPause = 10 * time.Minute
	// shortestDoubt and LongestDoubt bound the time between retries until a refusal is
	// accepted.
	shortestDoubt = 5 * time.Second
	LongestDoubt  = 30 * time.Second
	// staleDoubt is how old a refusal may be to count as the same problem as the next.
	staleDoubt = time.Hour
	// MaxDoubts limits how many refusals the status of one Rehearsal stores.
	MaxDoubts = 20
)

// denial is a refusal by GitHub.
type denial struct {
	since, last time.Time
	err         error
}

// believed reports whether the refusal is accepted at a time.
func (d denial) believed(now time.Time) bool {
	return !github.Passing(d.err) || now.Sub(d.since) >= Belief
}

// again returns when to try again.
func (d denial) again() time.Time {
	if d.believed(d.last) {
		return d.last.Add(RefusalPause)
	}
	return d.last.Add(min(max(d.last.Sub(d.since), shortestDoubt), LongestDoubt))
}

// Insist calls GitHub. A refusal that may be temporary is accepted only if it lasts;
// until then a condition shows it, and the error is a *requeue.Later. An accepted
// refusal is not retried at each reconcile: the error is that of the last attempt.
func (c *Conversation) Insist(what string, mark func(reason, message string), do func() error) error {
	key := string(c.Rehearsal.UID) + " " + what
	known, before := c.Memory.denial(key)
	if before && c.Now.Sub(known.last) > staleDoubt {
		before = false
	}
	if !before || !c.Now.Before(known.again()) {
		err := do()
		if !github.Impossible(err) {
			if err == nil {
				c.Memory.forgetDenial(key)
				c.settled(what)
			}
			return err
		}
		if !before {
			known = denial{since: c.doubtedSince(what)}
		}
		known.last, known.err = c.Now, err
		c.Memory.deny(key, known)
	}
	if known.believed(c.Now) {
		return known.err
	}
	until := known.since.Add(Belief)
	mark("Doubted", fmt.Sprintf("%v; retrying until %s before accepting that", known.err, until.UTC().Format(time.RFC3339)))
	return &requeue.Later{After: max(known.again().Sub(c.Now), time.Second), Reason: known.err.Error()}
}

// doubtedSince returns the start of a refusal from status. If it is not there, or too old,
// the refusal starts now.
func (c *Conversation) doubtedSince(what string) time.Time {
	if i := c.storedDoubt(what); i >= 0 {
		if since := c.status().Doubts[i].Since.Time; c.Now.Sub(since) <= staleDoubt {
			return since
		}
	}
	c.settled(what)
	c.status().Doubts = append(c.status().Doubts, v1alpha1.Doubt{What: what, Since: metav1.NewTime(c.Now)})
	return c.Now
}

// settled removes a doubt from status.
func (c *Conversation) settled(what string) {
	if i := c.storedDoubt(what); i >= 0 {
		c.status().Doubts = slices.Delete(c.status().Doubts, i, i+1)
	}
}

func (c *Conversation) storedDoubt(what string) int {
	return slices.IndexFunc(c.status().Doubts, func(d v1alpha1.Doubt) bool { return d.What == what })
}

// BoundDoubts keeps the latest doubts.
func BoundDoubts(s *v1alpha1.RehearsalStatus) {
	s.Doubts = s.Doubts[max(0, len(s.Doubts)-MaxDoubts):]
	if len(s.Doubts) == 0 {
		s.Doubts = nil
	}
}
