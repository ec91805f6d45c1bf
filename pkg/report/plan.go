package report

import (
	"slices"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/legible"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// PlanView says which jobs a pull request affects, or why that is unknown.
type PlanView struct {
	Org, Repo           string
	Head, Base, BaseRef string
	// Number is the number of the pull request.
	Number int
	// Total counts all jobs after the merge.
	Total int
	// Jobs are the affected jobs, sorted.
	Jobs []PlanJob
	// Removed are the jobs that the pull request removes.
	Removed []PlanJob
	// Coverage is the coverage of the jobs that the bare prefix runs; nil if it runs all
	// offered jobs.
	Coverage *run.Coverage
	// Warnings are plain text.
	Warnings []string
	// Unread are files whose jobs are missing from the result.
	Unread []FileProblem
	// Problem is why there is no plan, or only part of one.
	Problem *Problem
	// Acknowledgement says who acknowledged the pull request, NetworkAccess who allowed its
	// rehearsals to use the network; nil if nobody ever did.
	Acknowledgement, NetworkAccess *Acknowledgement
	// HeadApproval says who approved the head, PrivilegeApproval who allowed the requests
	// of its jobs; nil if nobody did.
	HeadApproval, PrivilegeApproval *Approval
	// NotTrusted is the author whose head waits for an approval; empty if it does not.
	NotTrusted string
	// Untrusted is the label that keeps everything from running; empty if the pull request
	// does not have it.
	Untrusted string
	// OtherBase says that the pull request is for a branch that the settings do not list.
	OtherBase bool
	// StatusContext is the context of the commit status on which merging can depend; empty
	// if there is none.
	StatusContext string
	// Page is the URL of the page with the full list; empty if there is none.
	Page string
	// Commands describes the commands.
	Commands Commands
	// Marker is PlanMarker unless set: the same table can answer a command.
	Marker string
}

// PlanJob is one affected job.
type PlanJob struct {
	Name, Type, Repo, Branch string
	// Key identifies the job.
	Key string
	// Argument is the argument of the command that runs the job.
	Argument string
	// Change is the kind of change.
	Change  string
	Reasons []Reason
	// Excluded is the rule that keeps it from being offered, as plain text.
	Excluded string
	// Held is what it waits for; nil if it is not held.
	Held *Held
}

const (
	// maxRows is the maximum number of job rows without a page that has all of them,
	// fewRows with one.
	maxRows    = 150
	fewRows    = 35
	maxRemoved = 30
)

// Plan renders the comment that lists the affected jobs.
func Plan(v PlanView) string {
	body, _ := PlanShown(v)
	return body
}

// PlanShown does the same, and returns what the comment shows of the privileges that jobs
// request.
func PlanShown(v PlanView) (string, Shown) {
	mark := v.Marker
	if mark == "" {
		mark = PlanMarker()
	}
	offered, held, excluded := split(v.Jobs)
	all := waits(held)
	names := namesFor(all)
	before := append(offeredTables(v, offered), table{})
	d := document{
		head:   planHead(v, offered, held, excluded),
		tables: append(before, excludedTables(v, excluded)...),
		tail:   planTail(v) + usageBlock(v) + "\n", marker: mark + "\n",
	}
	at := len(before) - 1
	d.tables[at] = heldTable(v, held, all, names, true)
	r := d.cut()
	s := shownIn(held, all, r.rows[at], names)
	if !s.All {
		// This statement takes room as well.
		d.tables[at] = heldTable(v, held, all, names, false)
		r = d.cut()
		s = Shown{Jobs: shownIn(held, all, r.rows[at], names).Jobs}
	}
	if !d.fits(r) {
		return d.shown(r), Shown{}
	}
	s.Head = v.Head != ""
	return d.shown(r), s
}

// split returns the jobs that can be rehearsed, those that are held, and those that are not
// offered.
func split(jobs []PlanJob) (offered, held, excluded []PlanJob) {
	for _, j := range jobs {
		switch {
		case j.Held != nil:
			held = append(held, j)
		case j.Excluded == "":
			offered = append(offered, j)
		default:
			excluded = append(excluded, j)
		}
	}
	return offered, held, excluded
}

func offeredTables(v PlanView, offered []PlanJob) []table {
	groups, rest := group(offered, cause)
	many := table{noun: "cause", total: len(groups), elsewhere: v.elsewhere(), keep: 1}
	for _, g := range groups {
		many.rows = append(many.rows, "- "+g.title()+": "+g.cause()+". "+g.examples()+"\n")
	}
	few := table{
		header: row("Job", "Repository and branch", "Type", "What changes") + "|---|---|---|---|\n",
		noun:   "affected job", total: len(rest), elsewhere: v.elsewhere(),
	}
	if len(groups) > 0 && len(rest) > 0 {
		few.intro = "\n**" + plural(len(rest), "more job") + ":**\n"
	}
	for _, j := range rest[:min(len(rest), v.rows())] {
		few.rows = append(few.rows, row(planName(j), target(dash, j.Repo, j.Branch), text(j.Type), what(j)))
	}
	return []table{many, few}
}

func excludedTables(v PlanView, excluded []PlanJob) []table {
	const title = "\n**Affected, but not offered:**\n"
	groups, rest := group(excluded, func(j PlanJob) string { return j.Excluded })
	many := table{intro: title, noun: "rule", total: len(groups), elsewhere: v.elsewhere(), keep: 1}
	for _, g := range groups {
		many.rows = append(many.rows, "- "+g.title()+": "+text(legible.Clip(g.jobs[0].Excluded, maxDetail))+". "+g.examples()+"\n")
	}
	few := table{
		header: row("Job", "Repository and branch", "Type", "What changes", "Why not") + "|---|---|---|---|---|\n",
		noun:   "such job", total: len(rest), elsewhere: v.elsewhere(),
	}
	if len(groups) == 0 {
		few.intro = title
	}
	for _, j := range rest[:min(len(rest), v.rows())] {
		few.rows = append(few.rows, row(planName(j), target(dash, j.Repo, j.Branch), text(j.Type), what(j), text(legible.Clip(j.Excluded, maxName))))
	}
	return []table{many, few}
}

// rows is the maximum number of job rows in the comment.
func (v PlanView) rows() int {
	if v.Page == "" {
		return maxRows
	}
	return fewRows
}

// elsewhere says where to find what the comment has no room for.
func (v PlanView) elsewhere() string {
	if l := link("the full list", v.Page); l != "" {
		return "; " + l + " has them"
	}
	return "; " + code("rehearse affected") + " in a clone lists them"
}

// argument returns the argument of the command that runs the job.
func argument(j PlanJob) string {
	if j.Argument != "" {
		return j.Argument
	}
	return j.Name
}

func planName(j PlanJob) string { return code(legible.Clip(argument(j), maxName)) }

func planHead(v PlanView, offered, held, excluded []PlanJob) string {
	var b strings.Builder
	if v.Problem != nil {
		b.WriteString(problemHead(v))
	} else {
		icon, verdict, rest := planHeadline(v, offered, held, excluded)
		b.WriteString(icon + " **" + verdict + "**" + rest + ".\n")
	}
	b.WriteString(acknowledgement(v) + networkAccess(v) + approvals(v))
	if v.Untrusted != "" {
		b.WriteString("\n🔒 " + text(NeedsOkToTest(v.Untrusted)) + "\n")
	}
	if v.OtherBase {
		b.WriteString("\n🔒 " + text(OtherBase(v.BaseRef, v.Org+"/"+v.Repo)) + "\n")
	}
	if v.Problem == nil && len(offered) > 0 && v.Untrusted == "" && v.NotTrusted == "" && !v.OtherBase {
		b.WriteString("\n" + invitation(v, len(offered)) + "\n")
	}
	if l := link("the full list", v.Page); l != "" && len(v.Jobs) > 0 {
		b.WriteString("\nEvery job with all its reasons is on " + l + ".\n")
	}
	return b.String()
}

// planHeadline summarises the plan in plain text: an icon, the main clause, and the rest of
// the sentence without its full stop.
func planHeadline(v PlanView, offered, held, excluded []PlanJob) (icon, verdict, rest string) {
	switch {
	case len(v.Jobs) == 0:
		icon, verdict, rest = "✅", "This pull request affects no jobs", ": all "+count(v.Total)+" stay as they are"
	case len(offered) == 0 && len(held) > 0:
		icon, verdict, rest = "🔒", "Nothing can be rehearsed yet", ": "+waiting(len(held))+", of "+plural(len(v.Jobs), "affected job")
	case len(offered) == 0:
		icon, verdict, rest = "✅", "There is nothing to rehearse", ": "+plural(len(excluded), "job")+" affected, none of them offered"
	default:
		icon, verdict, rest = "🔎", "This pull request affects "+plural(len(v.Jobs), "job"), " of "+count(v.Total)
		if len(excluded)+len(held) > 0 {
			rest += ", " + count(len(offered)) + " of which can be rehearsed"
		}
		if len(held) > 0 {
			rest += "; " + waiting(len(held))
		}
	}
	if n := len(v.Removed); n > 0 {
		rest += "; " + plural(n, "job") + " removed"
	}
	return icon, verdict, rest
}

// invitation says how to run some of the offered jobs.
func invitation(v PlanView, offered int) string {
	c := v.Commands
	limit := c.Limits[event.Sample]
	bare := "Comment " + code(c.line("")) + " to run "
	switch {
	case offered == 1:
		return bare + "it before the merge."
	case limit > 0 && offered <= limit:
		return bare + "all " + count(offered) + " before the merge."
	}
	some := "some"
	if limit > 0 {
		some = count(limit)
	}
	s := bare + some + " of them before the merge, or " + code(c.line("{job} {job} …")) + " to choose."
	if v.Coverage != nil {
		s += " " + text(coverage("The sample", v.Coverage))
	}
	return s
}

func planTail(v PlanView) string {
	var b strings.Builder
	b.WriteString(removedLine(v.Removed))
	var unread, warnings []string
	for _, f := range v.Unread {
		unread = append(unread, code(f.place())+": "+text(legible.Clip(f.Message, maxDetail)))
	}
	for _, w := range v.Warnings {
		warnings = append(warnings, text(legible.Clip(w, maxDetail)))
	}
	b.WriteString(list("Files that could not be read; their jobs are missing here", "file", unread))
	b.WriteString(list("Warnings", "warning", warnings))
	if v.Head != "" {
		how := " merged into "
		if v.Problem != nil {
			how = " on "
		}
		b.WriteString("\n<sub>For " + revisions(v.Head, how, v.BaseRef, v.Base) + "." + statusNote(v.StatusContext) + "</sub>\n")
	}
	return b.String()
}

func statusNote(context string) string {
	if context == "" {
		return ""
	}
	return " The commit status " + code(legible.Clip(context, maxName)) + " says whether the pull request is acknowledged."
}

func removedLine(removed []PlanJob) string {
	if len(removed) == 0 {
		return ""
	}
	var names []string
	for _, j := range removed[:min(len(removed), maxRemoved)] {
		names = append(names, code(legible.Clip(j.Name, maxName)))
	}
	if left := len(removed) - len(names); left > 0 {
		names = append(names, "and "+count(left)+" more")
	}
	return "\nRemoved: " + strings.Join(names, ", ") + "\n"
}

// maxList is the maximum size of a list without its last line, in bytes.
const maxList = 25_000

// list renders a list of Markdown lines, limited in length. The empty line keeps a title
// from becoming a heading.
func list(title, noun string, items []string) string {
	items = slices.DeleteFunc(items, func(s string) bool { return s == "" })
	if len(items) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("\n")
	if title != "" {
		b.WriteString(title + ":\n\n")
	}
	for i, item := range items {
		if i == maxNotes || b.Len() > maxList {
			b.WriteString("- … and " + plural(len(items)-i, "more "+noun) + ".\n")
			break
		}
		b.WriteString("- " + item + "\n")
	}
	return b.String()
}

func usageBlock(v PlanView) string {
	return "\n<details><summary>Commands</summary>\n\n" + v.Commands.usage() + "\n\n" + v.Commands.who(v.Org, v.Repo) + "\n\n</details>\n"
}
