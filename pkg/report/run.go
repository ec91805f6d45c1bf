package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// RunView is a run as far as it is known.
type RunView struct {
	Manifest run.Manifest
	// Outcomes has one entry per job of the manifest.
	Outcomes []Outcome
	// AbortReason says why the run is being aborted, or was.
	AbortReason string
	// Over says that jobs without a verdict will not get one any more.
	Over bool
	// PipelineRun and Namespace name the latest PipelineRun, where there is one.
	PipelineRun string
	Namespace   string
}

// dash is the content of a cell that has none.
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
		noun:   "job", total: len(outcomes),
	}
	if v.PipelineRun != "" {
		jobs.elsewhere = "; the end of the run's output lists all"
	}
	d := document{head: runHead(v), tail: runTail(v) + RunMarker(v.Manifest.ID) + "\n"}
	for _, o := range outcomes {
		jobs.rows = append(jobs.rows, runRow(o))
		if s, ok := runSection(v, o); ok {
			d.sections = append(d.sections, s)
		}
	}
	d.tables = []table{jobs}
	return d.render()
}

func runHead(v RunView) string {
	var b strings.Builder
	icon, verdict, rest := headline(v)
	fmt.Fprintf(&b, "%s **%s**", icon, text(verdict))
	if rest != "" {
		b.WriteString(": " + text(rest))
	}
	b.WriteString("\n")
	return b.String()
}

// headline is the verdict on the run as plain text: an icon, the verdict, and
// what there is to say besides.
func headline(v RunView) (icon, verdict, rest string) {
	t := Count(v.Outcomes)
	switch {
	case v.AbortReason != "":
		verdict = "Aborted"
		if !v.Over && !allSettled(v.Outcomes) {
			verdict = "Aborting"
		}
		rest = strings.TrimRight(clip(v.AbortReason, maxDetail), ".") + "."
		if s := t.list(Aborted); s != "" {
			rest += " " + upperFirst(s) + "."
		}
		return "🛑", verdict, rest
	case t.Total == 0:
		return "⏳", "The rehearsals are being prepared", ""
	case t.Unfinished() > 0 && !v.Over:
		if t.Queued+t.NotStarted == t.Total {
			return "⏳", plural(t.Total, "rehearsal") + " queued", ""
		}
		return "⏳", fmt.Sprintf("Running %d of %s", t.Unfinished(), plural(t.Total, "rehearsal")), t.list(Running) + "."
	case t.AllPassed() && t.Total == 1:
		return "✅", "The rehearsal passed", ""
	case t.AllPassed():
		return "✅", fmt.Sprintf("All %d rehearsals passed", t.Total), ""
	case t.Failed > 0:
		icon, verdict, rest = "❌", ofTotal(t.Failed, t.Total, "failed"), t.list(Failed)
	case t.Unfinished() > 0:
		icon, verdict, rest = "❌", ofTotal(t.Unfinished(), t.Total, "did not end"), t.list("")
	default:
		icon, verdict, rest = "🛑", ofTotal(t.Aborted, t.Total, "aborted"), t.list(Aborted)
	}
	if rest != "" {
		rest += "."
	}
	return icon, verdict, rest
}

func ofTotal(n, total int, what string) string {
	return fmt.Sprintf("%d of %s %s", n, plural(total, "rehearsal"), what)
}

// list names the counts, without the one that the headline has named already.
func (t Tally) list(without Verdict) string {
	var parts []string
	for _, c := range []struct {
		verdict Verdict
		n       int
	}{{Failed, t.Failed}, {Passed, t.Passed}, {Aborted, t.Aborted}, {Running, t.Running}, {Queued, t.Queued}, {NotStarted, t.NotStarted}} {
		if c.n > 0 && c.verdict != without {
			parts = append(parts, fmt.Sprintf("%d %s", c.n, c.verdict))
		}
	}
	return strings.Join(parts, ", ")
}

func allSettled(outcomes []Outcome) bool {
	for _, o := range outcomes {
		if o.Verdict != NotStarted && !o.Settled() {
			return false
		}
	}
	return true
}

func runRow(o Outcome) string {
	took := dash
	if d := o.Duration().Round(time.Second); d > 0 {
		took = d.String()
	}
	log := link("log", o.URL)
	if log == "" {
		log = dash
	}
	return row(code(clip(o.Name, maxName)), target(o.Type, o.Repo, o.Branch), verdictIcon[o.Verdict]+" "+string(o.Verdict), took, log, rerun(o.Job))
}

// target is what a job tests.
func target(jobType, repo, branch string) string {
	if repo == "" {
		return text(jobType)
	}
	s := code(clip(repo, maxName))
	if branch != "" {
		s += " " + code(clip(branch, maxName))
	}
	if jobType == "postsubmit" {
		s += " (postsubmit)"
	}
	return s
}

// rerun is shown whole or not at all: half a command is a wrong one.
func rerun(j run.Job) string {
	if j.Rerun == "" || len(j.Rerun) > 2*maxName {
		return dash
	}
	return code(j.Rerun)
}

// runSection is the part of the comment that speaks of one job that did not
// pass: the sentence and the excerpt.
func runSection(v RunView, o Outcome) (section, bool) {
	if !o.Verdict.Bad() && (o.Verdict != Aborted || v.AbortReason != "" || o.Detail == "") {
		return section{}, false
	}
	title := "\n" + verdictIcon[o.Verdict] + " **" + code(clip(o.Name, maxName)) + "** " + string(o.Verdict)
	if o.Detail != "" {
		title += ": " + text(clip(o.Detail, maxDetail))
	}
	return section{title: title + "\n", lines: o.Excerpt}, true
}

func runTail(v RunView) string {
	var b strings.Builder
	m := v.Manifest
	for i, note := range m.Notes {
		if i == 0 {
			b.WriteString("\n")
		}
		if i == maxNotes {
			fmt.Fprintf(&b, "- … and %s.\n", plural(len(m.Notes)-i, "more remark"))
			break
		}
		b.WriteString("- " + text(clip(note, maxDetail)) + "\n")
	}
	if again := rerunAll(v); again != "" {
		b.WriteString("\nRun those that did not pass again: " + code(again) + "\n")
	}
	fmt.Fprintf(&b, "\n<sub>Rehearsal of %s, asked for by %s", revisions(m.Head, " merged into ", m.BaseRef, m.Base), code(m.By))
	if m.Command != "" {
		b.WriteString(" with " + code(clip(m.Command, maxName)))
	}
	if left := m.Affected - len(m.Jobs); left > 0 {
		fmt.Fprintf(&b, "; %s not in this run", plural(left, "more affected job"))
	}
	b.WriteString(".")
	if v.PipelineRun != "" {
		b.WriteString(" All output: " + code(tkn(v)) + ".")
	}
	b.WriteString("</sub>\n\n")
	return b.String()
}

func tkn(v RunView) string {
	if v.Namespace == "" {
		return "tkn pipelinerun logs " + v.PipelineRun
	}
	return "tkn pipelinerun logs " + v.PipelineRun + " -n " + v.Namespace
}

// rerunAll is the one command for all jobs that did not pass, once the run is
// over and where there are several.
func rerunAll(v RunView) string {
	var command string
	var jobs []string
	for _, o := range sorted(v.Outcomes) {
		if o.Verdict == Passed {
			continue
		}
		if !o.Verdict.Ended() && !v.Over {
			return ""
		}
		fields := strings.Fields(o.Rerun)
		if len(fields) != 2 || command != "" && fields[0] != command {
			return ""
		}
		command = fields[0]
		jobs = append(jobs, fields[1])
	}
	line := strings.Join(append([]string{command}, jobs...), " ")
	if len(jobs) < 2 || len(line) > 2000 {
		return ""
	}
	return line
}

// revisions names a head and a base, and how they go together.
func revisions(head, how, baseRef, base string) string {
	s := sha(head) + how + code(baseRef)
	if base != "" {
		s += " at " + sha(base)
	}
	return s
}

// sha shows a full SHA, which GitHub turns into a short link.
func sha(s string) string {
	for _, c := range s {
		if !strings.ContainsRune("0123456789abcdef", c) {
			return code(s)
		}
	}
	return s
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
