package receiver

import (
	"net/http"

	"github.com/rehearsal-dev/rehearsal/pkg/settings"
	"github.com/rehearsal-dev/rehearsal/pkg/telemetry"
)

// Metrics tells Prometheus whether the settings are those in the file, which it
// looks at first, and what the process takes.
func Metrics(s *Reloaded[*settings.Settings]) (http.Handler, error) {
	handler, meter, err := telemetry.Handler()
	if err != nil {
		return nil, err
	}
	return handler, telemetry.ObserveSettings(meter, func() (bool, int64) {
		valid, refused := s.State()
		return valid, int64(refused)
	})
}
