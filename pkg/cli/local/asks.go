package local

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/gate"
	"github.com/rehearsal-dev/rehearsal/pkg/legible"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
)

// asks lists the requests of jobs beyond what the base branch grants, the gravest first.
// Each request is listed once, complete and unchanged. Unless wide, it names only a few
// of the jobs with the same request.
func (c *change) asks(wide bool) string {
	type ask struct {
		rule gate.Rule
		use  gate.Use
	}
	var order []gate.Ask
	jobs := map[ask][]string{}
	for _, j := range c.result.Affected {
		for _, a := range c.result.Findings[j.Key()].Asks {
			key := ask{a.Rule, a.Use}
			if jobs[key] == nil {
				order = append(order, a)
			}
			jobs[key] = append(jobs[key], legible.Name(j.Name, ""))
		}
	}
	slices.SortStableFunc(order, func(a, b gate.Ask) int { return cmp.Compare(a.Gravity(), b.Gravity()) })
	var b strings.Builder
	for _, a := range order {
		names := jobs[ask{a.Rule, a.Use}]
		of := strings.Join(names, ", ")
		if len(names) > few && !wide {
			of = fmt.Sprintf("%s and %d more, see -o wide", strings.Join(names[:few], ", "), len(names)-few)
		}
		b.WriteString("requests more than the base branch grants: " + askText(a) + ": " + of + "\n")
	}
	return b.String()
}

func askText(of gate.Ask) string {
	a := report.NewAsk(of)
	return a.Sentence + ": " + legible.Name(a.Value, "") + " (" + legible.Name(a.Path, "") + ")"
}
