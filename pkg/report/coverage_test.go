package report

import (
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// covering returns a coverage in which something is missing.
func covering(what string) *run.Coverage {
	return &run.Coverage{Of: []run.Aspect{{What: "cause", Total: 2, Missing: 1, Examples: []string{what}}}}
}

func TestCoverage(t *testing.T) {
	for name, tc := range map[string]struct {
		of   []run.Aspect
		want string
	}{
		"selected and other jobs alike": {nil, "The jobs that are left out have the same cause and target as those that are chosen."},
		"everything covered": {[]run.Aspect{{What: "cause", Total: 2}, {What: "repository", Total: 2}, {What: "branch", Total: 3}},
			"The sample covers both causes, both repositories and all 3 branches."},
		"one value of each aspect missing": {[]run.Aspect{
			{What: "cause", Total: 2, Missing: 1, Examples: []string{"preset cloud presets.yaml"}}, {What: "cluster", Total: 2, Missing: 1, Examples: []string{"a"}},
		}, "The sample covers 1 of 2 causes and 1 of 2 clusters; left out: cause `preset cloud presets.yaml`; cluster `a`."},
		"several values of each aspect missing": {[]run.Aspect{
			{What: "repository", Total: 4, Missing: 3, Examples: []string{"acme/a", "acme/b"}}, {What: "branch", Total: 3, Missing: 2, Examples: []string{"`main`", "main"}},
		}, "The sample covers 1 of 4 repositories and 1 of 3 branches; left out: repositories `acme/a`, `acme/b` and 1 more; branches `'main'` and `main`."},
	} {
		t.Run(name, func(t *testing.T) {
			if got := coverage("The sample", &run.Coverage{Of: tc.of}); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}
