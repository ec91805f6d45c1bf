package main

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
	"github.com/rehearsal-dev/rehearsal/pkg/terminal"
)

// frame is what a screen shows at one moment, as lines without colours.
type frame struct {
	width int
	now   time.Time
	lines []line
}

// line is one of them. A part of it may be coloured.
type line struct {
	text string
	// mark is the first place of this word after from that is coloured.
	mark, colour string
	from         int
}

// rows is how many rows of a terminal a line takes.
func (l line) rows(width int) int {
	n := utf8.RuneCountInString(l.text)
	if width <= 0 || n == 0 {
		return 1
	}
	return (n + width - 1) / width
}

func (f *frame) rows() int {
	n := 0
	for _, l := range f.lines {
		n += l.rows(f.width)
	}
	return n
}

// add adds a line that does not wrap.
func (f *frame) add(format string, args ...any) {
	f.lines = append(f.lines, line{text: f.fit(fmt.Sprintf(format, args...))})
}

// addWhole adds a line that may wrap, because half of it is worth nothing.
func (f *frame) addWhole(text string) { f.lines = append(f.lines, line{text: text}) }

func (f *frame) fit(text string) string {
	text = strings.TrimRight(text, " ")
	if f.width == 0 {
		return text
	}
	return cut(text, f.width)
}

// detail is how much of a run is shown; more of it takes more room.
type detail int

const (
	everything detail = iota
	// badLinks leaves out the links to logs of jobs that are well.
	badLinks
	noLinks
	// noPassed leaves out jobs that have passed.
	noPassed
	// onlyBad leaves out all that have not ended badly.
	onlyBad
	onlyCounts
)

// runFrame shows runs with as much detail as there is room for; no height means
// any.
func runFrame(runs []runView, blind string, width, height int, now time.Time) *frame {
	for d := everything; ; d++ {
		f := &frame{width: width, now: now}
		for i, r := range runs {
			if i > 0 {
				f.add("")
			}
			f.addRun(r, d)
		}
		if blind != "" && d < onlyCounts {
			f.addWhole(blind)
		}
		if height <= 0 || f.rows() <= height || d == onlyCounts {
			return f
		}
	}
}

func (f *frame) addRun(r runView, d detail) {
	asked := ""
	if r.command != "" {
		asked = ": " + terminal.Plain(r.command)
	}
	f.add("%s at %.10s, run %s of %s%s", nameOf(r.pull), r.Head, r.ID, terminal.Plain(r.By), asked)
	state := r.state()
	if lasted := r.lasted(f.now); lasted > 0 {
		state += " (" + span(lasted) + ")"
	}
	f.addWhole(state)
	f.paint(string(r.State), 0, stateColour(r.State))
	if len(r.jobs) > 0 && d < onlyCounts {
		f.add("")
		f.addJobs(r.jobs, d)
	}
}

// paint colours a word of the last line.
func (f *frame) paint(word string, from int, colour string) {
	l := &f.lines[len(f.lines)-1]
	l.mark, l.from, l.colour = word, from, colour
}

// leastName is the narrowest column for the names of jobs, in characters.
const leastName = 12

// jobLayout are the widths of the columns of jobs.
type jobLayout struct {
	name, state, time int
	// beside says that links stand in the row, not below it.
	beside bool
}

func (f *frame) layout(jobs []jobView) jobLayout {
	l := jobLayout{name: len("JOB"), state: len("STATE"), time: len("TIME")}
	link := 0
	for _, j := range jobs {
		l.name = max(l.name, utf8.RuneCountInString(terminal.Plain(j.DisplayName)))
		l.state = max(l.state, len(j.word()))
		l.time = max(l.time, len(span(j.lasted(f.now))))
		link = max(link, utf8.RuneCountInString(j.URL))
	}
	rest := l.state + l.time + 2*gap
	l.beside = link > 0 && (f.width == 0 || l.name+rest+gap+link <= f.width)
	if f.width > 0 {
		l.name = max(min(l.name, f.width-rest), leastName)
	}
	return l
}

func (f *frame) addJobs(jobs []jobView, d detail) {
	l := f.layout(jobs)
	head := fmt.Sprintf("%-*s  %-*s  %-*s", l.name, "JOB", l.state, "STATE", l.time, "TIME")
	if l.beside && d < noLinks {
		head += "  LOG"
	}
	f.add("%s", head)
	passed, others := 0, 0
	for _, j := range jobs {
		switch {
		case d >= noPassed && j.Verdict == run.Passed:
			passed++
		case d >= onlyBad && !j.Verdict.Bad():
			others++
		default:
			f.addJob(j, l, d)
		}
	}
	if passed+others > 0 {
		f.add("… and %s", leftOut(passed, others))
	}
}

func leftOut(passed, others int) string {
	switch {
	case others == 0:
		return fmt.Sprintf("%d that passed", passed)
	case passed == 0:
		return fmt.Sprintf("%d more", others)
	}
	return fmt.Sprintf("%d that passed, %d more", passed, others)
}

func (f *frame) addJob(j jobView, l jobLayout, d detail) {
	name := middle(terminal.Plain(j.DisplayName), l.name)
	text := fmt.Sprintf("%-*s  %-*s  %*s", l.name, name, l.state, j.word(), l.time, span(j.lasted(f.now)))
	link := j.URL != "" && (d < badLinks || d < noLinks && j.Verdict.Bad())
	if link && l.beside {
		text += "  " + terminal.Plain(j.URL)
	}
	f.add("%s", text)
	f.paint(j.word(), l.name, verdictColour(j))
	if j.Detail != "" && j.Verdict.Bad() && d < noLinks {
		f.addWhole("  " + terminal.Plain(j.Detail))
	}
	if link && !l.beside {
		f.addWhole("  " + terminal.Plain(j.URL))
	}
}

// middle shortens a name to a number of characters where names differ least.
func middle(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	left := (n - 1) / 2
	return string(r[:left]) + "…" + string(r[len(r)-(n-1-left):])
}

// The colours of a terminal (ECMA-48, select graphic rendition).
const (
	red    = "31"
	green  = "32"
	yellow = "33"
	faint  = "2"
)

func stateColour(s v1alpha1.RunState) string {
	switch s {
	case v1alpha1.RunPassed:
		return green
	case v1alpha1.RunFailed, v1alpha1.RunRejected, v1alpha1.RunAborted:
		return red
	}
	return yellow
}

func verdictColour(j jobView) string {
	switch {
	case !j.known, j.Verdict == run.Queued, j.Verdict == run.NotStarted:
		return faint
	case j.Verdict == run.Passed:
		return green
	case j.Verdict == run.Running:
		return yellow
	}
	return red
}
