package requeue

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"knative.dev/pkg/controller"

	"github.com/rehearsal-dev/rehearsal/pkg/github"
)

func TestSettle(t *testing.T) {
	broken := errors.New("broken")
	wait := func(d time.Duration) error { return fmt.Errorf("run: %w", &Later{After: d}) }
	limited := fmt.Errorf("reading: %w", &github.RateLimitedError{Until: noon.Add(time.Hour)})
	for name, tc := range map[string]struct {
		errs  []error
		again time.Duration
		fails bool
	}{
		"no errors":                        {errs: []error{nil, nil}},
		"one wait":                         {errs: []error{nil, wait(time.Minute)}, again: time.Minute},
		"two waits":                        {errs: []error{errors.Join(wait(time.Minute), wait(2*time.Second))}, again: 2 * time.Second},
		"wait of less than a second":       {errs: []error{wait(time.Millisecond)}, again: time.Second},
		"a rate limit":                     {errs: []error{limited}, again: time.Hour},
		"an error beside a wait":           {errs: []error{errors.Join(wait(time.Minute), broken)}, again: time.Minute, fails: true},
		"an error beside a rate limit":     {errs: []error{limited, broken}, again: time.Hour, fails: true},
		"an error alone":                   {errs: []error{broken}, fails: true},
		"a rate limit beside a short wait": {errs: []error{limited, wait(2 * time.Second)}, again: 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			err := Settle(tc.errs, noon)
			ok, again := controller.IsRequeueKey(err)
			var failed *failure
			if errors.As(err, &failed) {
				again = failed.again
			}
			if fails := err != nil && !ok; fails != tc.fails || again != tc.again {
				t.Errorf("got %v; want again after %s, failure %v", err, tc.again, tc.fails)
			}
		})
	}
}
