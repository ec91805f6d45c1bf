package examples_test

import (
	"testing"

	"github.com/rehearsal-dev/rehearsal/test/github/examples"
)

func TestExamplesOfOurEvents(t *testing.T) {
	for event, want := range map[string][]string{
		"pull_request":  {"opened", "synchronize", "reopened", "closed"},
		"issue_comment": {"created", "edited", "deleted"},
		"ping":          {""},
	} {
		actions := map[string]bool{}
		for _, e := range examples.Of(t, event) {
			actions[e.Action] = true
		}
		for _, action := range want {
			if !actions[action] {
				t.Errorf("no example of %s %s", event, action)
			}
		}
	}
}
