package receiver

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/codes"

	"github.com/rehearsal-dev/rehearsal/pkg/logbook/logbooktest"
	"github.com/rehearsal-dev/rehearsal/pkg/telemetry/telemetrytest"
)

// TestWebhookIsTraced, and what somebody wrote is not in the trace, whatever the API server
// quotes of it.
func TestWebhookIsTraced(t *testing.T) {
	for name, tc := range map[string]struct {
		store  *logbooktest.Store
		change func(*http.Request)
		status string
		failed bool
	}{
		"stored":     {&logbooktest.Store{}, func(*http.Request) {}, "200", false},
		"not signed": {&logbooktest.Store{}, func(r *http.Request) { r.Header.Del("X-Hub-Signature-256") }, "403", false},
		"not stored": {&logbooktest.Store{Fail: func(string, string) error { return errors.New(`"/pj-rehearse" is too long`) }}, func(*http.Request) {}, "503", true},
	} {
		t.Run(name, func(t *testing.T) {
			spans, ctx := telemetrytest.Record(t)
			req := delivery("issue_comment", comment).WithContext(ctx)
			tc.change(req)
			post(fixture(tc.store, io.Discard), req)
			span := spans.Only(t, "webhook")
			want := []string{"http.response.status_code=" + tc.status, "rehearsal.delivery=72d3162e-cc78-11e3-81ab-4c9367dc0958", "rehearsal.event=issue_comment"}
			if diff := cmp.Diff(want, telemetrytest.Attributes(span)); diff != "" || (span.Status.Code == codes.Error) != tc.failed {
				t.Errorf("%+v %s", span.Status, diff)
			}
			for _, private := range []string{"pj-rehearse", secret, "bob"} {
				if all := spans.Text(); strings.Contains(all, private) {
					t.Errorf("spans have %q: %s", private, all)
				}
			}
		})
	}
}
