// Package examples gives tests the webhook payloads that GitHub publishes as examples. They
// come from a cache that test/github/fetch-data.sh fills. If they are absent, tests that
// need them are skipped, or fail if REHEARSAL_REQUIRE_GITHUB_DATA is set.
package examples

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"

	"github.com/rehearsal-dev/rehearsal/test/github/internal/data"
)

// Example is one published payload.
type Example struct {
	Event   string // as in X-GitHub-Event
	Action  string // empty if the event has none
	Payload json.RawMessage
}

// Name is the event and the action; several examples may have the same.
func (e Example) Name() string {
	if e.Action == "" {
		return e.Event
	}
	return e.Event + "/" + e.Action
}

var load = sync.OnceValues(func() ([]Example, error) {
	raw, err := data.Read(data.WebhookExamples)
	if err != nil {
		return nil, err
	}
	var events []struct {
		Name     string
		Examples []json.RawMessage
	}
	if err := json.Unmarshal(raw, &events); err != nil {
		return nil, fmt.Errorf("parse the webhook examples: %w", err)
	}
	var all []Example
	for _, event := range events {
		for _, payload := range event.Examples {
			var head struct{ Action string }
			if err := json.Unmarshal(payload, &head); err != nil {
				return nil, fmt.Errorf("parse an example of %s: %w", event.Name, err)
			}
			all = append(all, Example{Event: event.Name, Action: head.Action, Payload: payload})
		}
	}
	return all, nil
})

// All returns the examples of all events, in the published order. The caller
// must not change them.
func All(tb testing.TB) []Example {
	tb.Helper()
	all, err := load()
	data.Need(tb, err)
	return all
}

// Of returns the examples of one event, such as issue_comment.
func Of(tb testing.TB, event string) []Example {
	tb.Helper()
	var some []Example
	for _, e := range All(tb) {
		if e.Event == event {
			some = append(some, e)
		}
	}
	if len(some) == 0 {
		tb.Fatalf("GitHub publishes no example of the event %q", event)
	}
	return some
}
