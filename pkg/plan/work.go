package plan

import (
	"github.com/rehearsal-dev/rehearsal/pkg/gate"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/prowtree"
)

// work is one plan while it is made. It determines the state of the base, and compares
// the tree of the pull request with it.
type work struct{ *stepper }

// stepper goes from a known state to another tree by reading what differs.
type stepper struct{ *evaluator }

// evaluator decides which jobs differ, and which of them are valid.
type evaluator struct {
	*Incremental
	*prowtree.Loader
	repository string
	head       string
	gates      gate.Config
	// changed adds up the work of making the jobs that differ. expected is an estimate of
	// the same, made before they are read.
	changed, expected efforts
}
