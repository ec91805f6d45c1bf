package receiver

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

// Metrics tells Prometheus whether the settings are those in the file, which it
// looks at first, and what the process takes.
func Metrics(s *Reloaded[*settings.Settings]) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "rehearsal_settings_valid", Help: "1 if the latest version of the settings is in force, 0 if it was refused",
		}, func() float64 {
			if valid, _ := s.State(); valid {
				return 1
			}
			return 0
		}),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "rehearsal_settings_refused_total", Help: "versions of the settings that were refused",
		}, func() float64 {
			_, refused := s.State()
			return float64(refused)
		}),
	)
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
}
