package local

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/gate"
	"github.com/rehearsal-dev/rehearsal/pkg/plan"
)

// TestAsks checks that each request is shown once, complete and unchanged, the gravest
// first.
func TestAsks(t *testing.T) {
	r := &plan.Local{Result: plan.Result{Findings: map[string]gate.Finding{}}}
	for i := range 12 {
		var j affected.Job
		j.Name = fmt.Sprintf("pull-%d", i)
		r.Affected = append(r.Affected, j)
		r.Findings[j.Key()] = gate.Finding{Asks: []gate.Ask{{Rule: "secret", Path: "p", Use: gate.Use{Name: "clo\u200bud"}}}}
	}
	long := strings.Repeat("x", 5000) + "prod"
	r.Findings[r.Affected[0].Key()] = gate.Finding{Asks: []gate.Ask{{Rule: "label", Path: "p", Use: gate.Use{Name: long}}, {Rule: "privileged", Path: "p", Use: gate.Use{Name: "privileged"}}}}
	c := &change{result: r}
	got := c.asks(false)
	lines := strings.Split(got, "\n")
	if len(lines) != 4 || !strings.Contains(lines[0], "is privileged on its node") || !strings.Contains(lines[2], long) || !strings.Contains(got, `reads a secret: clo\u200bud (p): pull-1, `) || !strings.Contains(got, "and 1 more") {
		t.Errorf("got %.400s", got)
	}
	if wide := c.asks(true); !strings.Contains(wide, "pull-11") {
		t.Errorf("got %.400s", wide)
	}
	text, err := explainAffected(r.Affected[1], r.Findings[r.Affected[1].Key()])
	if err != nil || !strings.Contains(text, `reads a secret: clo\u200bud (p)`) {
		t.Errorf("got %s, %v", text, err)
	}
}
