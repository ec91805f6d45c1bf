package render

import (
	"path"
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/gate"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

func TestMatches(t *testing.T) {
	job := Job{Job: affected.Job{Ref: affected.Ref{Name: "pull-widget-e2e", Branches: []string{"main", "next"}}}, Branch: "main"}
	periodic := Job{Job: affected.Job{Ref: affected.Ref{Name: "pull-widget-e2e"}}}
	for name, want := range map[string]struct{ job, row, periodic bool }{
		"pull-widget-e2e":      {true, true, true},
		"pull-widget-e2e@main": {true, true, false},
		"pull-widget-e2e@next": {true, false, false},
		"pull-widget-e2e@old":  {false, false, false},
		"pull-widget-e2e@":     {false, false, false},
		"*":                    {true, true, true},
		"*-e2e":                {true, true, true},
		"pull-*":               {true, true, true},
		"pull-*-e2e":           {true, true, true},
		"*widget*":             {true, true, true},
		"*@m*n":                {true, true, false},
		"*@*":                  {true, true, false},
		"pull-widget-e2e*e2e":  {false, false, false},
		"widget":               {false, false, false},
		"":                     {false, false, false},
		"@main":                {false, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := job.Matches(name); got != want.job {
				t.Errorf("job: %t", got)
			}
			if got := MatchName(name, run.Job{Name: job.Name, Branch: job.Branch}); got != want.row {
				t.Errorf("row: %t", got)
			}
			if got := periodic.Matches(name); got != want.periodic {
				t.Errorf("periodic: %t", got)
			}
		})
	}
}

// FuzzWildcard compares with path.Match, where an asterisk does not match a slash.
func FuzzWildcard(f *testing.F) {
	f.Add("*-e2e-*", "pull-e2e-aws")
	f.Add("a*a", "a")
	f.Add("*a*b*ab", "aabab")
	f.Add(strings.Repeat("a*", 50)+"b", strings.Repeat("a", 200))
	f.Fuzz(func(t *testing.T, pattern, s string) {
		if strings.ContainsAny(pattern, `[]?\/`) || strings.Contains(s, "/") {
			return
		}
		want, err := path.Match(pattern, s)
		if got := gate.Wildcard(pattern, s); err == nil && got != want {
			t.Errorf("Wildcard(%q, %q) = %t, want %t", pattern, s, got, want)
		}
	})
}
