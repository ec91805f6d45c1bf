package receiver

import (
	"net/http"

	"github.com/rehearsal-dev/rehearsal/pkg/settings"
	"github.com/rehearsal-dev/rehearsal/pkg/telemetry"
)

// Metrics exports whether the current settings file is valid, which it checks first,
// and the metrics of the process.
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
