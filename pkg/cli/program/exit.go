package program

import (
	"errors"

	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// Exit statuses. Scripts rely on them.
const (
	ExitDone     = 0
	ExitUsage    = 1
	ExitRefused  = 2
	ExitConflict = 3
	// ExitFailed and the following are for commands that talk to a cluster.
	ExitFailed      = 4
	ExitAborted     = 5
	ExitNotAccepted = 6
	ExitNoAnswer    = 7
	// ExitInterrupted is the status that shells use for SIGINT.
	ExitInterrupted = 130
)

// ExitHelp is the help on exit statuses for commands that follow a run.
const ExitHelp = `Exit status: 0 all jobs passed, or the command was carried out; 1 usage or
failure; 4 jobs failed, or the run was rejected; 5 the run was aborted; 6 the
command was not accepted; 7 no answer in time; 130 interrupted, which ends only
the watching.`

// Outcome ends a command with a status, without an error of the program. If Words is
// empty, the command has printed everything.
type Outcome struct {
	Status int
	Words  string
}

func (e *Outcome) Error() string { return e.Words }

// Status returns the exit status for the error of a command.
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
