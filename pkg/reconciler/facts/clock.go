package facts

import (
	"fmt"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/judging"
	"github.com/rehearsal-dev/rehearsal/pkg/requeue"
)

// TheirTime returns GitHub's time, to the second. It is compared with the times that GitHub
// reports.
func (f *Facts) TheirTime() time.Time {
	ahead, _ := f.GitHub.Skew()
	return f.Now.Add(ahead)
}

// mostBehind is how far our clock may be behind GitHub's.
const mostBehind = time.Minute

// ClockIsRight returns an error while there are commands to decide and our clock is, or may
// be, behind: a command could seem to be older than what it refers to.
func (f *Facts) ClockIsRight() error {
	behind, known := f.GitHub.Skew()
	switch {
	case len(judging.Unjudged(f.Rehearsal)) == 0:
		return nil
	case !known:
		return &requeue.Later{After: time.Minute, Reason: "GitHub's responses have no date, and nothing is decided without it"}
	case behind <= mostBehind:
		return nil
	}
	return &requeue.Later{After: time.Minute, Reason: fmt.Sprintf(
		"the controller's clock is %s behind GitHub's, and nothing is decided until it is corrected", behind.Round(time.Second))}
}
