package telemetry

import (
	"fmt"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/contrib/instrumentation/runtime"
	exporter "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
)

// Handler serves the metrics of a program that Knative does not run to Prometheus,
// with the same names, including those of the Go runtime. Use the meter for
// instruments.
func Handler() (http.Handler, metric.Meter, error) {
	registry := prometheus.NewRegistry()
	reader, err := exporter.New(exporter.WithRegisterer(registry), exporter.WithoutScopeInfo(), exporter.WithoutTargetInfo())
	if err != nil {
		return nil, nil, fmt.Errorf("exporting metrics to Prometheus: %w", err)
	}
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	if err := runtime.Start(runtime.WithMeterProvider(provider)); err != nil {
		return nil, nil, fmt.Errorf("measuring the Go runtime: %w", err)
	}
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{}), provider.Meter(scope), nil
}
