package github

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Server is the stand-in. Create one with New or Start, and Close it.
type Server struct {
	baseURL   string
	clock     func() time.Time
	log       *slog.Logger
	validator Validator
	parent    string // of dir
	dir       string // bare repositories

	api, graphql, web, control http.Handler
	listener                   *http.Server

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	work   sync.WaitGroup // webhook workers

	tokenLife time.Duration // of installation tokens

	ahead atomic.Int64 // nanoseconds by which our time is ahead of the clock

	// mu guards everything below. It is held during a whole call, including git: calls are
	// short, and in a test, an order of events without interleaving matters more than
	// throughput.
	mu       sync.Mutex
	lastID   int64
	users    map[string]*user // by lower-case login
	tokens   map[string]string
	apps     map[int64]*app
	grants   map[string]*grant // by installation token
	orgs     map[string]*org
	repos    map[string]*repository // by lower-case full name
	renamed  map[string]*repository // by the lower-case full names that they had
	limits   limits
	hooks    []*hook
	sent     []*Delivery
	drop     bool
	faults   []*scriptedFault
	calls    callLog
	problems []string
}

// New creates a stand-in that only responds through ServeHTTP. Set its URL with
// WithBaseURL; Start does so automatically.
func New(opts ...Option) (*Server, error) {
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{
		baseURL: "http://github.invalid",
		clock:   time.Now,
		log:     slog.New(slog.NewTextHandler(io.Discard, nil)),
		ctx:     ctx,
		cancel:  cancel,
		users:   map[string]*user{},
		tokens:  map[string]string{},
		apps:    map[int64]*app{},
		grants:  map[string]*grant{},
		orgs:    map[string]*org{},
		repos:   map[string]*repository{},
		renamed: map[string]*repository{},
		limits:  limits{perHour: 5000, spent: map[string]*budget{}},

		tokenLife: tokenLife,
	}
	for _, opt := range opts {
		opt(s)
	}
	var err error
	if s.dir, err = os.MkdirTemp(s.parent, "github-standin-"); err != nil {
		return nil, fmt.Errorf("make the directory of the repositories: %w", err)
	}
	s.api, s.graphql, s.web, s.control = s.restHandler(), s.graphqlHandler(), s.webHandler(), s.controlHandler()
	return s, nil
}

// Start creates a stand-in and serves it on addr; "127.0.0.1:0" if empty. Without
// WithBaseURL, its URL is that of the listener.
func Start(addr string, opts ...Option) (*Server, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen for the GitHub stand-in: %w", err)
	}
	opts = append([]Option{WithBaseURL("http://" + l.Addr().String())}, opts...)
	s, err := New(opts...)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	s.listener = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	s.work.Add(1)
	go func() {
		defer s.work.Done()
		if err := s.listener.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("serving ended", "error", err)
		}
	}()
	return s, nil
}

// URL returns the URL of the server, without a trailing slash.
func (s *Server) URL() string { return s.baseURL }

// APIURL returns the root of the REST API in the form for go-github's WithEnterpriseURLs.
func (s *Server) APIURL() string { return s.baseURL + "/api/v3/" }

// Close stops serving and delivering, and removes the repositories.
func (s *Server) Close() error {
	s.cancel()
	var err error
	if s.listener != nil {
		err = s.listener.Close()
	}
	s.work.Wait()
	return errors.Join(err, os.RemoveAll(s.dir))
}

// restRoots are the first path elements of the REST API. GitHub has no organisations with
// these names.
var restRoots = map[string]bool{
	"repos": true, "orgs": true, "users": true, "user": true, "rate_limit": true,
	"app": true, "meta": true, "repositories": true,
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", s.now().Format(http.TimeFormat))
	if path, ok := strings.CutPrefix(r.URL.Path, "/api/v3"); ok {
		r = withPath(r, path, strings.TrimPrefix(r.URL.RawPath, "/api/v3"))
		s.api.ServeHTTP(w, r)
		return
	}
	first, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch {
	case r.URL.Path == "/graphql" || r.URL.Path == "/api/graphql":
		s.graphql.ServeHTTP(w, withPath(r, "/graphql", ""))
	case first == "_control":
		s.control.ServeHTTP(w, r)
	case restRoots[first]:
		s.api.ServeHTTP(w, r)
	default:
		s.web.ServeHTTP(w, r)
	}
}

func withPath(r *http.Request, path, rawPath string) *http.Request {
	r = r.Clone(r.Context())
	r.URL.Path, r.URL.RawPath = path, rawPath
	return r
}

func (s *Server) now() time.Time {
	return s.clock().Add(time.Duration(s.ahead.Load())).UTC().Truncate(time.Second)
}

// id returns a number that no other object has.
func (s *Server) id() int64 {
	s.lastID++
	return 1_000_000_000 + s.lastID
}
