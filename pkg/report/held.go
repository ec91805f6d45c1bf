package report

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rehearsal-dev/rehearsal/pkg/legible"
)

// Held is what a job waits for.
type Held struct {
	// New is why the head must be approved for the job, as plain text; empty if it need not
	// be.
	New string
	// Asks are the privileges that somebody has to allow.
	Asks []Ask
}

// Shown is what a comment shows of the privileges that jobs request.
type Shown struct {
	// Head says that the comment names the head.
	Head bool
	// All says that the comment shows every request completely.
	All bool
	// Jobs are the keys of the jobs that the comment names beside all their requests, shown
	// completely.
	Jobs map[string]bool
}

const (
	// maxAsked is the maximum length of a value that is shown completely in a comment, in
	// characters.
	maxAsked = 2000
	// maxHeldRows is the maximum size of the rows on held jobs, in bytes, before fewer jobs
	// are named in each.
	maxHeldRows = MaxBody / 2
	// maxWaits is the maximum number of rows: no comment has room for more.
	maxWaits = 1000
)

// waiting counts the held jobs, as a clause.
func waiting(n int) string {
	if n == 1 {
		return "1 waits for approval"
	}
	return count(n) + " wait for approval"
}

// wait is one thing that jobs wait for, with these jobs.
type wait struct {
	Ask
	// fresh says that they wait for an approval of the head; Sentence says why.
	fresh bool
	jobs  []PlanJob
}

// waits lists what jobs wait for, each thing once, the most powerful privilege first and
// new jobs last.
func waits(held []PlanJob) []wait {
	var out []wait
	at := map[sameWait]int{}
	add := func(w wait, j PlanJob) {
		key := sameWait{w.Sentence, w.Value, w.fresh}
		i, ok := at[key]
		if !ok {
			i = len(out)
			at[key] = i
			out = append(out, w)
		}
		out[i].jobs = append(out[i].jobs, j)
	}
	for _, j := range held {
		for _, a := range j.Held.Asks {
			add(wait{Ask: a}, j)
		}
		if j.Held.New != "" {
			add(wait{Ask: Ask{Sentence: j.Held.New}, fresh: true}, j)
		}
	}
	slices.SortStableFunc(out, func(a, b wait) int {
		switch {
		case a.fresh != b.fresh && a.fresh:
			return 1
		case a.fresh != b.fresh:
			return -1
		}
		return a.Gravity - b.Gravity
	})
	return out
}

// sameWait is equal for equal requests.
type sameWait struct {
	sentence, value string
	fresh           bool
}

// asked renders a request, and returns whether it is complete. The value is shown exactly,
// and if something is left out, the text says so.
func (a Ask) asked() (s string, whole bool) {
	if a.Value == "" {
		return text(a.Sentence), true
	}
	value := legible.Name(a.Value, "")
	n := utf8.RuneCountInString(value)
	if n <= maxAsked {
		return text(a.Sentence) + ": " + codeSpanOf(value), true
	}
	return text(a.Sentence) + ": " + codeSpanOf(value[:maxAsked]) + " **and " + plural(n-maxAsked, "more character") + "**", false
}

// row shows what is waited for, with up to this number of job names.
func (w wait) row(names int) string {
	what, _ := w.asked()
	field := dash
	if w.Path != "" {
		field = code(legible.Clip(w.Path, maxName))
	}
	return row(what, field, w.names(names))
}

// names names the jobs, and counts those for which there is no room.
func (w wait) names(most int) string {
	var names []string
	for _, j := range w.jobs[:min(len(w.jobs), most)] {
		name := planName(j)
		if j.Repo != "" && len(w.jobs) <= maxExamples {
			name += " of " + target("", j.Repo, j.Branch)
		}
		names = append(names, name)
	}
	if left := len(w.jobs) - len(names); left > 0 {
		return plural(len(w.jobs), "job") + ": " + strings.Join(names, ", ") + " and " + count(left) + " more"
	}
	return strings.Join(names, ", ")
}

// namesFor returns how many jobs each row can name.
func namesFor(all []wait) int {
	for _, names := range []int{1 << 20, 100, 30, 10} {
		size := 0
		for _, w := range all[:min(len(all), maxWaits)] {
			size += len(w.row(names))
		}
		if size <= maxHeldRows {
			return names
		}
	}
	return maxExamples
}

// heldTable lists what jobs wait for; whole says that everything is shown.
func heldTable(v PlanView, held []PlanJob, all []wait, names int, whole bool) table {
	t := table{
		intro: heldTitle(v, held, whole), header: row("What they wait for", "Field", "Jobs") + "|---|---|---|\n",
		noun: "row", total: len(all), elsewhere: v.elsewhere(), keep: 2,
	}
	for _, w := range all[:min(len(all), maxWaits)] {
		t.rows = append(t.rows, w.row(names))
	}
	return t
}

// shownIn returns what a comment shows with this number of rows and of names in each.
func shownIn(held []PlanJob, all []wait, rows, names int) Shown {
	s := Shown{All: true, Jobs: map[string]bool{}}
	for _, j := range held {
		s.Jobs[j.Key] = len(j.Held.Asks) > 0
	}
	for i, w := range all {
		_, whole := w.asked()
		whole = whole && i < rows
		s.All = s.All && (whole || w.fresh)
		for n, j := range w.jobs {
			if !w.fresh && (!whole || n >= names || utf8.RuneCountInString(argument(j)) > maxName) {
				s.Jobs[j.Key] = false
			}
		}
	}
	return s
}

// heldTitle says what the held jobs have in common, and how to release them.
func heldTitle(v PlanView, held []PlanJob, whole bool) string {
	var asks, fresh bool
	for _, j := range held {
		asks = asks || len(j.Held.Asks) > 0
		fresh = fresh || j.Held.New != ""
	}
	s := "\n**Held until somebody other than the author allows them.**"
	named := code(v.Commands.For("privileges-allowed", short(v.Head)+" {job} {job} …"))
	switch {
	case asks && whole:
		s += " " + code(v.Commands.For("privileges-allowed", short(v.Head))) +
			" allows everything that they request beyond what the base branch grants, for this head only. " + named + " allows it for some jobs."
	case asks:
		s += " **Not everything that they request beyond what the base branch grants fits here**, so " + code(v.Commands.For("privileges-allowed", short(v.Head))) +
			" is not accepted. " + seeAll(v) + " " + named + " allows it for jobs that are named below with everything they request, for this head only."
	}
	if fresh {
		s += " New jobs can run after " + code(v.Commands.For("approve", short(v.Head))) + "."
	}
	return s + "\n"
}

// seeAll says where all requests of the jobs are shown.
func seeAll(v PlanView) string {
	affected, explain := code("rehearse affected"), code(v.Commands.line("explain {job}"))
	if l := link("The full list", v.Page); l != "" {
		return l + " and " + affected + " in a clone show all of it; " + explain + " shows it for one job."
	}
	return affected + " in a clone shows all of it; " + explain + " shows it for one job."
}

func (m medium) asks(asks []Ask) []string {
	var out []string
	for _, a := range asks {
		out = append(out, m.ask(a)+" ("+m.name(a.Path, maxName)+")")
	}
	return out
}

// held returns what a job waits for.
func (m medium) held(h *Held) []string {
	if h == nil {
		return nil
	}
	out := m.asks(h.Asks)
	if h.New != "" {
		out = append(out, m.words(h.New))
	}
	return out
}

// plain returns what a job waits for as plain text, for a page.
func (h Held) plain() string {
	var out []string
	if h.New != "" {
		out = append(out, h.New)
	}
	for _, a := range h.Asks {
		out = append(out, a.Sentence+": `"+strings.ReplaceAll(legible.Name(a.Value, ""), "`", `\x60`)+"`")
	}
	return legible.Clip("held: "+strings.Join(out, "; "), maxPageHeld)
}

// maxPageHeld is the maximum length of that text, in characters: the full text is further
// up on the page.
const maxPageHeld = 4000

// Waiting says how many jobs a run leaves out because they wait for approval.
func Waiting(n int) string {
	return upperFirst(plural(n, "affected job")) + " left out: " + waiting(n) + "; the comment with the affected jobs says what is needed."
}
