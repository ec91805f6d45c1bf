package screen

import (
	"io"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/rehearsal-dev/rehearsal/pkg/terminal"
)

// Gap is the space between two columns.
const Gap = 2

// Cut shortens text to a number of characters.
func Cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:max(n-1, 0)]) + "…"
}

// Width is the width of a terminal in characters, 0 for anything else.
func Width(out io.Writer) int {
	f := terminal.File(out)
	if f == nil {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd())) //nolint:gosec // file descriptors are small.
	if err != nil {
		return 0
	}
	return width
}

// isTerminal reports whether a person reads along.
func isTerminal(out io.Writer) bool {
	f := terminal.File(out)
	return f != nil && term.IsTerminal(int(f.Fd())) //nolint:gosec // file descriptors are small.
}

// Middle shortens a name to a number of characters where names differ least.
func Middle(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	left := (n - 1) / 2
	return string(r[:left]) + "…" + string(r[len(r)-(n-1-left):])
}

// OrDash is a dash where there is no text.
func OrDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
