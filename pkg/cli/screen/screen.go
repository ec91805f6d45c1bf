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
	shown    []Line
	drawn    bool
	keyboard *keyboard
}

// Open returns nil where nobody looks at a terminal that can be redrawn. Keys are
// read where in is a terminal too. Close has to be called.
func Open(in *os.File, out io.Writer) *Screen {
	f := terminal.File(out)
	if f == nil || !isTerminal(out) || os.Getenv("TERM") == "dumb" {
		return nil
	}
	return &Screen{out: f, keyboard: openKeyboard(in), colours: os.Getenv("NO_COLOR") == "", Size: func() (int, int) {
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

// Keys has the keys that are pressed; none ever where there is no keyboard.
func (s *Screen) Keys() <-chan Key {
	if s == nil || s.keyboard == nil {
		return nil
	}
	return s.keyboard.keys
}

// Signals has those that find the terminal not as it should be left. They are to be
// given to Obey.
func (s *Screen) Signals() <-chan os.Signal {
	if s == nil || s.keyboard == nil {
		return nil
	}
	return s.keyboard.signals
}

// Obey does what a signal is for, with the terminal as it was before: dies, stops, or
// goes on, below what has been written meanwhile.
func (s *Screen) Obey(sig os.Signal) {
	s.release()
	s.keyboard.obey(sig)
}

// Close leaves what stands there, and the terminal as it was before.
func (s *Screen) Close() {
	if s == nil {
		return
	}
	s.release()
	if s.keyboard != nil {
		s.keyboard.close()
		s.keyboard = nil
	}
}

// Restore leaves the terminal as it was before, from any goroutine of a program that
// breaks down.
func (s *Screen) Restore() {
	if s != nil && s.keyboard != nil {
		s.keyboard.giveBack()
	}
	if s != nil {
		_, _ = io.WriteString(s.out, showCursor)
	}
}

// release gives the cursor back.
func (s *Screen) release() {
	if s.drawn {
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
