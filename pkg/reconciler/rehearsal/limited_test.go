package rehearsal

import (
	"context"
	"testing"
	"time"

	prometheusclient "github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"knative.dev/pkg/logging"
)

// TestReportLimit checks that the log and the metric show the end of the rate limit.
func TestReportLimit(t *testing.T) {
	registry := prometheusclient.NewRegistry()
	exporter, err := prometheus.New(prometheus.WithRegisterer(registry))
	if err != nil {
		t.Fatal(err)
	}
	before := otel.GetMeterProvider()
	otel.SetMeterProvider(metric.NewMeterProvider(metric.WithReader(exporter)))
	t.Cleanup(func() { otel.SetMeterProvider(before) })
	core, logs := observer.New(zap.InfoLevel)
	until := noon.Add(10 * time.Minute)
	ReportLimit(logging.WithLogger(context.Background(), zap.New(core).Sugar()), "installation-7", until)

	lines := logs.All()
	if len(lines) != 1 || lines[0].ContextMap()["account"] != "installation-7" || lines[0].ContextMap()["until"] != until {
		t.Errorf("the log is %+v", lines)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == "rehearsal_github_limited_until_seconds" && family.GetMetric()[0].GetGauge().GetValue() == float64(until.Unix()) {
			return
		}
	}
	t.Errorf("the metrics are %v", families)
}
