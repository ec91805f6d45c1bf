package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/rehearsal-dev/rehearsal/pkg/terminal"
)

// screen redraws frames in place on a terminal.
type screen struct {
	out     io.Writer
	colours bool
	// size is asked before each frame, as people resize their terminals.
	size func() (width, height int)
	// shown are the lines of the frame that stands there.
	shown []line
	drawn bool
}

// newScreen returns nil where nobody looks at a terminal that can be redrawn.
func newScreen(out io.Writer) *screen {
	f := terminal.File(out)
	if f == nil || !isTerminal(out) || os.Getenv("TERM") == "dumb" {
		return nil
	}
	return &screen{out: f, colours: os.Getenv("NO_COLOR") == "", size: func() (int, int) {
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

// draw replaces the frame that stands there. It writes all at once, so that the
// eye sees no gap.
func (s *screen) draw(f *frame) error {
	var b strings.Builder
	if !s.drawn {
		b.WriteString(hideCursor)
	}
	b.WriteString(s.home(f.width) + clearRest)
	for _, l := range f.lines {
		b.WriteString(s.paint(l) + "\n")
	}
	s.shown, s.drawn = f.lines, true
	_, err := io.WriteString(s.out, b.String())
	return err
}

// home goes to where the frame began. Terminals wrap lines anew when they are
// resized, so what it takes now counts.
func (s *screen) home(width int) string {
	rows := 0
	for _, l := range s.shown {
		rows += l.rows(width)
	}
	if rows == 0 {
		return ""
	}
	return fmt.Sprintf("\r\033[%dA", rows)
}

// close leaves what stands there and gives the cursor back.
func (s *screen) close() {
	if s != nil && s.drawn {
		// Terminals have written ^C where the cursor is, if that was the end.
		_, _ = io.WriteString(s.out, "\r"+clearRest+showCursor)
		s.shown, s.drawn = nil, false
	}
}

func (s *screen) paint(l line) string {
	l.text = terminal.Plain(l.text)
	if !s.colours || l.mark == "" || l.colour == "" {
		return l.text
	}
	start := l.from
	if start > utf8.RuneCountInString(l.text) {
		return l.text
	}
	before := string([]rune(l.text)[:start])
	rest := l.text[len(before):]
	i := strings.Index(rest, l.mark)
	if i < 0 {
		return l.text
	}
	return before + rest[:i] + "\033[" + l.colour + "m" + l.mark + "\033[0m" + rest[i+len(l.mark):]
}
