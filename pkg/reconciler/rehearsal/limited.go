package rehearsal

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"knative.dev/pkg/logging"

	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/judging"
	"github.com/rehearsal-dev/rehearsal/pkg/requeue"
	"github.com/rehearsal-dev/rehearsal/pkg/telemetry"
)

// reasonLimited is the reason of conditions during a rate limit.
const reasonLimited = "RateLimited"

// ReportLimit reports to operators that GitHub accepts no calls from an account until a
// time.
func ReportLimit(ctx context.Context, account string, until time.Time) {
	logging.FromContext(ctx).Warnw("GitHub's rate limit is reached; work resumes by itself", "account", account, "until", until.UTC())
	if err := telemetry.RecordLimit(ctx, telemetry.Meter(), account, until); err != nil {
		logging.FromContext(ctx).Warnw("The rate limit was not recorded as a metric", "error", err)
	}
}

// showLimit shows a rate limit, and its end, in the conditions.
func (t *pass) showLimit(errs []error) {
	until, limited := requeue.LimitedUntil(errs)
	if !limited {
		return
	}
	message := "the limit of writes to GitHub is reached; work resumes by itself at " + until.UTC().Format(time.RFC3339)
	if !onlyOurs(errs) {
		message = "GitHub's rate limit is reached until " + until.UTC().Format(time.RFC3339) + "; work resumes by itself"
	}
	if !t.fresh {
		t.rh.Status.MarkPulling(reasonLimited, message)
	}
	t.rh.Status.MarkReporting(reasonLimited, message)
}

// onlyOurs reports whether only our own limits of writes were reached, not GitHub's.
func onlyOurs(errs []error) bool {
	return !slices.ContainsFunc(requeue.Flatten(errs), func(err error) bool {
		var window *github.RateLimitedError
		return errors.As(err, &window) && !window.Ours
	})
}

const (
	// spreadTime is the time over which the work of all Rehearsals resumes after a rate
	// limit. It is shorter where people wait: for an answer, or for the jobs of a head
	// that they have just pushed.
	spreadTime = 5 * time.Minute
	pushedTime = time.Minute
	soonTime   = 20 * time.Second
	// freshTime is how long after a push its author is expected to wait.
	freshTime = time.Hour
)

// spread has each Rehearsal resume at a different time after a rate limit, so that not
// all of them call GitHub at once.
func (t *pass) spread(errs []error) []error {
	within := spreadTime
	switch {
	case len(judging.Unjudged(t.rh)) > 0 || len(t.unanswered()) > 0:
		within = soonTime
	case t.pushAwaitsComment():
		within = pushedTime
	}
	out := requeue.Flatten(errs)
	for i, err := range out {
		var window *github.RateLimitedError
		if errors.As(err, &window) {
			out[i] = &requeue.Later{After: max(window.Until.Sub(t.now), 0) + share(t.rh.Name, within), Reason: err.Error()}
		}
	}
	return out
}

// pushAwaitsComment reports whether the head was pushed or opened a short time ago, and no
// comment lists its jobs yet.
func (t *pass) pushAwaitsComment() bool {
	if t.rh.Spec.Observed == nil {
		return false
	}
	head := t.rh.Spec.Observed.Head
	if plan := t.rh.Status.Plan; plan != nil && plan.Head == head && plan.Shown != nil {
		return false
	}
	for _, push := range t.rh.Spec.Pushes {
		if push.Head == head && t.now.Sub(push.At.Time).Abs() < freshTime {
			return true
		}
	}
	return false
}

// share returns a part of a duration, always the same for a name.
func share(name string, of time.Duration) time.Duration {
	sum := sha256.Sum256([]byte(name))
	return of * time.Duration(binary.BigEndian.Uint16(sum[:])) / (1 << 16)
}
