package report

import (
	"fmt"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/legible"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// RunPage renders a run with all its jobs and excerpts as an HTML page of less than 8 MiB.
func RunPage(v RunView) []byte {
	m := v.Manifest
	outcomes := sorted(v.Outcomes)
	p := &page{}
	p.add("top", runTop(v))
	if len(outcomes) > 0 && p.add("outcomes", nil) {
		for _, o := range outcomes {
			p.row("outcome", newPageOutcome(v, o))
		}
		p.end("tableEnd", nil)
	}
	if groups := together(v, outcomes); len(groups) > 0 {
		p.add("title", "What went wrong")
		for _, same := range groups {
			p.row("failure", newPageFailure(same))
		}
	}
	if len(m.Notes) > 0 {
		p.add("title", "Not in this run")
		p.add("list", m.Notes)
	}
	if lines := inputText(m); len(lines) > 0 {
		p.add("title", "What the jobs use besides the pull request")
		p.add("list", lines)
	}
	return p.bytes("more row", "; the end of the run's output lists all of them")
}

func runTop(v RunView) top {
	m := v.Manifest
	t := top{Title: fmt.Sprintf("Rehearsal of %s/%s#%d", m.Org, m.Repo, m.Number)}
	t.Icon, t.Verdict, t.Rest = headline(v)
	t.Rest = upperFirst(t.Rest)
	if s := autoAck(v); s != "" {
		t.Sentences = append(t.Sentences, s)
	}
	if m.Coverage != nil {
		t.Sentences = append(t.Sentences, coverage("This run", m.Coverage))
	}
	t.Subject = t.Title + ": " + quote(m.Head) + " merged into " + quote(m.BaseRef) + " at " + quote(m.Base) + ", requested by " + quote(m.By)
	if m.Command != "" {
		t.Subject += " with " + quote(m.Command)
	}
	t.Subject += "."
	if left := m.Affected - len(m.Jobs); left > 0 {
		t.Subject += " " + upperFirst(plural(left, "more affected job")) + " not in this run."
	}
	if v.PipelineRun != "" {
		t.Subject += " Full output" + logsKept(m) + ": " + quote(tkn(v)) + "."
	}
	if !v.Ended() && !v.Now.IsZero() {
		t.Subject += " As of " + v.Now.UTC().Format("2 January 15:04:05 MST") + "."
	}
	return t
}

type pageOutcome struct {
	Name, Target, Result, Detail, Took, URL, Rerun string
}

func newPageOutcome(v RunView, o run.Outcome) pageOutcome {
	out := pageOutcome{
		Name: o.Name, Target: strings.TrimSpace(o.Repo + " " + o.Branch), Result: verdictIcon[o.Verdict] + " " + words(o.Verdict),
		Took: took(v, o), URL: webURL(o.URL),
	}
	if o.Repo == "" {
		out.Target = o.Type
	}
	if len(o.Rerun) <= 2*maxName {
		out.Rerun = oneLine(o.Rerun)
	}
	if !o.Verdict.Ended() {
		out.Detail = legible.Clip(o.Detail, maxDetail)
	}
	return out
}

type pageFailure struct {
	Title, Detail  string
	Names, Excerpt []string
}

func newPageFailure(same []run.Outcome) pageFailure {
	o := same[0]
	f := pageFailure{Detail: legible.Clip(explanation(o), maxDetail), Excerpt: o.Excerpt}
	if len(same) == 1 {
		f.Title = verdictIcon[o.Verdict] + " " + o.Name + " " + words(o.Verdict)
		return f
	}
	f.Title = verdictIcon[o.Verdict] + " These " + plural(len(same), "job") + " " + wordsOfMany(o.Verdict)
	for _, o := range same {
		f.Names = append(f.Names, o.Name)
	}
	return f
}
