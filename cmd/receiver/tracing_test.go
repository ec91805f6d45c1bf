package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"go.opentelemetry.io/otel"

	"github.com/rehearsal-dev/rehearsal/pkg/telemetry"
)

func TestTracesWhereTheConfigMapSays(t *testing.T) {
	before := otel.GetTracerProvider()
	t.Cleanup(func() { otel.SetTracerProvider(before) })
	var got atomic.Value
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got.Store(r.URL.Path + " " + string(body))
	}))
	defer collector.Close()
	for name, tc := range map[string]struct {
		settings map[string]string
		want     string
	}{
		"no ConfigMap":           {nil, ""},
		"metrics without traces": {map[string]string{"metrics-protocol": "prometheus"}, ""},
		"traces to a collector": {map[string]string{
			"tracing-protocol": "http/protobuf", "tracing-endpoint": collector.URL + "/v1/traces", "tracing-sampling-rate": "1",
		}, "webhook"},
	} {
		t.Run(name, func(t *testing.T) {
			got.Store("")
			dir := filepath.Join(t.TempDir(), "missing")
			if tc.settings != nil {
				dir = t.TempDir()
			}
			for key, value := range tc.settings {
				write(t, filepath.Join(dir, key), value)
			}
			flush, err := trace(t.Context(), dir)
			if err != nil {
				t.Fatal(err)
			}
			_, span := telemetry.Webhook.Start(t.Context())
			telemetry.End(span, nil)
			flush(silent())
			sent := got.Load().(string)
			is := strings.HasPrefix(sent, "/v1/traces ") && strings.Contains(sent, tc.want) && strings.Contains(sent, "rehearsal-receiver")
			if tc.want == "" && sent != "" || tc.want != "" && !is {
				t.Errorf("sent was %q", sent)
			}
		})
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "tracing-protocol"), "pigeons")
	if _, err := trace(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "config-observability") {
		t.Errorf("a protocol that there is not: %v", err)
	}
}
