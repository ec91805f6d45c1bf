package report

import (
	"fmt"
	"strings"
)

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
		icon, verdict, rest = "⏳", running(t), t.list(Running)
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

func running(t Tally) string {
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
