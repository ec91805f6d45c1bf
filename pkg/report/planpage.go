package report

import (
	"fmt"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/legible"
)

// maxPageReasons is the maximum number of reasons for one job on a page.
const maxPageReasons = 50

// PlanPage renders the full list of affected jobs with all their reasons, as an HTML page
// of less than 8 MiB.
func PlanPage(v PlanView) []byte {
	offered, held, excluded := split(v.Jobs)
	p := &page{}
	p.add("top", planTop(v, offered, held, excluded))
	p.problem(v.Problem)
	if len(offered) > 0 {
		p.add("title", fmt.Sprintf("Can be rehearsed (%s)", count(len(offered))))
		p.jobs(offered, cause, false)
	}
	if len(held) > 0 {
		for i := range held {
			held[i].Excluded = held[i].Held.plain()
		}
		p.add("title", fmt.Sprintf("Held until somebody allows it (%s)", count(len(held))))
		p.waits(waits(held))
		p.jobs(held, func(j PlanJob) string { return j.Excluded }, true)
	}
	if len(excluded) > 0 {
		p.add("title", fmt.Sprintf("Affected, but not offered (%s)", count(len(excluded))))
		p.jobs(excluded, func(j PlanJob) string { return j.Excluded }, true)
	}
	if len(v.Removed) > 0 {
		p.add("title", fmt.Sprintf("Removed (%s)", count(len(v.Removed))))
		p.add("group", pageGroup{Size: plural(len(v.Removed), "job"), Open: len(v.Removed) <= maxOpen})
		p.members(v.Removed)
	}
	p.remarks(v)
	return p.bytes("more job", "; `rehearse affected` in a clone lists all")
}

func planTop(v PlanView, offered, held, excluded []PlanJob) top {
	t := top{Title: "Rehearsals of " + v.Org + "/" + v.Repo, Subject: "For `" + v.Head + "` on `" + v.BaseRef + "`"}
	if v.Number > 0 {
		t.Title += fmt.Sprintf("#%d", v.Number)
	}
	if v.Base != "" {
		t.Subject += " at `" + v.Base + "`"
	}
	t.Subject = t.Title + ". " + t.Subject + "."
	if v.Problem != nil {
		t.Icon, t.Verdict, t.Rest = problemHeadline(v)
		t.Rest = upperFirst(strings.TrimLeft(t.Rest, ",: "))
		return t
	}
	var rest string
	t.Icon, t.Verdict, rest = planHeadline(v, offered, held, excluded)
	t.Verdict += rest
	if len(offered) > 0 && v.Coverage != nil {
		t.Sentences = []string{coverage("The sample", v.Coverage)}
	}
	return t
}

// pageJob is one row of a page.
type pageJob struct {
	PlanJob
	Word        string
	MoreReasons int
}

// pageGroup is the heading of a group of jobs.
type pageGroup struct {
	Size, Where, Why string
	Reasons          []Reason
	// Open says that the group is small enough to be unfolded.
	Open bool
}

// maxOpen is the maximum size of a group that is unfolded.
const maxOpen = 50

func (p *page) jobs(jobs []PlanJob, key func(PlanJob) string, excluded bool) {
	groups, rest := group(jobs, key)
	for _, g := range groups {
		head := pageGroup{Size: g.size(), Where: g.where(), Why: g.jobs[0].Excluded, Open: len(g.jobs) <= maxOpen}
		if !excluded {
			row := newPageJob(g.jobs[0])
			head.Why, head.Reasons = row.Word, row.Reasons
		}
		if !p.add("group", head) {
			p.left += len(g.jobs)
			continue
		}
		p.members(g.jobs)
	}
	if len(rest) == 0 {
		return
	}
	if !p.add("jobs", excluded) {
		p.left += len(rest)
		return
	}
	for _, j := range rest {
		p.row("job", newPageJob(j))
	}
	p.end("tableEnd", nil)
}

// pageWait is something that jobs wait for.
type pageWait struct {
	Ask
	Size string
	Jobs []string
}

// waits lists everything that jobs wait for.
func (p *page) waits(all []wait) {
	if !p.add("waits", nil) {
		p.left += len(all)
		return
	}
	for _, w := range all {
		row := pageWait{Ask: w.Ask}
		if len(w.jobs) > maxOpen {
			row.Size = plural(len(w.jobs), "job")
		}
		for _, j := range w.jobs {
			row.Jobs = append(row.Jobs, argument(j))
		}
		p.row("wait", row)
	}
	p.end("tableEnd", nil)
}

// members lists the jobs of a group, and closes it.
func (p *page) members(jobs []PlanJob) {
	for _, j := range jobs {
		p.member(j)
	}
	p.end("groupEnd", nil)
}

func newPageJob(j PlanJob) pageJob {
	out := pageJob{PlanJob: j}
	out.Argument = argument(j)
	if out.Word = changeWord(j.Change); out.Word == j.Change && len(j.Reasons) > 0 {
		out.Word = ""
	}
	out.MoreReasons = max(len(j.Reasons)-maxPageReasons, 0)
	out.Reasons = j.Reasons[:len(j.Reasons)-out.MoreReasons]
	if j.Change == changeNew {
		out.Reasons = nil
	}
	return out
}

func (p *page) problem(problem *Problem) {
	switch {
	case problem == nil:
	case len(problem.Conflicts) > 0:
		files := make([]string, len(problem.Conflicts))
		for i, f := range problem.Conflicts {
			files[i] = quote(f)
		}
		p.add("list", files)
	case problem.Refused != nil:
		p.add("text", []string{legible.Clip(problem.Refused.Message, maxProblem)})
	}
}

func (p *page) remarks(v PlanView) {
	if len(v.Unread) > 0 {
		unread := make([]string, len(v.Unread))
		for i, f := range v.Unread {
			unread[i] = quote(f.place()) + ": " + legible.Clip(f.Message, maxProblem)
		}
		p.add("title", "Files that could not be read; their jobs are missing here")
		p.add("list", unread)
	}
	if len(v.Warnings) > 0 {
		p.add("title", "Warnings")
		p.add("list", v.Warnings)
	}
}
