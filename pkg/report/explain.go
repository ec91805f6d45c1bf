package report

import (
	"strings"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/legible"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
	"github.com/rehearsal-dev/rehearsal/pkg/terminal"
)

// ExplainView has everything that is known about the jobs with one name.
type ExplainView struct {
	CommandID, Line, By string
	// Name is the name in the question: a name, or name@branch.
	Name string
	// Jobs are the jobs with that name after the merge, sorted.
	Jobs []ExplainJob
	// Removed says that the pull request removes a job with that name.
	Removed bool
	// Nearest are similar names, if no job has that name.
	Nearest []string
	// Affected counts the affected jobs.
	Affected int
	// Head is the full SHA of the commit to which the answer applies.
	Head     string
	Commands Commands
}

// ExplainJob is one job.
type ExplainJob struct {
	PlanJob
	// Branches and SkipBranches are as configured.
	Branches, SkipBranches []string
	// Affected is false for a job that the pull request does not change: then only its
	// name, type, repository and branches are set.
	Affected bool
	// Rehearsal is what would be run; nil if the job cannot be run.
	Rehearsal *Rehearsal
	// Problem is why the job cannot be run, as plain text.
	Problem string
	// These are known only in a clone, and not used in a comment: the File that defines the
	// job, the Meaning of the kind of change, that the file is Touched although the job is
	// the same, that the job is Removed, and its requests.
	File, Meaning    string
	Touched, Removed bool
	Asks             []Ask
}

// Rehearsal describes how a job would be run.
type Rehearsal struct {
	// Name is its name in Prow, Context the context of its commit status.
	Name, Context string
	// Branch is the branch of the target repository; empty for periodics.
	Branch string
	// Cluster is the alias of the cluster in which it runs, Agent what runs it.
	Cluster, Agent string
	// SkipReport says that it sets no commit status.
	SkipReport bool
	// Timeout is its configured time-out; zero if there is none.
	Timeout time.Duration
	// Checkouts are the other repositories that it checks out; SHAs are set once they are
	// pinned.
	Checkouts []run.Checkout
	// ConfigMaps are those that it reads with the content of the pull request.
	ConfigMaps []string
}

// maxExplained is the maximum number of jobs with one name that are explained in full.
const maxExplained = 20

// Explain answers the question about one name.
func Explain(v ExplainView) string {
	more := func(n int) string { return "… and " + plural(n, "more job") + " of that name." }
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

// noSuchJob returns plain text.
func noSuchJob(v ExplainView) string {
	if v.Removed {
		return "This pull request removes " + quote(v.Name) + ", so there is nothing left to rehearse."
	}
	return "After this pull request there is no job " + quote(v.Name) + "." + didYouMean(v.Nearest)
}

// ExplainText explains one job on a terminal.
func ExplainText(j ExplainJob) string {
	_, verdict := j.verdict()
	return terminal.Plain(argument(j.PlanJob)) + " " + verdict + ".\n\n" + console.explained(j, ExplainView{}).Text()
}

func explained(j ExplainJob, v ExplainView) string {
	icon, verdict := j.verdict()
	return "\n" + icon + " **" + planName(j.PlanJob) + "** " + verdict + ".\n\n" + comment.explained(j, v).list()
}

func (j ExplainJob) verdict() (icon, verdict string) {
	switch {
	case j.Affected:
		return "🔎", "is affected"
	case j.Removed:
		return "➖", "is removed, so there is nothing left to rehearse"
	case j.Touched:
		return "⚪", "is not affected: Prow would create the same ProwJob before and after the merge. The change touches its file, but not the meaning of this job"
	}
	return "⚪", "is not affected: Prow would create the same ProwJob before and after the merge"
}

func (m medium) explained(j ExplainJob, v ExplainView) Sheet {
	s := Sheet{{Name: "Job", Value: m.identity(j)}}
	if j.File != "" {
		s = append(s, Field{Name: "File", Value: m.name(j.File, maxName)})
	}
	if j.Affected {
		change := j.Meaning
		if change == "" {
			change = changeWord(j.Change)
		}
		s = append(s, Field{Name: "What changes", Value: m.words(change), Below: m.reasons(j.Reasons)})
		if len(j.Asks) > 0 {
			s = append(s, Field{Name: "Requests more", Value: "than the base branch grants; somebody other than the author may have to allow it", Below: m.asks(j.Asks)})
		}
		s = append(s, Field{Name: "Offered", Value: m.offer(j, v), Below: m.held(j.Held)})
	}
	if r := j.Rehearsal; r != nil && j.Problem == "" {
		s = append(s, m.rehearsal(*r))
	}
	return s
}

// identity distinguishes jobs with the same name.
func (m medium) identity(j ExplainJob) string {
	s := m.words(j.Type)
	if j.Repo != "" {
		s += " of " + m.name(j.Repo, maxName)
	}
	return s + m.branches(" on ", j.Branches) + m.branches(", not on ", j.SkipBranches)
}

func (m medium) branches(before string, names []string) string {
	var out []string
	for i, name := range names {
		if i == maxReasonList {
			out = append(out, plural(len(names)-i, "more branch pattern"))
			break
		}
		out = append(out, m.name(name, maxName))
	}
	if len(out) == 0 {
		return ""
	}
	return before + strings.Join(out, ", ")
}

const maxReasonList = 20

func (m medium) reasons(reasons []Reason) []string {
	var out []string
	for i, r := range reasons {
		if i == maxReasonList {
			return append(out, "… and "+plural(len(reasons)-i, "more reason"))
		}
		if s := m.reasonAndFile(r); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// offer says whether and how the job can be run.
func (m medium) offer(j ExplainJob, v ExplainView) string {
	c, head := v.Commands, short(v.Head)
	command := m.name(c.line(argument(j.PlanJob)), maxCode)
	switch {
	case j.Problem != "":
		return "no, it cannot be run: " + m.words(legible.Clip(j.Problem, maxDetail))
	case j.Held != nil && len(j.Held.Asks) > 0:
		return "once somebody other than the author allows, with " + m.name(c.For("privileges-allowed", head+" "+argument(j.PlanJob)), maxCode) + ", that it"
	case j.Held != nil:
		return "once somebody other than the author writes " + m.name(c.For("approve", head), maxCode) + ", because it is"
	case j.Excluded != "":
		return "no: " + m.words(legible.Clip(j.Excluded, maxDetail)) + ". It can still be run by name: " + command
	}
	return "yes; " + command + " runs it"
}

func (m medium) rehearsal(r Rehearsal) Field {
	f := Field{Name: "Its rehearsal", Value: m.name(r.Name, maxName)}
	if r.Branch != "" {
		f.Value += ", on the branch " + m.name(r.Branch, maxName)
	}
	for i, item := range rehearsalItems(r) {
		if i == 2*maxReasonList {
			f.Below = append(f.Below, "…")
			break
		}
		f.Below = append(f.Below, m.words(item))
	}
	return f
}

// rehearsalItems describe a rehearsal in plain text.
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
		items = append(items, "times out after "+lasting(r.Timeout))
	}
	for _, c := range r.Checkouts {
		items = append(items, "checks out "+checkout(c))
	}
	for _, name := range r.ConfigMaps {
		items = append(items, "reads the ConfigMap "+quote(name)+" as the pull request changes it")
	}
	return items
}
