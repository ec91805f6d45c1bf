package screen

import (
	"fmt"
	"math"
)

// Scroll is the user's position in a frame that is higher than the terminal. Its zero
// value means that the user has not scrolled.
type Scroll struct {
	// Chosen reports whether the user has scrolled.
	Chosen bool
	// top is the first visible line below the head, page the number of lines by which a
	// page key scrolls.
	top, page int
}

// Press performs the action of a key.
func (s *Scroll) Press(k Key) {
	was := s.Chosen
	s.Chosen = true
	switch k {
	case Up:
		s.top--
	case Down:
		if was {
			s.top++
		}
	case PageUp:
		s.top -= s.page
	case PageDown:
		if was {
			s.top += s.page
		}
	case Top:
		s.top = 0
	case Bottom:
		s.top = math.MaxInt
	default:
		*s = Scroll{}
	}
	s.top = max(s.top, 0)
}

// Window returns the visible part of a frame in the given number of rows. Its last line
// says which part it is.
func (s *Scroll) Window(f *Frame, rows int) *Frame {
	head := f.Head
	rows--
	if rows < 2*head {
		head = 0
	}
	w := &Frame{Width: f.Width, Now: f.Now, Lines: append([]Line{}, f.Lines[:head]...)}
	body, left := f.Lines[head:], max(rows-w.Rows(), 1)
	s.top = min(s.top, lastTop(body, f.Width, left))
	end := s.top
	for ; end < len(body) && left > 0; end++ {
		l := body[end]
		if l.rows(f.Width) > left {
			if end > s.top {
				break
			}
			l.Text = Cut(l.Text, left*f.Width)
		}
		w.Lines = append(w.Lines, l)
		left -= l.rows(f.Width)
	}
	s.page = max(end-s.top-1, 1)
	w.Add("lines %d to %d of %d: ↑ ↓ PgUp PgDn g G, s summary, q quit", s.top+1, end, len(body))
	return w
}

// lastTop returns the index of the first line from which the rest fits into the rows.
func lastTop(lines []Line, width, rows int) int {
	top := len(lines)
	for top > 0 && lines[top-1].rows(width) <= rows {
		top--
		rows -= lines[top].rows(width)
	}
	return min(top, max(len(lines)-1, 0))
}

// Hint says how to see all lines of a frame that leaves some out.
func Hint(all *Frame) string {
	return fmt.Sprintf("↓ shows all %d lines, q quits", len(all.Lines)-all.Head)
}
