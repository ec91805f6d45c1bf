package sweep

import (
	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
)

func sameAs(known *v1alpha1.PullStatus, p github.Pull) bool {
	return known != nil && known.Open && known.Head == p.Head && known.BaseRef == p.BaseRef
}

// hasBody reports whether the log has, or had, the commands of the description.
func hasBody(rh *v1alpha1.Rehearsal) bool {
	if rh == nil {
		return false
	}
	for id := range heardOf(rh) {
		if event.FromDescription(id) {
			return true
		}
	}
	return false
}

// heardOf returns the ids of the commands that are in the log, or that were decided and
// have left it.
func heardOf(rh *v1alpha1.Rehearsal) map[string]bool {
	have := map[string]bool{}
	for _, c := range rh.Spec.Commands {
		have[c.ID] = true
	}
	for _, v := range rh.Status.Commands {
		have[v.ID] = true
	}
	return have
}

// Knows reports whether all of these commands are, or were, in the log of a pull request.
func Knows(rh *v1alpha1.Rehearsal, commands []v1alpha1.Command) bool {
	have := heardOf(rh)
	for _, c := range commands {
		if !have[c.ID] {
			return false
		}
	}
	return true
}
