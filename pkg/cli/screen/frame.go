package screen

import (
	"fmt"
	"strings"
	"time"

	"github.com/clipperhouse/displaywidth"
)

// Frame is the content of a screen at one moment, as lines without colours.
type Frame struct {
	Width int
	Now   time.Time
	Lines []Line
	// Head is the number of lines at the top that do not scroll.
	Head int
}

// Line is one line of a frame. Part of it may be coloured.
type Line struct {
	Text string
	// mark is the word to colour, at its first occurrence after from cells.
	mark, colour string
	from         int
}

// rows returns how many rows of a terminal a line takes.
func (l Line) rows(width int) int {
	rows, at := 1, 0
	if width <= 0 {
		return rows
	}
	for g := displaywidth.StringGraphemes(l.Text); g.Next(); {
		if at += g.Width(); at > width && at > g.Width() {
			rows, at = rows+1, g.Width()
		}
	}
	return rows
}

// Rows returns how many rows of a terminal the frame takes.
func (f *Frame) Rows() int {
	n := 0
	for _, l := range f.Lines {
		n += l.rows(f.Width)
	}
	return n
}

// Add adds a line that is cut to the width.
func (f *Frame) Add(format string, args ...any) {
	f.Lines = append(f.Lines, Line{Text: f.fit(fmt.Sprintf(format, args...))})
}

// AddWhole adds a line that may wrap. It is for text that is useless if cut.
func (f *Frame) AddWhole(text string) { f.Lines = append(f.Lines, Line{Text: text}) }

func (f *Frame) fit(text string) string {
	text = strings.TrimRight(text, " ")
	if f.Width == 0 {
		return text
	}
	return Cut(text, f.Width)
}

// Paint colours a word of the last line.
func (f *Frame) Paint(word string, from int, colour string) {
	l := &f.Lines[len(f.Lines)-1]
	l.mark, l.from, l.colour = word, from, colour
}

// Colours of a terminal (ECMA-48, select graphic rendition).
const (
	Red    = "31"
	Green  = "32"
	Yellow = "33"
	Faint  = "2"
)
