// Package screen lays out text for terminals, and redraws it in place on terminals that
// can do that. It knows nothing about the content.
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
	// Size is called before each frame, because users resize their terminals.
	Size func() (width, height int)
	// shown are the lines of the current frame.
	shown    []Line
	drawn    bool
	keyboard *keyboard
}

// Open returns nil if the output is not a terminal that can be redrawn. It reads keys if
// in is a terminal too. The caller must call Close.
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

// Sequences of ECMA-48 that every current terminal supports.
const (
	hideCursor = "\033[?25l"
	showCursor = "\033[?25h"
	clearRest  = "\033[J"
)

// Draw replaces the current frame. It writes everything at once, so the screen does not
// flicker.
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

// home returns the sequence that moves to the start of the current frame. Terminals wrap
// lines anew when they are resized, so it counts rows at the current width.
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

// Keys returns the channel of pressed keys; nil if there is no keyboard.
func (s *Screen) Keys() <-chan Key {
	if s == nil || s.keyboard == nil {
		return nil
	}
	return s.keyboard.keys
}

// Signals returns the channel of signals before which the terminal must be restored. The
// caller must pass them to Obey.
func (s *Screen) Signals() <-chan os.Signal {
	if s == nil || s.keyboard == nil {
		return nil
	}
	return s.keyboard.signals
}

// Obey restores the terminal and lets a signal have its default effect: end, stop or
// continue. After that, frames are drawn below the output written meanwhile.
func (s *Screen) Obey(sig os.Signal) {
	s.release()
	s.keyboard.obey(sig)
}

// Close leaves the current frame on the terminal and restores the terminal's mode.
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

// Restore restores the terminal from any goroutine of a program that panics.
func (s *Screen) Restore() {
	if s != nil && s.keyboard != nil {
		s.keyboard.giveBack()
	}
	if s != nil {
		_, _ = io.WriteString(s.out, showCursor)
	}
}

// release shows the cursor again.
func (s *Screen) release() {
	if s.drawn {
		// On Ctrl-C, terminals write ^C at the cursor.
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
