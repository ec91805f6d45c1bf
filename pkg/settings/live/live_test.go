package live

import (
	"context"
	"errors"
	"strings"
	"testing"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/zap"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/record"

	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

// measured returns the values of all metrics, by name.
func measured(t *testing.T, reader sdkmetric.Reader) map[string]int64 {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &all); err != nil {
		t.Fatal(err)
	}
	values := map[string]int64{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch data := m.Data.(type) {
			case metricdata.Gauge[int64]:
				values[m.Name] = data.DataPoints[0].Value
			case metricdata.Sum[int64]:
				values[m.Name] = data.DataPoints[0].Value
			}
		}
	}
	return values
}

func TestSettingsAreFollowed(t *testing.T) {
	store := settings.NewStore(settings.Defaults())
	events := record.NewFakeRecorder(9)
	reader := sdkmetric.NewManualReader()
	if err := observe(sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)).Meter("test"), store); err != nil {
		t.Fatal(err)
	}
	applied := 0
	f := &Follower{store: store, events: events, log: zap.NewNop().Sugar(), Applied: func() { applied++ }}
	for _, step := range []struct {
		name, file string
		// event is the beginning of the event's message; empty for no event.
		event          string
		dry            bool
		valid, refused int64
	}{
		{name: "valid", file: "dry_run: true", dry: true, valid: 1},
		{name: "broken", file: "dry_run: false\nprefixs: [/x]\n", dry: true, refused: 1,
			event: "Warning SettingsRefused These settings are not valid; the previous ones stay in force:\nconfig-rehearsal/config.yaml:2: prefixs: is not a setting; did you mean prefixes?"},
		{name: "still broken", file: "[]", dry: true, refused: 2,
			event: "Warning SettingsRefused These settings are not valid; the previous ones stay in force:\nconfig-rehearsal/config.yaml:1: is a list, not a map"},
		{name: "mended", file: "dry_run: false", valid: 1, refused: 2, event: "Normal SettingsAccepted The settings are valid again, and in force."},
		{name: "for the next start", file: "github: {app_id: 7}", valid: 1, refused: 2,
			event: "Warning RestartNeeded github.app_id: changes here take effect when the controller is restarted"},
	} {
		t.Run(step.name, func(t *testing.T) {
			f.Follow(&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: settings.ConfigMap}, Data: map[string]string{settings.File: step.file}})
			event := ""
			select {
			case event = <-events.Events:
			default:
			}
			if event != step.event {
				t.Errorf("told is %q, want %q", event, step.event)
			}
			if store.Get().DryRun != step.dry {
				t.Errorf("in force are %+v", store.Get())
			}
			got := measured(t, reader)
			if got["rehearsal.settings.valid"] != step.valid || got["rehearsal.settings.refused"] != step.refused {
				t.Errorf("measured is %v", got)
			}
		})
	}
	if applied != 3 {
		t.Errorf("Rehearsals were looked at again for %d versions, want each of the 3 valid ones", applied)
	}
}

func TestRefusalFitsIntoAnEvent(t *testing.T) {
	_, err := settings.Parse(map[string]string{settings.File: "prefixes: [" + strings.Repeat("x, ", 90) + "]"})
	message := refusal(err)
	if len(message) > maxEvent || !strings.Contains(message, "config.yaml:1: prefixes[0]: ") || !strings.HasSuffix(message, " more") {
		t.Errorf("%d bytes: %s", len(message), message)
	}
	if message := refusal(errors.New("other")); !strings.HasSuffix(message, ": other") {
		t.Error(message)
	}
}
