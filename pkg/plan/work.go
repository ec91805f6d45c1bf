package plan

import (
	"github.com/rehearsal-dev/rehearsal/pkg/gate"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/prowtree"
)

// work is one plan in the making: it finds the state of the base, and compares the tree of
// the pull request with it.
type work struct{ *stepper }

// stepper steps from a known state to another tree, by reading what differs.
type stepper struct{ *evaluator }

// evaluator decides which jobs differ, and which of them are valid.
type evaluator struct {
	*Incremental
	*prowtree.Loader
	repository string
	head       string
	gates      gate.Config
	// changed adds up what it takes to make the jobs that differ; expected is the same,
	// as far as it is known before they are read.
	changed, expected efforts
}
