package report

import (
	"fmt"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/legible"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// headline summarises a run as plain text: an icon, the verdict, and the rest.
func headline(v RunView) (icon, verdict, rest string) {
	t := run.Count(v.Outcomes)
	switch {
	case v.AbortReason != "":
		verdict = "Aborted"
		if !v.Over && !allSettled(v.Outcomes) {
			verdict = "Aborting"
		}
		rest = strings.TrimRight(legible.Clip(v.AbortReason, maxDetail), ".") + "."
		if s := counts(t, run.Aborted); s != "" {
			rest += " " + upperFirst(s) + "."
		}
		return "🛑", verdict, rest
	case t.Total == 0:
		return "⏳", "Preparing the rehearsals", ""
	case t.Unfinished() > 0 && !v.Over:
		if t.Queued+t.NotStarted == t.Total {
			return "⏳", plural(t.Total, "rehearsal") + " queued", ""
		}
		icon, verdict, rest = "⏳", running(t), counts(t, run.Running)
	case t.AllPassed() && t.Total == 1:
		return "✅", "The rehearsal passed", ""
	case t.AllPassed():
		return "✅", fmt.Sprintf("All %d rehearsals passed", t.Total), ""
	case t.Failed > 0:
		icon, verdict, rest = "❌", ofTotal(t.Failed, t.Total, "failed"), counts(t, run.Failed)
	case t.Unfinished() > 0:
		icon, verdict, rest = "❌", ofTotal(t.Unfinished(), t.Total, "did not finish"), counts(t, "")
	default:
		icon, verdict, rest = "🛑", ofTotal(t.Aborted, t.Total, "aborted"), counts(t, run.Aborted)
	}
	if rest != "" {
		rest += "."
	}
	return icon, verdict, rest
}

func running(t run.Tally) string {
	if t.Total == 1 {
		return "Running the rehearsal"
	}
	return fmt.Sprintf("Running %d of %s", t.Unfinished(), plural(t.Total, "rehearsal"))
}

func ofTotal(n, total int, what string) string {
	if total == 1 {
		return "The rehearsal " + strings.Replace(what, "aborted", "was aborted", 1)
	}
	return fmt.Sprintf("%d of %s %s", n, plural(total, "rehearsal"), what)
}

// counts lists the counts, without the one that the headline already has.
func counts(t run.Tally, without run.Verdict) string {
	var parts []string
	for _, c := range []struct {
		verdict run.Verdict
		n       int
	}{{run.Failed, t.Failed}, {run.Passed, t.Passed}, {run.Aborted, t.Aborted}, {run.Running, t.Running}, {run.Queued, t.Queued}, {run.NotStarted, t.NotStarted}} {
		if c.n > 0 && c.verdict != without {
			parts = append(parts, fmt.Sprintf("%d %s", c.n, c.verdict))
		}
	}
	return strings.Join(parts, ", ")
}

func allSettled(outcomes []run.Outcome) bool {
	for _, o := range outcomes {
		if o.Verdict != run.NotStarted && !o.Settled() {
			return false
		}
	}
	return true
}
