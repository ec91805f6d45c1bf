// Package telemetrytest records spans for tests.
package telemetrytest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

// Recorder has the spans that begin and end below a span of the test.
type Recorder struct {
	spans *tracetest.SpanRecorder
	root  trace.SpanID
}

// Record returns a context in which everything is traced.
func Record(t testing.TB) (Recorder, context.Context) {
	spans := tracetest.NewSpanRecorder()
	ctx, root := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)).Tracer("test").Start(t.Context(), "test")
	t.Cleanup(func() { root.End() })
	return Recorder{spans, root.SpanContext().SpanID()}, ctx
}

// Tree returns the ended spans in the order in which they began, each indented below its
// parent. Consecutive spans of the same name share a line.
func (r Recorder) Tree() []string { return r.below(r.root, "") }

func (r Recorder) below(around trace.SpanID, indent string) []string {
	var lines []string
	ended := r.spans.Ended()
	slices.SortStableFunc(ended, func(a, b sdktrace.ReadOnlySpan) int { return a.StartTime().Compare(b.StartTime()) })
	for _, s := range ended {
		if s.Parent().SpanID() == around {
			lines = append(lines, indent+s.Name())
			lines = append(lines, r.below(s.SpanContext().SpanID(), indent+"  ")...)
		}
	}
	return slices.Compact(lines)
}

// Count returns the number of ended spans whose names have a prefix.
func (r Recorder) Count(prefix string) int {
	n := 0
	for _, s := range r.spans.Ended() {
		if strings.HasPrefix(s.Name(), prefix) {
			n++
		}
	}
	return n
}

// Only returns the ended span with a name. It fails the test unless there is exactly one.
func (r Recorder) Only(t testing.TB, name string) tracetest.SpanStub {
	t.Helper()
	var found []sdktrace.ReadOnlySpan
	for _, s := range r.spans.Ended() {
		if s.Name() == name {
			found = append(found, s)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d spans are called %s", len(found), name)
	}
	return tracetest.SpanStubFromReadOnlySpan(found[0])
}

// Attributes returns those of a span, as key=value.
func Attributes(s tracetest.SpanStub) []string {
	var list []string
	for _, a := range s.Attributes {
		list = append(list, string(a.Key)+"="+a.Value.String())
	}
	slices.Sort(list)
	return list
}

// Text returns everything that leaves the process with the ended spans.
func (r Recorder) Text() string {
	var b strings.Builder
	for _, s := range tracetest.SpanStubsFromReadOnlySpans(r.spans.Ended()) {
		fmt.Fprintln(&b, s.Name, s.Attributes, s.Events, s.Links, s.Status, s.Resource)
	}
	return b.String()
}
