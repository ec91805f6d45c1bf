package rig

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Gates hold jobs until a test opens them, so that the test decides when a job ends. Jobs
// reach them over the network of the cluster.
type Gates struct {
	address string
	server  *http.Server

	mu   sync.Mutex
	open map[string]bool
}

// StartGates serves gates, all of them closed.
func StartGates(c *Cluster) (*Gates, error) {
	l, err := net.Listen("tcp", net.JoinHostPort(c.HostAddress, "0"))
	if err != nil {
		return nil, fmt.Errorf("listen for the gates: %w", err)
	}
	g := &Gates{address: l.Addr().String(), open: map[string]bool{}}
	g.server = &http.Server{Handler: g, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		// Serve always returns an error; after Close it is ErrServerClosed.
		if err := g.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			fmt.Println("gates:", err)
		}
	}()
	return g, nil
}

// ServeHTTP implements http.Handler: the path is the name of a gate.
func (g *Gates) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.open[strings.TrimPrefix(r.URL.Path, "/")] {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

// Open lets the jobs behind a gate continue.
func (g *Gates) Open(name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open[name] = true
}

// Close stops the server. Jobs that are still waiting wait until they are ended.
func (g *Gates) Close(ctx context.Context) error { return g.server.Shutdown(ctx) }

// Wait returns the script of a job that waits at a gate. The job ends at once on SIGTERM.
func (g *Gates) Wait(name string) string {
	return fmt.Sprintf(`trap 'echo told to stop; exit 143' TERM
echo waiting at gate %[1]s
until %[2]s; do sleep 1; done
echo gate %[1]s is open
`, name, g.IsOpen(name))
}

// IsOpen returns a condition for a shell script. The image's wget cannot be used: Debian's
// static busybox crashes when it parses a URL.
func (g *Gates) IsOpen(name string) string {
	host, port, _ := net.SplitHostPort(g.address)
	return fmt.Sprintf(`printf 'GET /%s HTTP/1.0\r\n\r\n' | nc %s %s | grep -q ' 200 '`, name, host, port)
}
