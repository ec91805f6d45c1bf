package plan

import "context"

// Trace is notified of the progress of a plan.
type Trace struct {
	// BaseRead is called when the base branch has been read, before anything of the head
	// is.
	BaseRead func()
}

type traceKey struct{}

// WithTrace makes the plans of a context notify t.
func WithTrace(ctx context.Context, t Trace) context.Context {
	return context.WithValue(ctx, traceKey{}, t)
}

// TellBaseRead is called by planners when they have read the base branch.
func TellBaseRead(ctx context.Context) {
	if t, ok := ctx.Value(traceKey{}).(Trace); ok && t.BaseRead != nil {
		t.BaseRead()
	}
}
