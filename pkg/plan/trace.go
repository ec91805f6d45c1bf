package plan

import "context"

// Trace is told how far a plan is.
type Trace struct {
	// BaseRead is called when the base branch has been read, before anything of the
	// head is looked at.
	BaseRead func()
}

type traceKey struct{}

// WithTrace has the plans of a context tell how far they are.
func WithTrace(ctx context.Context, t Trace) context.Context {
	return context.WithValue(ctx, traceKey{}, t)
}

// TellBaseRead is what planners call when they have read the base branch.
func TellBaseRead(ctx context.Context) {
	if t, ok := ctx.Value(traceKey{}).(Trace); ok && t.BaseRead != nil {
		t.BaseRead()
	}
}
