package main

import (
	"errors"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// Exit statuses, which scripts may rely on.
const (
	exitDone     = 0
	exitUsage    = 1
	exitRefused  = 2
	exitConflict = 3
	// exitFailed and those below are about what happens on a cluster.
	exitFailed      = 4
	exitAborted     = 5
	exitNotAccepted = 6
	exitNoAnswer    = 7
	// exitInterrupted is what shells have for SIGINT.
	exitInterrupted = 130
)

const exitHelp = `Exit status: 0 all jobs passed, or the command was carried out; 1 usage or
failure; 4 jobs failed, or the run was rejected; 5 the run was aborted; 6 the
command was not accepted; 7 no answer in time; 130 interrupted, which ends only
the watching.`

// outcomeError is an end that is no failure of ours. What there is to say about
// it was said, unless there are words.
type outcomeError struct {
	status int
	words  string
}

func (e *outcomeError) Error() string { return e.words }

func exitStatus(err error) int {
	var (
		refused  *plan.RefusedError
		conflict *repo.ConflictError
		outcome  *outcomeError
	)
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &outcome):
		return outcome.status
	case errors.As(err, &refused):
		return exitRefused
	case errors.As(err, &conflict):
		return exitConflict
	}
	return exitUsage
}

// endOf is the verdict on runs that are over: the worst of them.
func endOf(runs ...v1alpha1.RunStatus) error {
	worst := exitDone
	for _, r := range runs {
		switch r.State {
		case v1alpha1.RunFailed, v1alpha1.RunRejected:
			worst = exitFailed
		case v1alpha1.RunAborted:
			if worst == exitDone {
				worst = exitAborted
			}
		}
	}
	if worst == exitDone {
		return nil
	}
	return &outcomeError{status: worst}
}
