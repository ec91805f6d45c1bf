package plan

import (
	"context"

	"go.opentelemetry.io/otel/attribute"

	"github.com/rehearsal-dev/rehearsal/pkg/telemetry"
)

// Traced records a span for every plan.
func Traced(p Planner) Planner { return traced{p} }

type traced struct{ Planner }

// Plan implements Planner.
func (t traced) Plan(ctx context.Context, req Request) (*Result, error) {
	ctx, span := telemetry.Plan.Start(ctx, spanAttributes(req)...)
	result, err := t.Planner.Plan(ctx, req)
	if ctx.Err() != nil {
		span.AddEvent("stopped") // the caller no longer needs the plan, so nothing has failed
		telemetry.End(span, nil)
	} else {
		telemetry.End(span, err)
	}
	return result, err
}

// TracedFetch records a span for every call of fetch, which fetches what a plan needs.
func TracedFetch(fetch func(context.Context, Request) error) func(context.Context, Request) error {
	return func(ctx context.Context, req Request) error {
		ctx, span := telemetry.Fetch.Start(ctx, spanAttributes(req)...)
		err := fetch(ctx, req)
		telemetry.End(span, err)
		return err
	}
}

func spanAttributes(req Request) []attribute.KeyValue {
	return []attribute.KeyValue{telemetry.Pull(req.Org, req.Repo, req.Number), telemetry.Head(req.Head)}
}
