package telemetry_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rehearsal-dev/rehearsal/pkg/telemetry"
)

// TestExported creates every instrument, and reads them in Prometheus' format.
func TestExported(t *testing.T) {
	handler, meter, err := telemetry.Handler()
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		telemetry.ObserveSettings(meter, func() (bool, int64) { return true, 3 }),
		telemetry.ObserveCachedAnswers(meter, func() int64 { return 4096 }),
		telemetry.RecordLimit(context.Background(), meter, "token", time.Unix(1700000000, 0)),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	var got []string
	for line := range strings.Lines(w.Body.String()) {
		if strings.HasPrefix(line, "rehearsal_") {
			got = append(got, strings.TrimSpace(line))
		}
	}
	slices.Sort(got)
	want := []string{
		"rehearsal_github_answers_bytes 4096", `rehearsal_github_limited_until_seconds{account="token"} 1.7e+09`,
		"rehearsal_settings_refused_total 3", "rehearsal_settings_valid 1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, m := range telemetry.All {
		if !slices.ContainsFunc(got, func(line string) bool { return strings.HasPrefix(line, m.Prometheus()) }) {
			t.Errorf("%s is called %s, which nobody exports", m.Name, m.Prometheus())
		}
	}
	if !strings.Contains(w.Body.String(), "\ngo_goroutine_count ") {
		t.Error("the Go runtime is not measured")
	}
}

// TestDocumented compares the table in docs/metrics.md with the existing metrics.
func TestDocumented(t *testing.T) {
	raw, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	metrics, _, _ := strings.Cut(string(raw), "\n## ")
	for line := range strings.Lines(metrics) {
		if strings.HasPrefix(line, "| `") {
			got = append(got, strings.TrimSpace(line))
		}
	}
	for _, m := range telemetry.All {
		label := m.Label
		if label != "" {
			label = "`" + label + "`"
		}
		want = append(want, fmt.Sprintf("| `%s` | %s | %s | %s |", m.Prometheus(), label, strings.Join(m.Programs, ", "), m.Description))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
