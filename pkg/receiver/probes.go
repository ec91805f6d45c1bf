package receiver

import (
	"fmt"
	"net/http"
	"sync/atomic"
)

// Probes answers /healthz and /readyz for kubelet, and /metrics. It is apart from
// the endpoint, which is open to the world.
type Probes struct {
	// Metrics answers for Prometheus; nothing does when nil.
	Metrics http.Handler

	ready atomic.Bool
}

// SetReady sets whether the receiver is ready for requests.
func (p *Probes) SetReady(ready bool) { p.ready.Store(ready) }

// Handler serves the probes.
func (p *Probes) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "ok") //nolint:errcheck // a probe that went away needs no answer
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if !p.ready.Load() {
			http.Error(w, "not ready", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok") //nolint:errcheck // a probe that went away needs no answer
	})
	if p.Metrics != nil {
		mux.Handle("GET /metrics", p.Metrics)
	}
	return mux
}
