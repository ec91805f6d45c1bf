package prowjob

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// Persist repeats a call to an API server until it succeeds or fails for good,
// for at most the given time: API servers restart.
func Persist(ctx context.Context, limit time.Duration, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for wait := pause; ; wait = min(2*wait, 10*pause) {
		err := call(ctx)
		if err == nil || permanent(err) {
			return err
		}
		if stopped := sleep(ctx, wait); stopped != nil {
			return fmt.Errorf("%w (given up: %w)", err, stopped)
		}
	}
}

type finalError struct{ error }

func (e finalError) Unwrap() error { return e.error }

// Final marks an error as one that does not go away by itself.
func Final(err error) error { return finalError{err} }

// permanent says that a call fails the same way however often it is made.
func permanent(err error) bool {
	var (
		foreign *ForeignError
		final   finalError
	)
	return definite(err) || apierrors.IsMethodNotSupported(err) || errors.As(err, &foreign) || errors.As(err, &final)
}
