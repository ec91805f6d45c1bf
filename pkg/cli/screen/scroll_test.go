package screen

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestKeysIn(t *testing.T) {
	for _, c := range []struct {
		name, sent string
		keys       []Key
		rest       string
	}{
		{"letter keys", "kjgGsq", []Key{Up, Down, Top, Bottom, Summary, Quit}, ""},
		{"arrow keys", "\x1b[A\x1b[B\x1bOA\x1bOB", []Key{Up, Down, Up, Down}, ""},
		{"page keys", "\x1b[5~\x1b[6~ bf", []Key{PageUp, PageDown, PageDown, PageUp, PageDown}, ""},
		{"home and end keys", "\x1b[H\x1b[F\x1b[1~\x1b[4~", []Key{Top, Bottom, Top, Bottom}, ""},
		{"incomplete sequence", "j\x1b[5", []Key{Down}, "\x1b[5"},
		{"escape key before another key", "\x1bq", []Key{Quit}, ""},
		{"unknown sequences", "\x1b[24~\x1b[1;5Aq", []Key{Quit}, ""},
		{"keys without an action", "ж単é\x00q", []Key{Quit}, ""},
		{"no input", "", nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			keys, rest := keysIn(c.sent)
			if diff := cmp.Diff(c.keys, keys); diff != "" || rest != c.rest {
				t.Errorf("%s and %q is left", diff, rest)
			}
		})
	}
}

func FuzzKeysIn(f *testing.F) {
	f.Add("j\x1b[5~\x1b[")
	f.Fuzz(func(t *testing.T, sent string) {
		keys, rest := keysIn(sent)
		if !strings.HasSuffix(sent, rest) || len(rest) > 3 || len(keys) > len(sent) {
			t.Errorf("%q is %v, and %q is left", sent, keys, rest)
		}
	})
}

// numbered returns a frame with a head of two lines and n other lines.
func numbered(n int) *Frame {
	f := &Frame{Width: 60, Head: 2}
	f.Add("run")
	f.Add("JOB")
	for i := range n {
		f.Add("%d", i)
	}
	return f
}

func TestScroll(t *testing.T) {
	for _, c := range []struct {
		name string
		keys []Key
		// first and last are the first and last visible lines below the head.
		first, last string
	}{
		{"first key shows the first lines", []Key{Down}, "0", "6"},
		{"down by lines", []Key{Down, Down, Down}, "2", "8"},
		{"up by a line", []Key{Down, Down, Down, Up}, "1", "7"},
		{"up at the top", []Key{Up, Up, Up}, "0", "6"},
		{"down by a page that repeats one line", []Key{PageDown, PageDown}, "6", "12"},
		{"down and up by a page", []Key{PageDown, PageDown, PageUp}, "0", "6"},
		{"to the end", []Key{Bottom}, "93", "99"},
		{"down at the end", []Key{Bottom, Down, PageDown}, "93", "99"},
		{"up from the end", []Key{Bottom, Down, Up}, "92", "98"},
		{"from the end to the top", []Key{Bottom, Top}, "0", "6"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var s Scroll
			var w *Frame
			for _, key := range c.keys {
				s.Press(key)
				w = s.Window(numbered(100), 10)
			}
			if w.Rows() != 10 || w.Lines[1].Text != "JOB" || w.Lines[2].Text != c.first || w.Lines[8].Text != c.last {
				t.Errorf("it shows %v", w.Lines)
			}
			if first, last := lineNumber(c.first), lineNumber(c.last); !strings.HasPrefix(w.Lines[9].Text, fmt.Sprintf("lines %d to %d of 100", first, last)) {
				t.Errorf("it says %s", w.Lines[9].Text)
			}
		})
	}
	var s Scroll
	s.Press(Down)
	if s.Press(Summary); s.Chosen {
		t.Error("the summary is not shown again")
	}
}

func lineNumber(text string) (n int) {
	_, _ = fmt.Sscan(text, &n)
	return n + 1
}

// TestWindowFits checks that windows fit any terminal, with lines that wrap, and that
// scrolling reaches every line.
func TestWindowFits(t *testing.T) {
	f := numbered(0)
	for i := range 20 {
		f.AddWhole(fmt.Sprintf("%d %s", i, strings.Repeat("x", 17*i)))
	}
	for rows := 8; rows < 40; rows++ {
		var s Scroll
		seen := map[string]bool{}
		s.Press(Top)
		for range 30 {
			w := s.Window(f, rows)
			if w.Rows() > rows {
				t.Errorf("%d: it takes %d", rows, w.Rows())
			}
			for _, l := range w.Lines {
				seen[strings.Fields(l.Text)[0]] = true
			}
			s.Press(Down)
		}
		for _, l := range f.Lines {
			if !seen[strings.Fields(l.Text)[0]] {
				t.Errorf("%d: %.20s is not reached", rows, l.Text)
			}
		}
	}
	for rows := range 8 {
		var s Scroll
		for _, key := range []Key{Down, PageDown, Bottom, PageUp, Up} {
			s.Press(key)
			s.Window(f, rows)
		}
	}
}
