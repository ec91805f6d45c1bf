// Package requeue says when to look at a resource again.
package requeue

import (
	"fmt"
	"time"
)

// Later is an error that says that nothing is wrong, and when to look again.
type Later struct {
	After  time.Duration
	Reason string
}

func (l *Later) Error() string { return fmt.Sprintf("%s; retrying in %s", l.Reason, l.After) }

// Flatten takes joined errors apart: one that can wait must not hide one that has
// failed.
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
