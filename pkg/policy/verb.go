package policy

import (
	"slices"

	"github.com/rehearsal-dev/rehearsal/pkg/event"
)

// CommandOf returns the row of the table for a command line. What the grammar does
// not have has none, and Decide denies that to everybody.
func CommandOf(c event.Command) Command { return Command(c.Kind().Right) }

// byOthers says of a row that nobody may do this on a pull request of their own: not
// unless each command that it is for says so.
func (c Command) byOthers() bool {
	if !slices.Contains(Commands(), c) {
		return false // a rule about the author, or nothing that anybody may do
	}
	anybody := func(r event.Row) bool { return Command(r.Right) == c && !r.ByOthers() }
	return !slices.ContainsFunc(event.Table(), anybody)
}
