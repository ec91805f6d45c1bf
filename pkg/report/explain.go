package report

import (
	"strings"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/legible"
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
	// Head is the full SHA of the commit that the answer is about.
	Head     string
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
	// SkipReport says that it sets no commit status.
	SkipReport bool
	// Timeout bounds it by its own configuration; zero when that says nothing.
	Timeout time.Duration
	// Checkouts are the other repositories that it checks out; a SHA is set once
	// it is pinned.
	Checkouts []run.Checkout
	// ConfigMaps are those that it reads with the pull request's content.
	ConfigMaps []string
}

// maxExplained bounds the jobs of one name that are explained in full.
const maxExplained = 20

// Explain answers the question about one job.
func Explain(v ExplainView) string {
	more := func(n int) string { return "There is no room here for " + plural(n, "more job") + " of that name." }
	d := document{
		head:    "💬 " + code(v.By) + ": " + said(legible.Clip(v.Line, maxName)) + "\n",
		leftOut: more,
		tail:    "\n", marker: AnswerMarker(v.CommandID) + "\n",
	}
	if len(v.Jobs) == 0 {
		d.head += "\n" + text(noSuchJob(v)) + "\n"
		return d.render()
	}
	for _, j := range v.Jobs[:min(len(v.Jobs), maxExplained)] {
		d.sections = append(d.sections, section{title: explained(j, v), jobs: 1})
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

func explained(j ExplainJob, v ExplainView) string {
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
		item("Offered", offer(j, v))
		b.WriteString(heldList(j.Held))
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
		s += " of " + code(legible.Clip(j.Repo, maxName))
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
		out = append(out, code(legible.Clip(name, maxName)))
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
func offer(j ExplainJob, v ExplainView) string {
	c, head := v.Commands, short(v.Head)
	command := code(c.line(argument(j.PlanJob)))
	switch {
	case j.Problem != "":
		return "no, and it cannot be run: " + text(legible.Clip(j.Problem, maxDetail))
	case j.Held != nil && len(j.Held.Asks) > 0:
		return "not before somebody else than the author allows, with " + code(c.For("privileges-allowed", head+" "+argument(j.PlanJob))) + ", that it"
	case j.Held != nil:
		return "not before somebody else than the author writes " + code(c.For("approve", head)) + ", as it is"
	case j.Excluded != "":
		return "no: " + text(legible.Clip(j.Excluded, maxDetail)) + ". By name it can be asked for all the same: " + command
	}
	return "yes; " + command + " runs it"
}

func rehearsal(r Rehearsal) string {
	var b strings.Builder
	b.WriteString("- Its rehearsal: " + code(legible.Clip(r.Name, maxName)))
	if r.Branch != "" {
		b.WriteString(", on the branch " + code(legible.Clip(r.Branch, maxName)))
	}
	b.WriteString("\n")
	for i, item := range rehearsalItems(r) {
		if i == 2*maxReasonList {
			b.WriteString("  - …\n")
			break
		}
		b.WriteString("  - " + text(item) + "\n")
	}
	return b.String()
}

// rehearsalItems are what there is to say about a rehearsal, in plain text.
func rehearsalItems(r Rehearsal) []string {
	var items []string
	switch {
	case r.SkipReport:
		items = append(items, "sets no commit status")
	case r.Context != "":
		items = append(items, "sets the commit status "+quote(r.Context))
	}
	if r.Cluster != "" {
		items = append(items, "runs on the cluster "+quote(r.Cluster))
	}
	if r.Agent != "" && r.Agent != "kubernetes" {
		items = append(items, "run by "+quote(r.Agent))
	}
	if r.Timeout > 0 {
		items = append(items, "may take "+lasting(r.Timeout))
	}
	for _, c := range r.Checkouts {
		items = append(items, "checks out "+checkout(c))
	}
	for _, name := range r.ConfigMaps {
		items = append(items, "reads the ConfigMap "+quote(name)+" as the pull request changes it")
	}
	return items
}
