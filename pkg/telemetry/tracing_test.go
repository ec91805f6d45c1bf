package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/codes"

	"github.com/rehearsal-dev/rehearsal/pkg/telemetry"
	"github.com/rehearsal-dev/rehearsal/pkg/telemetry/telemetrytest"
)

func TestSpans(t *testing.T) {
	spans, ctx := telemetrytest.Record(t)
	around, outer := telemetry.Reconcile.Start(ctx, telemetry.Pull("acme", "config", 7), telemetry.UID("u"))
	_, inner := telemetry.StartPart(around, "part")
	telemetry.End(inner, errors.New("no such thing"))
	telemetry.End(outer, nil)
	if diff := cmp.Diff([]string{"reconcile", "  part"}, spans.Tree()); diff != "" {
		t.Error(diff)
	}
	if s := spans.Only(t, "part"); s.Status.Code != codes.Error || s.Status.Description != "no such thing" || len(s.Events) != 1 {
		t.Errorf("the part that failed: %+v %v", s.Status, s.Events)
	}
	if s := spans.Only(t, "reconcile"); s.Status.Code != codes.Unset || len(s.Events) != 0 {
		t.Errorf("what did not fail: %+v %v", s.Status, s.Events)
	}
}

// TestUntraced checks that nothing is recorded without a provider, which is the default.
func TestUntraced(t *testing.T) {
	ctx, span := telemetry.Plan.Start(context.Background(), telemetry.Head("abc"))
	_, part := telemetry.StartPart(ctx, "part")
	if span.IsRecording() || part.IsRecording() {
		t.Error("spans are recorded that nobody asked for")
	}
	telemetry.End(part, errors.New("x"))
	telemetry.End(span, nil)
}

// BenchmarkUntraced measures the cost of each phase when nothing is traced.
func BenchmarkUntraced(b *testing.B) {
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		_, part := telemetry.StartPart(ctx, "part")
		telemetry.End(part, nil)
	}
}

// TestSpansAreDocumented compares the table in docs/metrics.md with the existing spans.
func TestSpansAreDocumented(t *testing.T) {
	raw, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(raw), "\n## Trace what takes time\n")
	var got, want []string
	for line := range strings.Lines(section) {
		if strings.HasPrefix(line, "| `") {
			got = append(got, strings.TrimSpace(line))
		}
	}
	for _, s := range telemetry.Spans {
		var keys []string
		for _, key := range s.Attributes {
			keys = append(keys, "`"+string(key)+"`")
		}
		want = append(want, fmt.Sprintf("| `%s` | %s | %s | %s |", s.Name, strings.Join(keys, ", "), s.Program, s.Description))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
