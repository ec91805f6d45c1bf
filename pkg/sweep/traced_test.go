package sweep

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/codes"

	"github.com/rehearsal-dev/rehearsal/pkg/telemetry/telemetrytest"
)

func TestSweepIsTraced(t *testing.T) {
	s := newSweep()
	s.hub.err = errors.New("no listing")
	spans, ctx := telemetrytest.Record(t)
	if err := s.traced(ctx, "acme/config"); !errors.Is(err, s.hub.err) {
		t.Fatal(err)
	}
	span := spans.Only(t, "sweep")
	if diff := cmp.Diff([]string{"rehearsal.repository=acme/config"}, telemetrytest.Attributes(span)); diff != "" || span.Status.Code != codes.Error {
		t.Errorf("%+v %s", span.Status, diff)
	}
}
