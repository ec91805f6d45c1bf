package prowjob

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// Persist repeats a call to an API server until it succeeds or fails for good,
// for at most the given time: API servers restart.
func Persist(ctx context.Context, limit time.Duration, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var rights Rights
	for wait := pause; ; wait = min(2*wait, 10*pause) {
		err := call(ctx)
		if err == nil || rights.Final(err) {
			return err
		}
		if stopped := Sleep(ctx, wait); stopped != nil {
			return fmt.Errorf("%w (given up: %w)", err, stopped)
		}
	}
}

// settling is how long an API server may take to know who may do what, once it has
// started: until then it refuses everybody.
const settling = time.Minute

// Rights bears with an API server that refuses a call because it has not learned yet
// what we may do. The zero value has met none.
type Rights struct{ since time.Time }

// MayCome says that the call is refused for our rights, which we may have in a moment.
// What an admission policy refuses stays refused.
func (r *Rights) MayCome(err error) bool {
	lacking := apierrors.IsUnauthorized(err) ||
		apierrors.IsForbidden(err) && strings.Contains(err.Error(), "User \"") && strings.Contains(err.Error(), " cannot ")
	switch {
	case !lacking:
		r.since = time.Time{}
		return false
	case r.since.IsZero():
		r.since = time.Now()
	}
	return time.Since(r.since) < settling
}

// Final says that it is of no use to make a call again.
func (r *Rights) Final(err error) bool { return Permanent(err) && !r.MayCome(err) }

// Permanent says that a call fails the same way however often it is made.
func Permanent(err error) bool {
	var (
		foreign *ForeignError
		damaged *run.DamagedError
		taken   *TakenError
		other   *run.UnapprovedError
	)
	return definite(err) || apierrors.IsMethodNotSupported(err) || errors.Is(err, errNoCluster) ||
		errors.As(err, &foreign) || errors.As(err, &damaged) || errors.As(err, &taken) || errors.As(err, &other)
}

// Sleep waits, unless the context ends first.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
