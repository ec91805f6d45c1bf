// Package requeue decides when to reconcile a resource again.
package requeue

import (
	"fmt"
	"time"
)

// Later is an error that means: nothing is wrong, reconcile again later.
type Later struct {
	After  time.Duration
	Reason string
}

func (l *Later) Error() string { return fmt.Sprintf("%s; retrying in %s", l.Reason, l.After) }

// Flatten splits joined errors: a wait must not hide a failure.
func Flatten(errs []error) []error {
	var flat []error
	for _, err := range errs {
		if joined, ok := err.(interface{ Unwrap() []error }); ok {
			flat = append(flat, Flatten(joined.Unwrap())...)
		} else if err != nil {
			flat = append(flat, err)
		}
	}
	return flat
}
