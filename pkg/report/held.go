package report

import "strings"

// Held is what a job waits for.
type Held struct {
	// New is why the head has to be approved for it, as plain text; empty when it
	// need not.
	New string
	// Asks are the privileges that somebody has to allow.
	Asks []Ask
}

// Ask is a privilege that a job asks for beyond what base grants it. All of it may
// come from the pull request.
type Ask struct {
	// Sentence is what it is, as the rest of a sentence about the job, Path the
	// field of the ProwJob that asks for it, and Value what it asks for.
	Sentence, Path, Value string
}

const (
	// maxAsks bounds what is shown of what one job asks for in a comment, maxAsked
	// the length of a value there.
	maxAsks  = 8
	maxAsked = 120
)

// waiting is a number of jobs that wait, as a clause.
func waiting(n int) string {
	if n == 1 {
		return "1 waits for somebody's word"
	}
	return count(n) + " wait for somebody's word"
}

// heldTables lists the jobs that wait, with exactly what they ask for.
func heldTables(v PlanView, held []PlanJob) []table {
	groups, rest := group(held, func(j PlanJob) string { return strings.Join(j.Held.items(maxAsks), "\x00") })
	title := heldTitle(v, held)
	many := table{intro: title, noun: "kind of them", total: len(groups), elsewhere: v.elsewhere(), keep: true}
	for _, g := range groups {
		many.rows = append(many.rows, "- "+g.title()+": "+strings.Join(g.jobs[0].Held.items(maxAsks), "; ")+". "+g.examples()+"\n")
	}
	few := table{
		header: row("Job", "Repository and branch", "Type", "What it waits for") + "|---|---|---|---|\n",
		noun:   "such job", total: len(rest), elsewhere: v.elsewhere(), keep: true,
	}
	if len(groups) == 0 {
		few.intro = title
	}
	for _, j := range rest[:min(len(rest), v.rows())] {
		few.rows = append(few.rows, row(planName(j), target(dash, j.Repo, j.Branch), text(j.Type), strings.Join(j.Held.items(maxAsks), "; ")))
	}
	return []table{many, few}
}

// heldTitle says what the jobs that wait have in common, and what lets them run.
func heldTitle(v PlanView, held []PlanJob) string {
	var asks, fresh bool
	for _, j := range held {
		asks = asks || len(j.Held.Asks) > 0
		fresh = fresh || j.Held.New != ""
	}
	s := "\n**Held: not run before somebody else than the author says so.**"
	if asks {
		s += " What a job asks for and base does not grant it, " + code(v.Commands.For("privileges-allowed", short(v.Head))) +
			" allows: all of it at once, for this head alone."
	}
	if fresh {
		s += " New jobs may run after " + code(v.Commands.For("approve", short(v.Head))) + "."
	}
	return s + "\n"
}

// items are safe pieces of Markdown, at most so many of them.
func (h Held) items(most int) []string {
	var out []string
	if h.New != "" {
		out = append(out, text(clip(h.New, maxDetail)))
	}
	for i, a := range h.Asks {
		if i == most {
			out = append(out, "and "+count(len(h.Asks)-i)+" more")
			break
		}
		out = append(out, text(a.Sentence)+": "+code(clip(a.Value, maxAsked))+" ("+code(clip(a.Path, maxAsked))+")")
	}
	return out
}

// heldList is the same as a list below another item, for the explanation of a job.
func heldList(h *Held) string {
	if h == nil {
		return ""
	}
	var b strings.Builder
	for _, item := range h.items(maxReasonList) {
		b.WriteString("  - " + item + "\n")
	}
	return b.String()
}

// plain is what a job waits for as plain text, for a page.
func (h Held) plain() string {
	var out []string
	if h.New != "" {
		out = append(out, h.New)
	}
	for _, a := range h.Asks {
		out = append(out, a.Sentence+": "+a.Value+" ("+a.Path+")")
	}
	return clip("held: "+strings.Join(out, "; "), maxPageHeld)
}

// maxPageHeld bounds that, in characters.
const maxPageHeld = 4000

// Waiting says that a run leaves jobs out because they wait for somebody's word.
func Waiting(n int) string {
	return upperFirst(plural(n, "affected job")) + " left out: " + waiting(n) + ", and the comment on the affected jobs says for what."
}
