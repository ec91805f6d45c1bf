package facts

import (
	"fmt"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/judging"
	"github.com/rehearsal-dev/rehearsal/pkg/requeue"
)

// TheirTime is GitHub's time, to the second: what GitHub dates is compared with it.
func (f *Facts) TheirTime() time.Time {
	ahead, _ := f.GitHub.Skew()
	return f.Now.Add(ahead)
}

// mostBehind is how far our clock may be behind GitHub's.
const mostBehind = time.Minute

// ClockIsRight refuses to judge with a clock that is behind, or may be: what was written
// after something could seem to have been there before it.
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
