package github

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// keptCalls is the number of calls that are kept in detail; counts have no limit.
const keptCalls = 50_000

// Call is a call of the REST API or of git.
type Call struct {
	At     time.Time `json:"at"`
	Method string    `json:"method"`
	Path   string    `json:"path"` // without /api/v3
	Query  string    `json:"query,omitempty"`
	Route  string    `json:"route"` // method and pattern; empty if no route matches
	User   string    `json:"user,omitempty"`
	// App says that a GitHub App called as itself, Grant that one of its installations did.
	// If neither is set, it was a person, or nobody.
	App       bool   `json:"app,omitempty"`
	Grant     *Grant `json:"grant,omitempty"`
	UserAgent string `json:"user_agent,omitempty"`
	Status    int    `json:"status"` // 0 when the connection was dropped
	Fault     int64  `json:"fault,omitempty"`
}

// Grant describes an installation token.
type Grant struct {
	// ID identifies the token, and is not secret.
	ID           int64 `json:"id"`
	Installation int64 `json:"installation"`
	// Repositories are the names of the repositories to which it is limited, sorted; empty
	// means all of the installation's.
	Repositories []string          `json:"repositories,omitempty"`
	Permissions  map[string]string `json:"permissions"`
}

// CallQuery selects calls; empty fields match all. Path is as in Fault.
type CallQuery struct {
	Method string `json:"method,omitempty"`
	Path   string `json:"path,omitempty"`
	User   string `json:"user,omitempty"`
}

// Calls are the requests to the server.
type Calls struct {
	// Counts are the numbers of calls by route, such as "GET /repos/{owner}/{repo}/pulls".
	// They include calls that do not match the query.
	Counts map[string]int `json:"counts"`
	// Calls are those that match the query, the oldest first.
	Calls []Call `json:"calls"`
}

type callLog struct {
	counts map[string]int
	calls  []Call
}

func (l *callLog) add(c Call) {
	if l.counts == nil {
		l.counts = map[string]int{}
	}
	l.counts[c.Route]++
	if len(l.calls) >= keptCalls {
		l.calls = l.calls[keptCalls/10:]
	}
	l.calls = append(l.calls, c)
}

// Calls implements Control.
func (s *Server) Calls(_ context.Context, in CallQuery) (Calls, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := Calls{Counts: map[string]int{}, Calls: []Call{}}
	for route, n := range s.calls.counts {
		out.Counts[route] = n
	}
	for _, c := range s.calls.calls {
		if (in.Method == "" || in.Method == c.Method) && (in.Path == "" || matchPath(in.Path, c.Path)) &&
			(in.User == "" || strings.EqualFold(in.User, c.User)) {
			out.Calls = append(out.Calls, c)
		}
	}
	return out, nil
}

// ResetCalls implements Control.
func (s *Server) ResetCalls(context.Context, None) (None, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = callLog{}
	return None{}, nil
}

type callKey struct{}

// noteFault notes in the call log which fault a call gets.
func noteFault(r *http.Request, f *Fault) {
	if c, ok := r.Context().Value(callKey{}).(*Call); ok {
		c.Fault = f.ID
	}
}

// counted logs each call of a handler that serves routes.
func (s *Server) counted(routes *router, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		call := &Call{At: s.now(), Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, UserAgent: r.UserAgent()}
		if to := routes.find(r); to != nil {
			call.Route = to.pattern
		}
		noted := &statusNote{ResponseWriter: w}
		defer func() { s.logCall(call, r, noted.status) }() // even if the connection is dropped
		next.ServeHTTP(noted, r.WithContext(context.WithValue(r.Context(), callKey{}, call)))
	})
}

func (s *Server) logCall(call *Call, r *http.Request, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	call.Status = status
	if who, err := s.actor(r); err == nil && who != nil {
		call.User, call.App, call.Grant = who.user.login, who.app != nil, who.grant.told()
	}
	s.calls.add(*call)
	s.log.Info("call", "method", call.Method, "path", call.Path, "user", call.User, "status", status, "fault", call.Fault)
}

type statusNote struct {
	http.ResponseWriter
	status int
}

func (n *statusNote) WriteHeader(status int) {
	n.status = status
	n.ResponseWriter.WriteHeader(status)
}

func (n *statusNote) Write(b []byte) (int, error) {
	if n.status == 0 {
		n.status = http.StatusOK
	}
	return n.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (n *statusNote) Unwrap() http.ResponseWriter { return n.ResponseWriter }

// Duration is a time.Duration that is text in JSON, such as "30s".
type Duration time.Duration

// MarshalJSON implements json.Marshaler.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }

// UnmarshalJSON implements json.Unmarshaler.
func (d *Duration) UnmarshalJSON(b []byte) error {
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return err
	}
	parsed, err := time.ParseDuration(text)
	if err != nil {
		return fmt.Errorf("duration %q: %w", text, err)
	}
	*d = Duration(parsed)
	return nil
}
