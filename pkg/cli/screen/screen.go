// Package screen lays text out for terminals, and redraws it in place on those that
// can do that. It knows nothing of what it shows.
package screen

import (
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/rehearsal-dev/rehearsal/pkg/terminal"
)

// Screen redraws frames in place on a terminal.
type Screen struct {
	out     io.Writer
	colours bool
	// Size is asked before each frame, as people resize their terminals.
	Size func() (width, height int)
	// shown are the lines of the frame that stands there.
	shown []Line
	drawn bool
}

// Open returns nil where nobody looks at a terminal that can be redrawn.
func Open(out io.Writer) *Screen {
	f := terminal.File(out)
	if f == nil || !isTerminal(out) || os.Getenv("TERM") == "dumb" {
		return nil
	}
	return &Screen{out: f, colours: os.Getenv("NO_COLOR") == "", Size: func() (int, int) {
		width, height, err := term.GetSize(int(f.Fd())) //nolint:gosec // file descriptors are small.
		if err != nil {
			return 80, 24
		}
		return width, height
	}}
}

// Sequences of ECMA-48 that every terminal of today knows.
const (
	hideCursor = "\033[?25l"
	showCursor = "\033[?25h"
	clearRest  = "\033[J"
)

// Draw replaces the frame that stands there. It writes all at once, so that the
// eye sees no gap.
func (s *Screen) Draw(f *Frame) error {
	var b strings.Builder
	if !s.drawn {
		b.WriteString(hideCursor)
	}
	b.WriteString(s.home(f.Width) + clearRest)
	for _, l := range f.Lines {
		b.WriteString(s.paint(l) + "\n")
	}
	s.shown, s.drawn = f.Lines, true
	_, err := io.WriteString(s.out, b.String())
	return err
}

// home goes to where the frame began. Terminals wrap lines anew when they are
// resized, so what it takes now counts.
func (s *Screen) home(width int) string {
	rows := 0
	for _, l := range s.shown {
		rows += l.rows(width)
	}
	if rows == 0 {
		return ""
	}
	return fmt.Sprintf("\r\033[%dA", rows)
}

// Close leaves what stands there and gives the cursor back.
func (s *Screen) Close() {
	if s != nil && s.drawn {
		// Terminals have written ^C where the cursor is, if that was the end.
		_, _ = io.WriteString(s.out, "\r"+clearRest+showCursor)
		s.shown, s.drawn = nil, false
	}
}

func (s *Screen) paint(l Line) string {
	l.Text = terminal.Plain(l.Text)
	if !s.colours || l.mark == "" || l.colour == "" {
		return l.Text
	}
	before := l.Text[:start(l.Text, l.from)]
	rest := l.Text[len(before):]
	i := strings.Index(rest, l.mark)
	if i < 0 {
		return l.Text
	}
	return before + rest[:i] + "\033[" + l.colour + "m" + l.mark + "\033[0m" + rest[i+len(l.mark):]
}
