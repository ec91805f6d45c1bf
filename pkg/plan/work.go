package plan

import (
	"github.com/rehearsal-dev/rehearsal/pkg/gate"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/prowtree"
)

// work is one plan in the making.
type work struct {
	*Incremental
	*prowtree.Loader
	repository string
	head       string
	gates      gate.Config
	// changed adds up what it takes to make the jobs that differ, expected the same
	// as far as it can be told before they are read.
	changed, expected efforts
}
