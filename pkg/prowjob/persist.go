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

// Persist repeats a call to an API server until it succeeds, fails permanently, or the
// time limit is reached: API servers restart.
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

// settling is how long an API server may take after its start to learn the Roles. Until
// then it refuses everybody.
const settling = time.Minute

// Rights tolerates an API server that has just started and refuses calls because it does
// not know our rights yet. Its zero value is ready to use.
type Rights struct{ since time.Time }

// MayCome reports whether the call lacks rights that the API server may still learn. The
// refusal of an admission policy is permanent.
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

// Final reports whether repeating a call is pointless.
func (r *Rights) Final(err error) bool { return Permanent(err) && !r.MayCome(err) }

// Permanent reports whether a call would fail in the same way again.
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

// Sleep waits for d. It returns an error if the context ends first.
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
