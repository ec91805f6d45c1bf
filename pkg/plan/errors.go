package plan

import (
	"errors"

	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// StoppedError says that planning was stopped because it exceeded a limit, or because the
// planner crashed. Another attempt would end the same way.
type StoppedError struct {
	// Why completes a sentence about planning: "took more than 2 minutes".
	Why string
	// Base says that it happened while the base branch was read, before anything of the
	// head was.
	Base bool
}

func (e *StoppedError) Error() string {
	if e.Base {
		return "reading the base branch " + e.Why
	}
	return "planning " + e.Why
}

// DamagedError says that the mirror is, or seems to be, damaged: Git cannot read objects
// that are, or should be, in it.
type DamagedError struct {
	Reason string
}

func (e *DamagedError) Error() string { return e.Reason }

// UnfetchedError says that the commits of a pull request cannot be fetched, or cannot be
// read after the fetch. Another attempt would end the same way.
type UnfetchedError struct {
	Reason string
	err    error
}

func (e *UnfetchedError) Error() string { return e.Reason }

func (e *UnfetchedError) Unwrap() error { return e.err }

// Unfetched returns an *UnfetchedError if the head itself is the cause of an error; all
// other errors are returned as they are.
func Unfetched(err error) error {
	var large *repo.TooLargeError
	var rebuilt *repo.RebuiltError
	if errors.As(err, &large) {
		return &UnfetchedError{Reason: large.Error(), err: err}
	}
	if errors.As(err, &rebuilt) && rebuilt.Revision != "" {
		return &UnfetchedError{Reason: rebuilt.Error(), err: err}
	}
	return err
}

var (
	// ErrForgotten says that the details of a plan are no longer kept. The plan has to be
	// made again.
	ErrForgotten = errors.New("the plan has to be made again")
	// ErrBusy says that the details of a plan are not available at the moment.
	ErrBusy = errors.New("all planners are busy")
)

// Terminal reports whether an error stays the same however often planning is tried, so
// that the pull request has to show it.
func Terminal(err error) bool {
	var (
		conflict *ConflictError
		refused  *RefusedError
		missing  *MissingPathError
		stopped  *StoppedError
		fetched  *UnfetchedError
	)
	return errors.As(err, &fetched) || errors.As(err, &conflict) || errors.As(err, &refused) || errors.As(err, &missing) || errors.As(err, &stopped)
}
