package report

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/legible"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// Text renders a run for a terminal.
func Text(v RunView) string {
	var b strings.Builder
	icon, verdict, rest := headline(v)
	b.WriteString(icon + " " + oneLine(verdict))
	if rest != "" {
		b.WriteString(": " + oneLine(rest))
	}
	b.WriteString("\n")
	outcomes := sorted(v.Outcomes)
	b.WriteString("\n" + textTable(outcomes))
	for _, o := range outcomes {
		if saysMore(v, o) {
			b.WriteString(textSection(o))
		}
	}
	if len(v.Manifest.Notes) > 0 {
		b.WriteString("\n")
	}
	for _, note := range v.Manifest.Notes {
		b.WriteString("- " + oneLine(note) + "\n")
	}
	if again := rerunAll(v); again != "" {
		b.WriteString("\nTo rerun what did not pass: " + oneLine(again) + "\n")
	}
	return b.String()
}

func textTable(outcomes []run.Outcome) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "RESULT\tTIME\tJOB\tREPOSITORY\tBRANCH\tLOG") //nolint:errcheck // a strings.Builder takes everything
	for _, o := range outcomes {
		cells := []string{words(o.Verdict), "-", o.Name, o.Repo, o.Branch, o.URL}
		if d := o.Duration().Round(time.Second); d > 0 {
			cells[1] = lasting(d)
		}
		for i, cell := range cells {
			if cells[i] = oneLine(cell); cells[i] == "" {
				cells[i] = "-"
			}
		}
		fmt.Fprintln(w, strings.Join(cells, "\t")) //nolint:errcheck // a strings.Builder takes everything
	}
	_ = w.Flush()
	return b.String()
}

func textSection(o run.Outcome) string {
	var b strings.Builder
	b.WriteString("\n" + oneLine(o.Name) + " " + words(o.Verdict))
	if o.Detail != "" {
		b.WriteString(": " + oneLine(explanation(o)))
	}
	b.WriteString("\n")
	for _, line := range o.Excerpt {
		b.WriteString("    " + legible.Printable(line) + "\n")
	}
	return b.String()
}
