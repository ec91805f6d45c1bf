package plane

import (
	"context"
	"errors"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"

	"k8s.io/client-go/rest"
)

// Gate is a proxy for one process: to the API server, as the service account of the process,
// and, through HTTP_PROXY, to GitHub. It counts the calls, and kills the process at its Point.
type Gate struct {
	// URL is the address of the API server for the process.
	URL      string
	api, hub http.Handler
	server   *http.Server
	kill     func()
	close    func()

	mu    sync.Mutex
	calls map[string]int
	// renewed is when the process last renewed the lease of the reconciler.
	renewed time.Time
	point   *Point
	seen    int
	dead    chan struct{}
}

// renewal is the call with which the leader keeps renewing its lease.
const renewal = "update leases rehearsal-controller.github.com.rehearsal-dev.rehearsal.pkg.reconciler.rehearsal.reconciler.00-of-01"

// Point is a moment in the life of a process: before or after its Nth write, counted from
// when the Point was set. Only writes with the name Write count.
type Point struct {
	// Write is a name such as "create pipelineruns", "update rehearsals/status" or
	// "github POST issues/*/comments"; empty for any write.
	Write string
	Nth   int
	// After means that the write is done, but its response is lost.
	After bool
}

func (p Point) String() string {
	when := "before "
	if p.After {
		when = "after "
	}
	if p.Write == "" {
		return when + "any write"
	}
	return when + p.Write
}

// startGate opens a gate to the API server as user, and to GitHub.
func (p *Plane) startGate(user string, kill func()) (*Gate, error) {
	api, err := p.forwardAs(user)
	if err != nil {
		return nil, err
	}
	hub, err := url.Parse(p.Hub.URL())
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	g := &Gate{URL: "http://" + l.Addr().String(), api: api, hub: forward(hub, p.direct), kill: kill, calls: map[string]int{}}
	g.server = &http.Server{Handler: g, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	p.background(func() {
		if err := g.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			p.t.Errorf("a gate: %v", err)
		}
	})
	forget := context.AfterFunc(p.ctx, func() { _ = g.server.Close() })
	g.close = func() {
		forget()
		_ = g.server.Close() // drops open connections, which is intended
	}
	return g, nil
}

func (p *Plane) forwardAs(user string) (http.Handler, error) {
	config := p.As(user)
	transport, err := rest.TransportFor(config)
	if err != nil {
		return nil, err
	}
	target, err := url.Parse(config.Host)
	return forward(target, transport), err
}

func forward(target *url.URL, transport http.RoundTripper) http.Handler {
	return &httputil.ReverseProxy{
		Transport: transport, FlushInterval: -1, ErrorLog: log.New(io.Discard, "", 0),
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = target.Scheme, target.Host, target.Host
		},
		// To the process it looks as if there were no server.
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
}

// ServeHTTP implements http.Handler. Proxy requests are for GitHub.
func (g *Gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	to, called := g.api, apiCall
	if r.URL.IsAbs() {
		to, called = g.hub, gitHubCall
	}
	call, write := called(r)
	point, dead := g.count(call, write)
	if point == nil {
		to.ServeHTTP(w, r)
		return
	}
	if point.After {
		to.ServeHTTP(nowhere{}, r.WithContext(context.WithoutCancel(r.Context())))
	}
	g.kill()
	close(dead)
	panic(http.ErrAbortHandler)
}

// count counts a call, and returns the Point if the process has reached it.
func (g *Gate) count(call string, write bool) (*Point, chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.calls[call]++
	if call == renewal {
		g.renewed = time.Now()
	}
	if g.point == nil || !write || g.point.Write != "" && g.point.Write != call {
		return nil, nil
	}
	if g.seen++; g.seen < g.point.Nth {
		return nil, nil
	}
	point := g.point
	g.point = nil
	return point, g.dead
}

// KillAt kills the process when it reaches a Point. The channel is closed when the process
// is dead.
func (g *Gate) KillAt(point Point) <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.point, g.seen, g.dead = &point, 0, make(chan struct{})
	return g.dead
}

// Spare removes a Point that was not reached.
func (g *Gate) Spare() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.point = nil
}

// Calls counts the calls by name: for the API server the verb and the resource, for GitHub
// the method and the path, with * for numbers.
func (g *Gate) Calls() map[string]int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return maps.Clone(g.calls)
}

// Leader is the controller that renewed its lease last; nil if all leases have expired.
func (p *Plane) Leader() *Replica {
	var leader *Replica
	latest := time.Now().Add(-p.Lease)
	for _, r := range p.Controllers {
		r.Gate.mu.Lock()
		if r.Gate.renewed.After(latest) {
			leader, latest = r, r.Gate.renewed
		}
		r.Gate.mu.Unlock()
	}
	return leader
}

// apiCall names a call to the API server, and returns whether it is a relevant write.
// Leases do not count, because they are renewed all the time, and events are only for
// people.
func apiCall(r *http.Request) (name string, write bool) {
	path := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	skip := 2 // api/v1
	if path[0] == "apis" {
		skip = 3 // apis/GROUP/VERSION
	}
	if len(path) > skip+1 && path[skip] == "namespaces" {
		skip += 2
	}
	if len(path) <= skip {
		return "get " + r.URL.Path, false
	}
	resource, named := path[skip], len(path) > skip+1
	if len(path) > skip+2 {
		resource += "/" + strings.Join(path[skip+2:], "/")
	}
	verb := map[string]string{http.MethodPost: "create", http.MethodPut: "update", http.MethodPatch: "patch", http.MethodDelete: "delete"}[r.Method]
	switch {
	case verb != "":
	case r.URL.Query().Get("watch") != "":
		verb = "watch"
	case named:
		verb = "get"
	default:
		verb = "list"
	}
	write = verb != "get" && verb != "list" && verb != "watch" &&
		resource != "leases" && resource != "events" && !strings.HasSuffix(resource, "reviews")
	if named && (resource == "leases" || resource == "configmaps" && strings.HasPrefix(path[skip+1], "rehearsal-")) {
		resource += " " + path[skip+1] // a shared object, not one of many runs
	}
	return verb + " " + resource, write
}

// gitHubCall names a call to GitHub, and returns whether it is a write.
func gitHubCall(r *http.Request) (name string, write bool) {
	path := strings.Split(strings.TrimPrefix(r.URL.Path, "/api/v3/"), "/")
	if path[0] == "repos" && len(path) > 3 {
		path = path[3:]
	}
	for i, element := range path {
		if i > 0 && strings.ContainsAny(element, "0123456789") {
			path[i] = "*"
		}
	}
	return "github " + r.Method + " " + strings.Join(path, "/"), r.Method != http.MethodGet && !strings.HasSuffix(r.URL.Path, "/graphql")
}

// nowhere discards a response.
type nowhere struct{}

func (nowhere) Header() http.Header         { return http.Header{} }
func (nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (nowhere) WriteHeader(int)             {}
