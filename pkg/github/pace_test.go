package github_test

import (
	"errors"
	"testing"
	"time"

	kubefake "k8s.io/client-go/kubernetes/fake"

	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/ratelimit"
	standin "github.com/rehearsal-dev/rehearsal/test/github"
)

// TestWritesArePaced uses a GitHub with secondary limits. Two processes that write as
// much as they can must never reach them, and high-priority writes go first.
func TestWritesArePaced(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	f := start(t, standin.WithClock(clock), standin.WithContentLimits())
	pull := f.open(t)
	configMaps := kubefake.NewSimpleClientset().CoreV1().ConfigMaps("rehearsals")
	process := func() *github.Client {
		return newClient(t, f.APIURL(), github.Options{Now: clock, Writes: &ratelimit.WriteCounter{ConfigMaps: configMaps}})
	}
	controller, collate := process(), process()
	kept := map[bool]int{}
	write := func(client *github.Client, later bool) {
		ctx := t.Context()
		if later {
			ctx = github.Later(ctx)
		}
		_, err := client.CreateComment(ctx, "org", "config", pull.Number, "text")
		var limited *github.RateLimitedError
		switch {
		case err == nil:
			kept[later]++
		case !errors.As(err, &limited) || !limited.Ours || !limited.Until.After(now):
			t.Fatalf("at %s: %v", now, err)
		}
	}
	for range 30 { // minutes
		for range 60 {
			write(controller, true)
		}
		for range 20 {
			write(controller, false)
			write(collate, false)
		}
		now = now.Add(time.Minute + time.Second)
	}
	if kept[true] > 300 || kept[false] < 150 || kept[true]+kept[false] > 450 {
		t.Errorf("%d that can wait and %d that people wait for were written in half an hour", kept[true], kept[false])
	}
}
