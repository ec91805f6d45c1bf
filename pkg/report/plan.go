package report

import (
	"fmt"
	"strconv"
	"strings"
)

// PlanView is which jobs a pull request affects, or why that is not known.
type PlanView struct {
	Org, Repo           string
	Head, Base, BaseRef string
	// Total counts all jobs after the merge.
	Total int
	// Jobs are the affected jobs, sorted.
	Jobs []PlanJob
	// Removed are the jobs that the pull request removes.
	Removed []PlanJob
	// Warnings are plain text.
	Warnings []string
	// Unread are files whose jobs are missing from the answer.
	Unread []FileProblem
	// Problem is why there is no plan, or only part of one.
	Problem *Problem
	// Commands is what to tell about commands.
	Commands Commands
	// Marker is PlanMarker unless set: the same table can answer a command.
	Marker string
}

// PlanJob is one affected job.
type PlanJob struct {
	Name, Type, Repo, Branch string
	// Argument is what to write behind /pj-rehearse to run it.
	Argument string
	// Change is the kind of change.
	Change  string
	Reasons []Reason
	// Excluded is the rule that keeps it from being offered, as plain text.
	Excluded string
}

// Reason is one cause for a job to be affected.
type Reason struct {
	File, Path, Old, New string
}

// FileProblem is a file that could not be used.
type FileProblem struct {
	File    string
	Line    int
	Message string
}

// Problem is why a pull request cannot be planned. One of Conflicts, Missing
// and Refused is set.
type Problem struct {
	// Conflicts are the files that do not merge.
	Conflicts []string
	// Missing is a path that does not exist, and Setting the setting that
	// names it.
	Missing, Setting string
	// Refused is what Prow says about the configuration, and where.
	Refused *FileProblem
	// BaseBroken says that the base is refused as well.
	BaseBroken bool
}

const (
	maxRows       = 150
	maxExcluded   = 50
	maxRemoved    = 30
	maxReasons    = 2
	maxValue      = 80
	maxProblem    = 4000
	maxProblemRow = 60
)

// Plan renders the comment that lists the affected jobs.
func Plan(v PlanView) string {
	mark := v.Marker
	if mark == "" {
		mark = PlanMarker()
	}
	d := document{
		head: planHead(v),
		tail: planTail(v) + usageBlock(v) + "\n" + mark + "\n",
	}
	offered, excluded := split(v.Jobs)
	jobs := table{
		header: row("Job", "Repository and branch", "Type", "What changes") + "|---|---|---|---|\n",
		noun:   "affected job", total: len(offered),
	}
	for _, j := range offered[:min(len(offered), maxRows)] {
		jobs.rows = append(jobs.rows, row(planName(j), target(dash, j.Repo, j.Branch), text(j.Type), what(j)))
	}
	kept := table{
		intro:  "\n**Affected, but not offered:**\n",
		header: row("Job", "Repository and branch", "Type", "What changes", "Why not") + "|---|---|---|---|---|\n",
		noun:   "such job", total: len(excluded),
	}
	for _, j := range excluded[:min(len(excluded), maxExcluded)] {
		kept.rows = append(kept.rows, row(planName(j), target(dash, j.Repo, j.Branch), text(j.Type), what(j), text(clip(excludedBy(j), maxName))))
	}
	d.tables = []table{jobs, kept}
	return d.render()
}

func split(jobs []PlanJob) (offered, excluded []PlanJob) {
	for _, j := range jobs {
		if j.Excluded == "" && j.Type != "postsubmit" {
			offered = append(offered, j)
		} else {
			excluded = append(excluded, j)
		}
	}
	return offered, excluded
}

func excludedBy(j PlanJob) string {
	if j.Type == "postsubmit" {
		return "postsubmits publish and deploy: listed, never run"
	}
	return j.Excluded
}

// planName is what to write to run the job.
func planName(j PlanJob) string {
	if j.Argument != "" {
		return code(clip(j.Argument, maxName))
	}
	return code(clip(j.Name, maxName))
}

// what says in a cell why a job is affected.
func what(j PlanJob) string {
	var parts []string
	for i, r := range j.Reasons {
		if i == maxReasons {
			parts = append(parts, fmt.Sprintf("and %d more", len(j.Reasons)-i))
			break
		}
		if s := reason(r); s != "" && s != code(j.Change) {
			parts = append(parts, s)
		}
	}
	s := text(changeWord(j.Change))
	if len(parts) == 0 {
		return s
	}
	if s != "" && (j.Change == "new" || j.Change == "branches") {
		parts = append([]string{s}, parts...)
	}
	return strings.Join(parts, "<br>")
}

func changeWord(change string) string {
	switch change {
	case "new":
		return "new job"
	case "branches":
		return "new set of branches"
	}
	return change
}

func reason(r Reason) string {
	s := code(clip(r.Path, maxName))
	if s == "" {
		return code(clip(r.File, maxName))
	}
	from, to := code(clip(r.Old, maxValue)), code(clip(r.New, maxValue))
	switch {
	case from != "" && to != "":
		return s + ": " + from + " → " + to
	case to != "":
		return s + ": " + to
	case from != "":
		return s + ": was " + from
	}
	return s
}

func planHead(v PlanView) string {
	if v.Problem != nil {
		return problemHead(v)
	}
	offered, excluded := split(v.Jobs)
	var b strings.Builder
	switch {
	case len(v.Jobs) == 0:
		fmt.Fprintf(&b, "✅ **This pull request affects no job**: all %d stay as they are", v.Total)
	case len(offered) == 0:
		fmt.Fprintf(&b, "✅ **There is nothing to rehearse**: %s affected, none of them offered", plural(len(excluded), "job"))
	default:
		fmt.Fprintf(&b, "🔎 **This pull request affects %s** of %d", plural(len(v.Jobs), "job"), v.Total)
		if len(excluded) > 0 {
			fmt.Fprintf(&b, ", %d of which can be rehearsed", len(offered))
		}
	}
	if n := len(v.Removed); n > 0 {
		fmt.Fprintf(&b, "; %s removed", plural(n, "job"))
	}
	b.WriteString(".\n")
	if len(offered) > 0 {
		fmt.Fprintf(&b, "\nComment %s to run %s before the merge.\n", code(v.Commands.line("")), v.Commands.sampleOf(len(offered)))
	}
	return b.String()
}

func (c Commands) sampleOf(offered int) string {
	switch {
	case offered == 1:
		return "it"
	case c.Limit > 0 && offered <= c.Limit:
		return fmt.Sprintf("all %d", offered)
	}
	some := "some"
	if c.Limit > 0 {
		some = strconv.Itoa(c.Limit)
	}
	return fmt.Sprintf("%s of them, or %s to choose", some, code(c.line("{job} {job} …")))
}

// problemHead says why there is no plan, and whose turn it is.
func problemHead(v PlanView) string {
	p := v.Problem
	var b strings.Builder
	switch {
	case len(p.Conflicts) > 0:
		fmt.Fprintf(&b, "⚠️ **This pull request does not merge into %s**, so there is nothing to rehearse yet. Resolve the conflicts in:\n\n", code(v.BaseRef))
		for i, f := range p.Conflicts {
			if i == maxProblemRow {
				fmt.Fprintf(&b, "- … and %s\n", plural(len(p.Conflicts)-i, "more file"))
				break
			}
			b.WriteString("- " + code(clip(f, maxName)) + "\n")
		}
	case p.Missing != "":
		fmt.Fprintf(&b, "⚙️ **The configuration of the rehearsals does not fit this repository**: the setting %s names %s, which does not exist. Whoever runs the rehearsals has to correct it.\n",
			code(p.Setting), code(p.Missing))
	case p.Refused != nil && p.BaseBroken:
		fmt.Fprintf(&b, "🚫 **Prow refuses the configuration of %s as it is**, so this pull request is not to blame, and cannot be rehearsed until that is mended%s:\n\n%s",
			code(v.BaseRef), place(*p.Refused), problemBlock(p.Refused.Message))
	case p.Refused != nil:
		fmt.Fprintf(&b, "🚫 **Prow would refuse this configuration**%s:\n\n%s", place(*p.Refused), problemBlock(p.Refused.Message))
	}
	if len(v.Jobs) > 0 {
		b.WriteString("\nThis is what could be read; nothing of it can be run before that is mended.\n")
	}
	return b.String()
}

func place(f FileProblem) string {
	switch {
	case f.File == "":
		return ""
	case f.Line > 0:
		return ", in " + code(fmt.Sprintf("%s:%d", clip(f.File, maxName), f.Line))
	}
	return ", in " + code(clip(f.File, maxName))
}

func problemBlock(message string) string {
	return block(strings.Split(clip(strings.TrimSpace(message), maxProblem), "\n"))
}

func planTail(v PlanView) string {
	var b strings.Builder
	b.WriteString(removedLine(v.Removed))
	var unread, warnings []string
	for _, f := range v.Unread {
		unread = append(unread, strings.TrimPrefix(place(f), ", in ")+": "+text(clip(f.Message, maxDetail)))
	}
	for _, w := range v.Warnings {
		warnings = append(warnings, text(clip(w, maxDetail)))
	}
	b.WriteString(list("Files whose jobs are missing here, because they could not be read", "file", unread))
	b.WriteString(list("Warnings", "warning", warnings))
	if v.Head != "" {
		how := " merged into "
		if v.Problem != nil {
			how = " on "
		}
		b.WriteString("\n<sub>For " + revisions(v.Head, how, v.BaseRef, v.Base) + ".</sub>\n")
	}
	return b.String()
}

func removedLine(removed []PlanJob) string {
	if len(removed) == 0 {
		return ""
	}
	var names []string
	for _, j := range removed[:min(len(removed), maxRemoved)] {
		names = append(names, code(clip(j.Name, maxName)))
	}
	if left := len(removed) - len(names); left > 0 {
		names = append(names, fmt.Sprintf("and %d more", left))
	}
	return "\nRemoved: " + strings.Join(names, ", ") + "\n"
}

// list makes a list of lines of Markdown, cut to a bearable length.
func list(title, noun string, items []string) string {
	if len(items) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("\n" + title + ":\n")
	for i, item := range items {
		if i == maxNotes {
			fmt.Fprintf(&b, "- … and %s.\n", plural(len(items)-i, "more "+noun))
			break
		}
		b.WriteString("- " + item + "\n")
	}
	return b.String()
}

func usageBlock(v PlanView) string {
	return "\n<details><summary>Commands</summary>\n\n" + v.Commands.usage() +
		" Commands are for people with write access to " + code(v.Org+"/"+v.Repo) + ". Postsubmits are listed, never run.\n\n</details>\n"
}
