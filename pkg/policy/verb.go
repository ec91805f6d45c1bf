package policy

import (
	"slices"

	"github.com/rehearsal-dev/rehearsal/pkg/event"
)

// CommandOf returns the row of the table for a command line. Unknown commands have
// none, and Decide denies them to everybody.
func CommandOf(c event.Command) Command { return Command(c.Kind().Right) }

// byOthers reports whether contributors may not do this on their own pull request. It is
// false only if all commands of the row say so.
func (c Command) byOthers() bool {
	if !slices.Contains(Commands(), c) {
		return false // a rule about the author, or nothing that anybody may do
	}
	anybody := func(r event.Row) bool { return Command(r.Right) == c && !r.ByOthers() }
	return !slices.ContainsFunc(event.Table(), anybody)
}
