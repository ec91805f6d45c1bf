package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/legible"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// RunView is what is known about a run so far.
type RunView struct {
	Manifest run.Manifest
	// Outcomes has one entry per job of the manifest.
	Outcomes []run.Outcome
	// AbortReason says why the run is being aborted, or was aborted.
	AbortReason string
	// Over says that jobs without a verdict will not get one.
	Over bool
	// Now is the time of the report; it shows how long jobs have been running. Zero omits
	// that.
	Now time.Time
	// PipelineRun and Namespace name the latest PipelineRun, if there is one.
	PipelineRun string
	Namespace   string
}

// Ended reports whether this is the last report on this run: no job of it will change.
func (v RunView) Ended() bool {
	return v.Over || len(v.Outcomes) > 0 && !slices.ContainsFunc(v.Outcomes, func(o run.Outcome) bool { return !o.Verdict.Ended() })
}

// page returns the URL of the run's page, which exists once the run is over.
func (v RunView) page() string {
	if !v.Ended() {
		return ""
	}
	return v.Manifest.Page
}

// dash is the content of an empty cell.
const dash = "–"

const (
	maxName   = 200
	maxDetail = 600
	maxNotes  = 40
)

// Run renders the comment of a run. Its first line is the verdict.
func Run(v RunView) string {
	outcomes := sorted(v.Outcomes)
	jobs := table{
		header: row("Job", "Repository and branch", "Result", "Time", "Log", "Run again") + "|---|---|---|---|---|---|\n",
		noun:   "job", total: len(outcomes), elsewhere: v.elsewhere(),
	}
	for _, o := range outcomes {
		jobs.rows = append(jobs.rows, runRow(v, o))
	}
	return document{
		head: runHead(v), tables: []table{jobs}, sections: failures(v, outcomes),
		leftOut: func(n int) string {
			return "The reasons of " + plural(n, "more job") + " are not shown here" + v.elsewhere() + "."
		},
		tail: runTail(v), marker: runMarkers(v),
	}.render()
}

// elsewhere says where to find what the comment has no room for.
func (v RunView) elsewhere() string {
	if l := link("the page of this run", v.page()); l != "" {
		return "; " + l + " has them"
	}
	if v.PipelineRun != "" {
		return "; the end of the run's output lists all of them"
	}
	return "; see the logs"
}

func runHead(v RunView) string {
	var b strings.Builder
	icon, verdict, rest := headline(v)
	fmt.Fprintf(&b, "%s **%s**", icon, text(verdict))
	if rest != "" {
		b.WriteString(": " + text(rest))
	}
	b.WriteString("\n")
	if s := autoAck(v); s != "" {
		b.WriteString("\n" + text(s) + "\n")
	}
	return b.String()
}

// autoAck says in plain text what the run means for the acknowledgement.
func autoAck(v RunView) string {
	by := quote(v.Manifest.By)
	switch {
	case !v.Manifest.AutoAck:
		return ""
	case !v.Ended() && v.AbortReason == "":
		return "If all of them pass, the pull request is acknowledged, as " + by + " asked."
	case run.Count(v.Outcomes).AllPassed() && v.AbortReason == "":
		return "The pull request is acknowledged, as " + by + " asked."
	}
	return "The pull request is not acknowledged: " + by + " asked for that only if all pass."
}

func runRow(v RunView, o run.Outcome) string {
	log := link("log", o.URL)
	if log == "" {
		log = dash
	}
	return row(code(legible.Clip(o.Name, maxName)), target(o.Type, o.Repo, o.Branch), result(o), took(v, o), log, rerun(o.Job))
}

// result returns the verdict for a cell; details about a job that has ended are shown below
// the table.
func result(o run.Outcome) string {
	s := verdictIcon[o.Verdict] + " " + words(o.Verdict)
	if !o.Verdict.Ended() && o.Detail != "" {
		s += ": " + text(legible.Clip(o.Detail, maxName))
	}
	return s
}

// took returns how long the job ran, or has been running so far.
func took(v RunView, o run.Outcome) string {
	if o.Verdict == run.Running && !v.Ended() && v.Now.After(o.Started) && !o.Started.IsZero() {
		return lasting(v.Now.Sub(o.Started)) + " so far"
	}
	if d := o.Duration().Round(time.Second); d > 0 {
		return lasting(d)
	}
	return dash
}

// target says what a job tests.
func target(jobType, repo, branch string) string {
	if repo == "" {
		return text(jobType)
	}
	s := code(legible.Clip(repo, maxName))
	if branch != "" {
		s += " " + code(legible.Clip(branch, maxName))
	}
	if jobType == "postsubmit" {
		s += " (postsubmit)"
	}
	return s
}

// rerun shows a command completely or not at all: half a command is a wrong one.
func rerun(j run.Job) string {
	if j.Rerun == "" || len(j.Rerun) > 2*maxName {
		return dash
	}
	return code(j.Rerun)
}

func runTail(v RunView) string {
	var b strings.Builder
	m := v.Manifest
	notes := make([]string, len(m.Notes))
	for i, note := range m.Notes {
		notes[i] = text(legible.Clip(note, maxDetail))
	}
	b.WriteString(list("", "note", notes))
	if again := rerunAll(v); again != "" {
		b.WriteString("\nTo rerun what did not pass: " + code(again) + "\n")
	}
	if m.Coverage != nil {
		b.WriteString("\n" + text(coverage("This run", m.Coverage)) + "\n")
	}
	b.WriteString(inputs(m))
	fmt.Fprintf(&b, "\n<sub>Rehearsal of %s, requested by %s", revisions(m.Head, " merged into ", m.BaseRef, m.Base), code(m.By))
	if m.Command != "" {
		b.WriteString(" with " + said(legible.Clip(m.Command, maxName)))
	}
	if left := m.Affected - len(m.Jobs); left > 0 {
		fmt.Fprintf(&b, "; %s not in this run", plural(left, "more affected job"))
	}
	b.WriteString(".")
	if v.PipelineRun != "" {
		b.WriteString(" Full output" + logsKept(m) + ": " + code(tkn(v)) + ".")
	}
	if l := link("The page of this run", v.page()); l != "" {
		b.WriteString(" " + l + ".")
	}
	if !v.Ended() && !v.Now.IsZero() {
		b.WriteString(" As of " + v.Now.UTC().Format("15:04:05 MST") + ".")
	}
	b.WriteString("</sub>\n\n")
	return b.String()
}

func runMarkers(v RunView) string {
	s := RunMarker(v.Manifest.ID) + "\n"
	if !v.Ended() {
		s = progressMarker + "\n" + s
	}
	return s
}

// logsKept says how long the full output is kept.
func logsKept(m run.Manifest) string {
	if m.KeptFor <= 0 {
		return ""
	}
	return ", kept for " + lasting(m.KeptFor) + " after the end"
}

func tkn(v RunView) string {
	if v.Namespace == "" {
		return "tkn pipelinerun logs " + v.PipelineRun
	}
	return "tkn pipelinerun logs " + v.PipelineRun + " -n " + v.Namespace
}

// rerunAll returns the command for all jobs that did not pass, once the run is over and if
// there are several: a single one has its own command.
func rerunAll(v RunView) string {
	prefix, bad := "", 0
	for _, o := range v.Outcomes {
		if o.Verdict == run.Passed {
			continue
		}
		bad++
		fields := strings.Fields(o.Rerun)
		if len(fields) < 2 || prefix != "" && fields[0] != prefix {
			return ""
		}
		prefix = fields[0]
	}
	if bad < 2 || !v.Ended() {
		return ""
	}
	return prefix + " " + string(event.Failed)
}

// revisions names a head and a base; how says how they are combined.
func revisions(head, how, baseRef, base string) string {
	s := sha(head) + how + code(baseRef)
	if base != "" {
		s += " at " + sha(base)
	}
	return s
}

// sha returns a full SHA as plain text, because GitHub turns it into a short link.
func sha(s string) string {
	for _, c := range s {
		if !strings.ContainsRune("0123456789abcdef", c) {
			return code(s)
		}
	}
	return s
}
