package cluster

import (
	"fmt"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/cli/screen"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
	"github.com/rehearsal-dev/rehearsal/pkg/terminal"
)

// detail is how much of a run is shown, from everything to the least.
type detail int

const (
	everything detail = iota
	// badLinks leaves out the log links of jobs that have not ended badly.
	badLinks
	noLinks
	// noPassed leaves out the jobs that passed.
	noPassed
	// onlyBad leaves out all jobs that have not ended badly.
	onlyBad
	onlyCounts
)

// runFrame shows runs with as much detail as fits the height; a height of 0 has no limit.
func runFrame(runs []runView, blind string, width, height int, now time.Time) *screen.Frame {
	for d := everything; ; d++ {
		f := &screen.Frame{Width: width, Now: now}
		for i, r := range runs {
			if i > 0 {
				f.Add("")
			}
			addRun(f, r, d)
		}
		if blind != "" && d < onlyCounts {
			f.AddWhole(blind)
		}
		if len(runs) > 1 {
			f.Head = 0
		}
		if height <= 0 || f.Rows() <= height || d == onlyCounts {
			return f
		}
	}
}

func addRun(f *screen.Frame, r runView, d detail) {
	asked := ""
	if r.command != "" {
		asked = ": " + terminal.Plain(r.command)
	}
	f.Add("%s at %.10s, run %s of %s%s", nameOf(r.pull), r.Head, r.ID, terminal.Plain(r.By), asked)
	state := r.state()
	if lasted := r.lasted(f.Now); lasted > 0 {
		state += " (" + span(lasted) + ")"
	}
	f.AddWhole(state)
	f.Paint(string(r.State), 0, stateColour(r.State))
	if len(r.jobs) > 0 && d < onlyCounts {
		f.Add("")
		addJobs(f, r.jobs, d)
	}
}

// leastName is the minimum width of the column with the names of jobs, in cells.
const leastName = 12

// jobLayout has the widths of the columns of a table of jobs, in cells.
type jobLayout struct {
	name, state, time int
	// beside says that links are in the row, not below it.
	beside bool
}

func layoutOf(f *screen.Frame, jobs []jobView) jobLayout {
	l := jobLayout{name: len("JOB"), state: len("STATE"), time: len("TIME")}
	link := 0
	for _, j := range jobs {
		l.name = max(l.name, screen.Cells(terminal.Plain(j.DisplayName)))
		l.state = max(l.state, len(j.word()))
		l.time = max(l.time, len(span(j.lasted(f.Now))))
		link = max(link, screen.Cells(j.URL))
	}
	rest := l.state + l.time + 2*screen.Gap
	l.beside = link > 0 && (f.Width == 0 || l.name+rest+screen.Gap+link <= f.Width)
	if f.Width > 0 {
		l.name = max(min(l.name, f.Width-rest), leastName)
	}
	return l
}

func addJobs(f *screen.Frame, jobs []jobView, d detail) {
	l := layoutOf(f, jobs)
	head := fmt.Sprintf("%s  %-*s  %-*s", screen.Pad("JOB", l.name), l.state, "STATE", l.time, "TIME")
	if l.beside && d < noLinks {
		head += "  LOG"
	}
	f.Add("%s", head)
	if f.Head == 0 {
		f.Head = len(f.Lines)
	}
	passed, others := 0, 0
	for _, j := range jobs {
		switch {
		case d >= noPassed && j.Verdict == run.Passed:
			passed++
		case d >= onlyBad && !j.Verdict.Bad():
			others++
		default:
			addJob(f, j, l, d)
		}
	}
	if passed+others > 0 {
		f.Add("… and %s", leftOut(passed, others))
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

func addJob(f *screen.Frame, j jobView, l jobLayout, d detail) {
	name := screen.Middle(terminal.Plain(j.DisplayName), l.name)
	text := fmt.Sprintf("%s  %-*s  %*s", screen.Pad(name, l.name), l.state, j.word(), l.time, span(j.lasted(f.Now)))
	link := j.URL != "" && (d < badLinks || d < noLinks && j.Verdict.Bad())
	if link && l.beside {
		text += "  " + terminal.Plain(j.URL)
	}
	f.Add("%s", text)
	f.Paint(j.word(), l.name, verdictColour(j))
	if j.Detail != "" && j.Verdict.Bad() && d < noLinks {
		f.AddWhole("  " + terminal.Plain(j.Detail))
	}
	if link && !l.beside {
		f.AddWhole("  " + terminal.Plain(j.URL))
	}
}

func stateColour(s v1alpha1.RunState) string {
	switch s {
	case v1alpha1.RunPassed:
		return screen.Green
	case v1alpha1.RunFailed, v1alpha1.RunRejected, v1alpha1.RunAborted:
		return screen.Red
	}
	return screen.Yellow
}

func verdictColour(j jobView) string {
	switch {
	case !j.known, j.Verdict == run.Queued, j.Verdict == run.NotStarted:
		return screen.Faint
	case j.Verdict == run.Passed:
		return screen.Green
	case j.Verdict == run.Running:
		return screen.Yellow
	}
	return screen.Red
}
