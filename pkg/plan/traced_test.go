package plan_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/codes"

	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/telemetry/telemetrytest"
)

type failing struct{ err error }

func (f failing) Plan(context.Context, plan.Request) (*plan.Result, error) { return nil, f.err }

// TestTraced checks that a plan and a fetch have one span each. The span has an error if
// they failed, but not if the caller no longer needs the plan.
func TestTraced(t *testing.T) {
	req := plan.Request{Org: "acme", Repo: "config", Number: 7, Head: "abc", Author: "alice"}
	broken := errors.New("disk full")
	for name, tc := range map[string]struct {
		err     error
		stopped bool
		want    codes.Code
	}{
		"made":    {nil, false, codes.Unset},
		"failed":  {broken, false, codes.Error},
		"stopped": {context.Canceled, true, codes.Unset},
	} {
		t.Run(name, func(t *testing.T) {
			spans, ctx := telemetrytest.Record(t)
			fetch := plan.TracedFetch(func(context.Context, plan.Request) error { return tc.err })
			if err := fetch(ctx, req); !errors.Is(err, tc.err) {
				t.Errorf("fetching returns %v", err)
			}
			ctx, stop := context.WithCancel(ctx)
			defer stop()
			if tc.stopped {
				stop()
			}
			if _, err := plan.Traced(failing{tc.err}).Plan(ctx, req); !errors.Is(err, tc.err) {
				t.Errorf("planning returns %v", err)
			}
			made, fetched := spans.Only(t, "plan"), spans.Only(t, "fetch")
			if made.Status.Code != tc.want || (fetched.Status.Code == codes.Error) != (tc.err != nil) {
				t.Errorf("spans are %+v and %+v", fetched.Status, made.Status)
			}
			want := []string{"rehearsal.head=abc", "rehearsal.pull=acme/config#7"}
			if diff := cmp.Diff(want, telemetrytest.Attributes(made)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
