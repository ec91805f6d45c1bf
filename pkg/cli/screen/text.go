package screen

import (
	"io"
	"strings"

	"golang.org/x/term"

	"github.com/clipperhouse/displaywidth"

	"github.com/rehearsal-dev/rehearsal/pkg/terminal"
)

// Gap is the space between two columns, in cells.
const Gap = 2

const ellipsis = "…"

// Cells returns the width of text on a terminal: an ideograph or an emoji has two cells,
// and a combining accent has none.
func Cells(s string) int { return displaywidth.String(s) }

// Pad pads text with blanks to n cells.
func Pad(s string, n int) string { return s + strings.Repeat(" ", max(n-Cells(s), 0)) }

// Cut shortens text to n cells.
func Cut(s string, n int) string {
	switch {
	case Cells(s) <= n:
		return s
	case n <= 0:
		return ""
	}
	return s[:start(s, n-1)] + ellipsis
}

// Middle shortens a name to n cells. It cuts the middle, where names differ least.
func Middle(s string, n int) string {
	all := Cells(s)
	switch {
	case all <= n:
		return s
	case n <= 0:
		return ""
	}
	left := (n - 1) / 2
	right := n - 1 - left
	from := start(s, all-right)
	if Cells(s[from:]) > right {
		// A wide character crosses the cut.
		from = start(s, all-right+1)
	}
	return s[:start(s, left)] + ellipsis + s[from:]
}

// start returns the length in bytes of the longest prefix that fits into n cells.
func start(s string, n int) int {
	end, cells := 0, 0
	for g := displaywidth.StringGraphemes(s); g.Next(); end += len(g.Value()) {
		if cells += g.Width(); cells > n {
			break
		}
	}
	return end
}

// Width returns the width of a terminal in cells; 0 if out is not a terminal.
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

// isTerminal reports whether out is a terminal.
func isTerminal(out io.Writer) bool {
	f := terminal.File(out)
	return f != nil && term.IsTerminal(int(f.Fd())) //nolint:gosec // file descriptors are small.
}

// OrDash returns s, or "-" if s is empty.
func OrDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
