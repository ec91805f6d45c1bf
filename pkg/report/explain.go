package report

import (
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// ExplainView is everything that is known about the jobs of one name.
type ExplainView struct {
	CommandID, Line, By string
	// Name is what was asked for: a name, or name@branch.
	Name string
	// Jobs are the jobs with that name after the merge, sorted.
	Jobs []ExplainJob
	// Removed says that the pull request removes a job with that name.
	Removed bool
	// Nearest are names like it, where no job has it.
	Nearest []string
	// Affected counts the affected jobs.
	Affected int
	Commands Commands
}

// ExplainJob is one job.
type ExplainJob struct {
	PlanJob
	// Branches and SkipBranches are as configured.
	Branches, SkipBranches []string
	// Affected is false for a job that the pull request leaves as it is: then
	// only its name, type, repository and branches are set.
	Affected bool
	// Rehearsal is what would be run; nil where nothing can be.
	Rehearsal *Rehearsal
	// Problem is why nothing can be run, as plain text.
	Problem string
}

// Rehearsal is what a job would be run as.
type Rehearsal struct {
	// Name is its name in Prow, Context the context of its commit status.
	Name, Context string
	// Branch is the branch of the target repository; empty for periodics.
	Branch string
	// Cluster is the alias of the cluster that it runs on, Agent what runs it.
	Cluster, Agent string
	// Optional says that it does not block the pull request.
	Optional bool
	// Checkouts are the other repositories that it checks out; a SHA is set once
	// it is pinned.
	Checkouts []run.Checkout
}

// maxExplained bounds the jobs of one name that are explained in full.
const maxExplained = 20

// Explain answers the question about one job.
func Explain(v ExplainView) string {
	more := func(n int) string { return "There is no room here for " + plural(n, "more job") + " of that name." }
	d := document{
		head:    "💬 " + code(v.By) + ": " + code(clip(v.Line, maxName)) + "\n",
		leftOut: more,
		tail:    "\n" + AnswerMarker(v.CommandID) + "\n",
	}
	if len(v.Jobs) == 0 {
		d.head += "\n" + text(noSuchJob(v)) + "\n"
		return d.render()
	}
	for _, j := range v.Jobs[:min(len(v.Jobs), maxExplained)] {
		d.sections = append(d.sections, section{title: explained(j, v.Commands), jobs: 1})
	}
	if left := len(v.Jobs) - len(d.sections); left > 0 {
		d.tail = "\n" + more(left) + "\n" + d.tail
	}
	return d.render()
}

// noSuchJob is plain text.
func noSuchJob(v ExplainView) string {
	if v.Removed {
		return "This pull request removes " + quote(v.Name) + ", so there is nothing left to rehearse."
	}
	return "After this pull request there is no job " + quote(v.Name) + "." + didYouMean(v.Nearest)
}

func explained(j ExplainJob, c Commands) string {
	var b strings.Builder
	icon, verdict := "⚪", "is not affected: Prow would create the same ProwJob before and after the merge"
	if j.Affected {
		icon, verdict = "🔎", "is affected"
	}
	b.WriteString("\n" + icon + " **" + planName(j.PlanJob) + "** " + verdict + ".\n\n")
	item := func(name, value string) {
		if value != "" {
			b.WriteString("- " + name + ": " + value + "\n")
		}
	}
	item("Job", identity(j))
	if j.Affected {
		item("What changes", text(changeWord(j.Change)))
		b.WriteString(allReasons(j.Reasons))
		item("Offered", offer(j, c))
	}
	if r := j.Rehearsal; r != nil && j.Problem == "" {
		b.WriteString(rehearsal(*r))
	}
	return b.String()
}

// identity tells jobs of one name apart.
func identity(j ExplainJob) string {
	s := text(j.Type)
	if j.Repo != "" {
		s += " of " + code(clip(j.Repo, maxName))
	}
	s += branches(" on ", j.Branches) + branches(", not on ", j.SkipBranches)
	return s
}

func branches(before string, names []string) string {
	var out []string
	for i, name := range names {
		if i == maxReasonList {
			out = append(out, plural(len(names)-i, "more branch pattern"))
			break
		}
		out = append(out, code(clip(name, maxName)))
	}
	if len(out) == 0 {
		return ""
	}
	return before + strings.Join(out, ", ")
}

const maxReasonList = 20

// allReasons are the reasons as a list below another item.
func allReasons(reasons []Reason) string {
	var b strings.Builder
	for i, r := range reasons {
		if i == maxReasonList {
			b.WriteString("  - … and " + plural(len(reasons)-i, "more reason") + "\n")
			break
		}
		if s := reasonAndFile(r); s != "" {
			b.WriteString("  - " + s + "\n")
		}
	}
	return b.String()
}

// offer says whether and how the job can be run.
func offer(j ExplainJob, c Commands) string {
	command := code(c.line(argument(j.PlanJob)))
	switch {
	case j.Problem != "":
		return "no, and it cannot be run: " + text(clip(j.Problem, maxDetail))
	case j.Excluded != "":
		return "no: " + text(clip(j.Excluded, maxDetail)) + ". By name it can be asked for all the same: " + command
	}
	return "yes; " + command + " runs it"
}

func rehearsal(r Rehearsal) string {
	var b strings.Builder
	b.WriteString("- Its rehearsal: " + code(clip(r.Name, maxName)))
	if r.Branch != "" {
		b.WriteString(", on the branch " + code(clip(r.Branch, maxName)))
	}
	b.WriteString("\n")
	for _, item := range []struct{ name, value string }{{"commit status", r.Context}, {"cluster", r.Cluster}, {"agent", r.Agent}} {
		if item.value != "" {
			b.WriteString("  - " + item.name + " " + code(clip(item.value, maxName)) + "\n")
		}
	}
	if r.Optional {
		b.WriteString("  - optional: it does not keep the pull request from being merged\n")
	}
	for i, c := range r.Checkouts {
		if i == maxReasonList {
			b.WriteString("  - … and " + plural(len(r.Checkouts)-i, "more checkout") + "\n")
			break
		}
		b.WriteString("  - checks out " + text(checkout(c)) + "\n")
	}
	return b.String()
}
