package report

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rehearsal-dev/rehearsal/pkg/legible"
)

// Held is what a job waits for.
type Held struct {
	// New is why the head has to be approved for it, as plain text; empty when it
	// need not.
	New string
	// Asks are the privileges that somebody has to allow.
	Asks []Ask
}

// Shown is what a comment shows of the privileges that jobs ask for.
type Shown struct {
	// Head says that it names the head.
	Head bool
	// All says that it shows everything, and everything whole.
	All bool
	// Jobs are the keys of the jobs that it names beside everything that they ask
	// for, and that whole.
	Jobs map[string]bool
}

const (
	// maxAsked is how long a value may be to be shown whole in a comment, in
	// characters.
	maxAsked = 2000
	// heldRoom is how long the rows of the jobs that wait may be, in bytes, before
	// fewer jobs are named in each.
	heldRoom = MaxBody / 2
	// maxWaits bounds the rows: no comment has room for more.
	maxWaits = 1000
)

// waiting is a number of jobs that wait, as a clause.
func waiting(n int) string {
	if n == 1 {
		return "1 waits for approval"
	}
	return count(n) + " wait for approval"
}

// wait is something that jobs wait for, and which.
type wait struct {
	Ask
	// fresh says that it is an approval of the head, as Sentence says.
	fresh bool
	jobs  []PlanJob
}

// waits are what jobs wait for, each once, the gravest first and new jobs last.
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

// sameWait is equal for what is asked for alike.
type sameWait struct {
	sentence, value string
	fresh           bool
}

// asked shows what is asked for, and says whether that is whole. A value is shown
// exactly, and nothing is left out of it without a word.
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

// row shows what is waited for, with the names of so many jobs.
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

// namesFor is how many jobs each row can name.
func namesFor(all []wait) int {
	for _, names := range []int{1 << 20, 100, 30, 10} {
		size := 0
		for _, w := range all[:min(len(all), maxWaits)] {
			size += len(w.row(names))
		}
		if size <= heldRoom {
			return names
		}
	}
	return maxExamples
}

// heldTable lists what jobs wait for; whole says that all of it is shown.
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

// shown is what a comment shows that has so many of the rows, with so many names
// in each.
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

// heldTitle says what the jobs that wait have in common, and what lets them run.
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

// seeAll says where all that jobs ask for can be seen.
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

// held is what a job waits for.
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

// plain is what a job waits for as plain text, for a page.
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

// maxPageHeld bounds that, in characters: all of it stands above.
const maxPageHeld = 4000

// Waiting says that a run leaves jobs out because they wait for approval.
func Waiting(n int) string {
	return upperFirst(plural(n, "affected job")) + " left out: " + waiting(n) + "; the comment with the affected jobs says what is needed."
}
