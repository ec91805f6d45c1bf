package plan

import (
	"errors"

	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// StoppedError says that planning was ended because it took more than it may, or
// because the planner broke down. It would be so again.
type StoppedError struct {
	// Why completes a sentence about planning: "took more than 2 minutes".
	Why string
	// Base says that it happened while the base branch was read, before anything of
	// the head was looked at.
	Base bool
}

func (e *StoppedError) Error() string {
	if e.Base {
		return "reading the base branch " + e.Why
	}
	return "planning " + e.Why
}

// DamagedError says that the mirror is damaged, or seems so: git cannot read
// objects that are, or should be, there.
type DamagedError struct {
	Reason string
}

func (e *DamagedError) Error() string { return e.Reason }

// UnfetchedError says that the commits of a pull request are not fetched, or cannot
// be read once they are. It would be so again.
type UnfetchedError struct {
	Reason string
	err    error
}

func (e *UnfetchedError) Error() string { return e.Reason }

func (e *UnfetchedError) Unwrap() error { return e.err }

// Unfetched tells what is a head's own fault from all else.
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
	// ErrForgotten says that the details of a plan are not at hand any more: it has
	// to be made again.
	ErrForgotten = errors.New("the plan has to be made again")
	// ErrBusy says that the details of a plan are not at hand at this moment.
	ErrBusy = errors.New("all planners are busy")
)

// Terminal reports whether an error will be the same however often it is tried,
// and so is for the pull request to know.
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
