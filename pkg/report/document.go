package report

import (
	"fmt"
	"strings"
)

// MaxBody bounds a comment, in bytes: GitHub refuses more than 65,536
// characters, and others append to what they quote.
const MaxBody = 60_000

// document is a comment whose parts can be cut to fit.
type document struct {
	head     string
	tables   []table
	sections []section
	// leftOut is said when sections that speak of n jobs are cut.
	leftOut func(n int) string
	tail    string
	// marker ends it.
	marker string
}

// table is a list of rows that can be cut at its end.
type table struct {
	intro  string
	header string
	rows   []string
	// total counts the rows with those that were not even made.
	total int
	// noun is what a row stands for; elsewhere is where those are that are cut.
	noun      string
	elsewhere string
	// keep is how long rows stay, 0 to 2: those that stand for many things go after
	// others, and those that people rest a decision on at last.
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

// section is what a comment says of one job, or of several, below the tables.
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

// room is how much of a document is shown.
type room struct {
	rows     []int // of each table
	sections int
	lines    int // of each section
}

// render is the document, cut where that must be.
func (d document) render() string { return d.shown(d.cut()) }

// shown is as much of a document as there is room for. Where what cannot be cut is
// too long, whoever wrote that wants it to be; GitHub would take nothing of it.
func (d document) shown(r room) string {
	if s := d.assemble(r); len(s) <= MaxBody {
		return s
	}
	return "⚠️ **This does not fit into a comment**: names or messages are too long.\n\n" + d.marker
}

// cut cuts the excerpts first, then the sections, then the rows, those of the last
// table before those of the first, and those to keep at last.
func (d document) cut() room {
	r := room{sections: len(d.sections)}
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

func (d document) fits(r room) bool { return len(d.assemble(r)) <= MaxBody }

// shrink lowers one number of r, which n points to, to the largest that fits.
func (d document) shrink(r *room, n *int) {
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

func (d document) assemble(r room) string {
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
