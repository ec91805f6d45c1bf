// Package telemetry defines all our metrics and spans, for OpenTelemetry. The programs
// also export the metrics of Knative, client-go and the Go runtime.
package telemetry

import (
	"context"
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// Metric describes a metric.
type Metric struct {
	// Name and Unit are OpenTelemetry's; the unit is a UCUM code.
	Name, Unit string
	// Counter says that the metric is monotonic.
	Counter bool
	// Label is the name of its label; empty if it has none.
	Label       string
	Description string
	// Programs are the programs that export it.
	Programs []string
}

// The names of the programs.
const (
	controller = "controller"
	receiver   = "receiver"
)

var (
	settingsValid = Metric{
		Name: "rehearsal.settings.valid", Programs: []string{controller, receiver},
		Description: "1 if the latest version of the settings is in force, 0 if it was refused",
	}
	settingsRefused = Metric{
		Name: "rehearsal.settings.refused", Counter: true, Programs: []string{controller, receiver},
		Description: "Versions of the settings that were refused",
	}
	limitedUntil = Metric{
		Name: "rehearsal.github.limited_until", Unit: "s", Label: "account", Programs: []string{controller},
		Description: "When the latest rate limit of GitHub ends, in seconds since 1970",
	}
	cachedAnswers = Metric{
		Name: "rehearsal.github.answers", Unit: "By", Programs: []string{controller},
		Description: "Size of GitHub's answers in the cache, 32 MiB at most",
	}
)

// All are all metrics.
var All = []Metric{settingsValid, settingsRefused, limitedUntil, cachedAnswers}

// Prometheus returns the name of the metric in Prometheus.
func (m Metric) Prometheus() string {
	name := strings.ReplaceAll(m.Name, ".", "_")
	if unit := map[string]string{"s": "_seconds", "By": "_bytes"}[m.Unit]; unit != "" {
		name += unit
	}
	if m.Counter {
		name += "_total"
	}
	return name
}

// scope is the name of OpenTelemetry's instrumentation scope.
const scope = "github.com/rehearsal-dev/rehearsal"

// Meter creates our instruments.
func Meter() metric.Meter { return otel.Meter(scope) }

// ObserveSettings exports whether the latest version of the settings is in force, and
// how many versions were refused.
func ObserveSettings(meter metric.Meter, state func() (valid bool, refused int64)) error {
	valid, err := meter.Int64ObservableGauge(settingsValid.Name, metric.WithDescription(settingsValid.Description))
	if err != nil {
		return fmt.Errorf("making the metric %s: %w", settingsValid.Name, err)
	}
	refused, err := meter.Int64ObservableCounter(settingsRefused.Name, metric.WithDescription(settingsRefused.Description))
	if err != nil {
		return fmt.Errorf("making the metric %s: %w", settingsRefused.Name, err)
	}
	_, err = meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		inForce, n := state()
		asNumber := int64(0)
		if inForce {
			asNumber = 1
		}
		o.ObserveInt64(valid, asNumber)
		o.ObserveInt64(refused, n)
		return nil
	}, valid, refused)
	return err
}

// ObserveCachedAnswers exports the size of the cached GitHub responses.
func ObserveCachedAnswers(meter metric.Meter, size func() int64) error {
	_, err := meter.Int64ObservableGauge(cachedAnswers.Name, metric.WithDescription(cachedAnswers.Description), metric.WithUnit(cachedAnswers.Unit),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(size())
			return nil
		}))
	if err != nil {
		return fmt.Errorf("making the metric %s: %w", cachedAnswers.Name, err)
	}
	return nil
}

// RecordLimit exports until when an account is rate-limited.
func RecordLimit(ctx context.Context, meter metric.Meter, account string, until time.Time) error {
	gauge, err := meter.Float64Gauge(limitedUntil.Name, metric.WithDescription(limitedUntil.Description), metric.WithUnit(limitedUntil.Unit))
	if err != nil {
		return fmt.Errorf("making the metric %s: %w", limitedUntil.Name, err)
	}
	gauge.Record(ctx, float64(until.Unix()), metric.WithAttributes(attribute.String(limitedUntil.Label, account)))
	return nil
}
