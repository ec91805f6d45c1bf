package report

import (
	"fmt"
	"strings"
)

// MaxBody is the maximum size of a comment in bytes: GitHub refuses more than 65,536
// characters, and people append to what they quote.
const MaxBody = 60_000

// document is a comment with parts that can be cut to make it fit.
type document struct {
	head     string
	tables   []table
	sections []section
	// leftOut returns the sentence that replaces sections about n jobs.
	leftOut func(n int) string
	tail    string
	// marker is the last line.
	marker string
}

// table has rows that can be cut off at the end.
type table struct {
	intro  string
	header string
	rows   []string
	// total is the number of rows, including those that were not rendered.
	total int
	// noun is what a row describes; elsewhere says where to find the rows that were cut.
	noun      string
	elsewhere string
	// keep says how long rows are kept, from 0 to 2: rows that describe many things are cut
	// later than others, and rows on which people base a decision last.
	keep int
}

func (t table) render(rows int) string {
	if len(t.rows) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString(t.intro)
	if rows > 0 {
		b.WriteString("\n" + t.header + strings.Join(t.rows[:rows], ""))
	}
	if left := t.total - rows; left > 0 {
		fmt.Fprintf(&b, "\n… and %s not shown here%s.\n", plural(left, "more "+t.noun), t.elsewhere)
	}
	return b.String()
}

// section is the text on one or several jobs below the tables.
type section struct {
	title string
	lines []string
	jobs  int
}

func (s section) render(maxLines int) string {
	lines := s.lines
	if len(lines) > maxLines {
		lines = lines[len(lines)-maxLines:]
	}
	if len(lines) == 0 {
		return s.title
	}
	return s.title + "\n" + block(lines)
}

// extent is how much of a document is shown.
type extent struct {
	rows     []int // of each table
	sections int
	lines    int // of each section
}

// render returns the document, cut if necessary.
func (d document) render() string { return d.shown(d.cut()) }

// shown returns the part of a document that room allows. If even the parts that cannot be
// cut are too long, somebody made them so on purpose; GitHub would refuse the comment, so
// it is replaced.
func (d document) shown(r extent) string {
	if s := d.assemble(r); len(s) <= MaxBody {
		return s
	}
	return "⚠️ **This does not fit into a comment**: names or messages are too long.\n\n" + d.marker
}

// cut shortens the excerpts first, then drops sections, then rows. Rows of the last table
// go first, and rows to keep go last.
func (d document) cut() extent {
	r := extent{sections: len(d.sections)}
	for _, t := range d.tables {
		r.rows = append(r.rows, len(t.rows))
	}
	for _, lines := range []int{1 << 10, 12, 6, 3, 0} {
		r.lines = lines
		if d.fits(r) {
			return r
		}
	}
	d.shrink(&r, &r.sections)
	for keep := range 3 {
		for i := len(r.rows) - 1; i >= 0 && !d.fits(r); i-- {
			if d.tables[i].keep == keep {
				d.shrink(&r, &r.rows[i])
			}
		}
	}
	return r
}

func (d document) fits(r extent) bool { return len(d.assemble(r)) <= MaxBody }

// shrink reduces one number in r, to which n points, to the largest that fits.
func (d document) shrink(r *extent, n *int) {
	low, high := 0, *n
	for low < high {
		*n = (low + high + 1) / 2
		if d.fits(*r) {
			low = *n
		} else {
			high = *n - 1
		}
	}
	*n = low
}

func (d document) assemble(r extent) string {
	var b strings.Builder
	b.WriteString(d.head)
	for i, t := range d.tables {
		b.WriteString(t.render(r.rows[i]))
	}
	cut := false
	for _, s := range d.sections[:r.sections] {
		b.WriteString(s.render(r.lines))
		cut = cut || r.lines == 0 && len(s.lines) > 0
	}
	left := 0
	for _, s := range d.sections[r.sections:] {
		left += s.jobs
	}
	if left > 0 {
		b.WriteString("\n" + d.leftOut(left) + "\n")
	} else if cut {
		b.WriteString("\nThe log excerpts do not fit here; follow the links.\n")
	}
	b.WriteString(d.tail + d.marker)
	return b.String()
}
