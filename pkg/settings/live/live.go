// Package live applies new versions of the settings while a program runs, and reports the
// result to their authors.
package live

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/record"
	"knative.dev/pkg/controller"
	"knative.dev/pkg/logging"

	"github.com/rehearsal-dev/rehearsal/pkg/settings"
	"github.com/rehearsal-dev/rehearsal/pkg/telemetry"
)

// Reasons of the events on the ConfigMap of the settings.
const (
	reasonSettingsRefused  = "SettingsRefused"
	reasonSettingsAccepted = "SettingsAccepted"
	reasonRestartNeeded    = "RestartNeeded"
)

// maxEvent limits the message of an event, in bytes: the API server accepts 1,024.
const maxEvent = 1000

// Follower applies new versions.
type Follower struct {
	store  *settings.Store
	events record.EventRecorder
	log    *zap.SugaredLogger
	// Applied is called whenever settings were applied.
	Applied func()
}

// NewFollower returns a Follower that writes events, and exports whether the settings are
// valid.
func NewFollower(ctx context.Context, store *settings.Store) *Follower {
	f := &Follower{store: store, events: controller.GetEventRecorder(ctx), log: logging.FromContext(ctx)}
	if err := observe(telemetry.Meter(), store); err != nil {
		f.log.Errorw("The state of the settings was not recorded as a metric", "error", err)
	}
	return f
}

// Follow applies a version of the ConfigMap if it is valid.
func (f *Follower) Follow(cm *corev1.ConfigMap) {
	wasValid := f.store.Valid()
	waiting, err := f.store.Update(cm.Data)
	if err != nil {
		f.log.Errorw("The settings are not valid; the previous ones stay in force", "error", err)
		f.events.Event(cm, corev1.EventTypeWarning, reasonSettingsRefused, refusal(err))
		return
	}
	f.Applied()
	if !wasValid {
		f.log.Info("The settings are valid again")
		f.events.Event(cm, corev1.EventTypeNormal, reasonSettingsAccepted, "The settings are valid again, and in force.")
	}
	if len(waiting) > 0 {
		message := strings.Join(waiting, ", ") + ": changes here take effect when the controller is restarted"
		f.log.Warn(message)
		f.events.Event(cm, corev1.EventTypeWarning, reasonRestartNeeded, message)
	}
}

// refusal says what is wrong, shortened to fit into an event.
func refusal(err error) string {
	message := "These settings are not valid; the previous ones stay in force:"
	var invalid *settings.InvalidError
	if !errors.As(err, &invalid) {
		return message + " " + err.Error()
	}
	for i, p := range invalid.Problems {
		line := "\n" + p.String()
		if len(message)+len(line) > maxEvent-len("\nand 100 more") {
			return message + fmt.Sprintf("\nand %d more", len(invalid.Problems)-i)
		}
		message += line
	}
	return message
}

func observe(meter metric.Meter, store *settings.Store) error {
	return telemetry.ObserveSettings(meter, func() (bool, int64) { return store.Valid(), store.Refused() })
}
