package program

import (
	"errors"

	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// Exit statuses, which scripts may rely on.
const (
	ExitDone     = 0
	ExitUsage    = 1
	ExitRefused  = 2
	ExitConflict = 3
	// ExitFailed and those below are about what happens on a cluster.
	ExitFailed      = 4
	ExitAborted     = 5
	ExitNotAccepted = 6
	ExitNoAnswer    = 7
	// ExitInterrupted is what shells have for SIGINT.
	ExitInterrupted = 130
)

// ExitHelp is for the help of commands that follow a run.
const ExitHelp = `Exit status: 0 all jobs passed, or the command was carried out; 1 usage or
failure; 4 jobs failed, or the run was rejected; 5 the run was aborted; 6 the
command was not accepted; 7 no answer in time; 130 interrupted, which ends only
the watching.`

// Outcome is an end that is no failure of ours. What there is to say about
// it was said, unless there are words.
type Outcome struct {
	Status int
	Words  string
}

func (e *Outcome) Error() string { return e.Words }

// Status is the exit status for how a command has ended.
func Status(err error) int {
	var (
		refused  *plan.RefusedError
		conflict *repo.ConflictError
		outcome  *Outcome
	)
	switch {
	case err == nil:
		return ExitDone
	case errors.As(err, &outcome):
		return outcome.Status
	case errors.As(err, &refused):
		return ExitRefused
	case errors.As(err, &conflict):
		return ExitConflict
	}
	return ExitUsage
}
