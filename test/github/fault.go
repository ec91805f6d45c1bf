package github

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
)

// FaultKind is a way to misbehave.
type FaultKind string

const (
	// Answer sends Status instead of doing anything. It is the default.
	Answer FaultKind = "answer"
	// Hang does nothing and sends no response for Delay, or, without one, until the client
	// gives up; then it closes the connection.
	Hang FaultKind = "hang"
	// Drop closes the connection without doing anything. Go's client then repeats a GET
	// automatically.
	Drop FaultKind = "drop"
	// LoseAnswer carries out the call, then closes the connection without a response.
	LoseAnswer FaultKind = "lose-answer"
	// Slow carries out the call after Delay.
	Slow FaultKind = "slow"
	// Late returns lists of comments as they were Delay ago: without newer comments.
	Late FaultKind = "late"
)

// Fault makes calls of the REST API or of git fail. The first fault that matches a call
// applies to it.
type Fault struct {
	ID int64 `json:"id,omitempty"` // given by the server

	// Method and Path select calls; empty matches all. In Path, the element * or a name in
	// braces matches any element; a final ** matches all that follow. The path is without
	// /api/v3.
	Method string `json:"method,omitempty"`
	Path   string `json:"path,omitempty"`

	// Skip is the number of matching calls that succeed first.
	Skip int `json:"skip,omitempty"`
	// Times is how often the fault applies; 0 means no limit.
	Times int `json:"times,omitempty"`
	// Probability, between 0 and 1, is the probability that a call fails; 0 means always.
	// Seed makes the choice repeatable.
	Probability float64 `json:"probability,omitempty"`
	Seed        uint64  `json:"seed,omitempty"`

	Kind   FaultKind         `json:"kind,omitempty"`
	Status int               `json:"status,omitempty"` // of Answer; 502 if 0
	Header map[string]string `json:"header,omitempty"`
	Body   string            `json:"body,omitempty"`  // GitHub's body for the status if empty
	Empty  bool              `json:"empty,omitempty"` // the response has no body
	Delay  Duration          `json:"delay,omitempty"`

	Struck int `json:"struck"` // number of calls that failed so far
}

// SecondaryLimit is the fault of too many calls: 403 with Retry-After.
func SecondaryLimit(method, path string, times int, retryAfter time.Duration) Fault {
	return Fault{Method: method, Path: path, Times: times, Status: http.StatusForbidden,
		Header: map[string]string{"Retry-After": fmt.Sprint(int(retryAfter.Seconds()))}}
}

type scriptedFault struct {
	Fault
	seen   int
	random *rand.Rand
}

// AddFault implements Control.
func (s *Server) AddFault(_ context.Context, in Fault) (Fault, error) {
	switch in.Kind {
	case "":
		in.Kind = Answer
	case Answer, Hang, Drop, LoseAnswer, Slow, Late:
	default:
		return Fault{}, invalid("Fault", "kind", fmt.Sprintf("%q is no kind of fault", in.Kind))
	}
	if in.Kind == Answer && in.Status == 0 {
		in.Status = http.StatusBadGateway
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	in.ID = s.id()
	s.faults = append(s.faults, &scriptedFault{Fault: in, random: rand.New(rand.NewPCG(in.Seed, 0))})
	return in, nil
}

// ClearFaults implements Control.
func (s *Server) ClearFaults(context.Context, None) (None, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
	return None{}, nil
}

// ListFaults implements Control.
func (s *Server) ListFaults(context.Context, None) ([]Fault, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []Fault{}
	for _, f := range s.faults {
		list = append(list, f.Fault)
	}
	return list, nil
}

// strike returns the fault for a call; nil if the call is to succeed.
func (s *Server) strike(r *http.Request) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		if f.strikes(r) {
			hit := f.Fault
			return &hit
		}
	}
	return nil
}

func (f *scriptedFault) strikes(r *http.Request) bool {
	switch {
	case f.Method != "" && f.Method != r.Method,
		f.Path != "" && !matchPath(f.Path, r.URL.Path),
		f.Times > 0 && f.Struck >= f.Times:
		return false
	}
	f.seen++
	if f.seen <= f.Skip || f.Probability > 0 && f.random.Float64() >= f.Probability {
		return false
	}
	f.Struck++
	return true
}

func matchPath(pattern, got string) bool {
	want, have := strings.Split(path.Clean(pattern), "/"), strings.Split(path.Clean(got), "/")
	for i, w := range want {
		if w == "**" {
			return true
		}
		if i >= len(have) || w != "*" && !strings.HasPrefix(w, "{") && w != have[i] {
			return false
		}
	}
	return len(want) == len(have)
}

// failing applies faults before a handler.
func (s *Server) failing(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f := s.strike(r)
		if f == nil {
			next.ServeHTTP(w, r)
			return
		}
		noteFault(r, f)
		switch f.Kind {
		case Answer:
			f.answer(w)
		case Slow:
			s.pause(r, f.Delay)
			next.ServeHTTP(w, r)
		case Late:
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), lateKey{}, time.Duration(f.Delay))))
		case LoseAnswer:
			// What is being done must not end when the client gives up.
			next.ServeHTTP(&discard{header: http.Header{}}, r.WithContext(context.WithoutCancel(r.Context())))
			hangUp()
		case Hang:
			s.pause(r, f.Delay)
			hangUp()
		default:
			hangUp()
		}
	})
}

// lateKey is the context key for how late a list is.
type lateKey struct{}

// shown leaves out the comments that a late list does not have yet.
func (s *Server) shown(ctx context.Context, list []*comment) []*comment {
	late, ok := ctx.Value(lateKey{}).(time.Duration)
	if !ok {
		return list
	}
	until := s.now().Add(-late)
	return slices.DeleteFunc(slices.Clone(list), func(c *comment) bool { return c.createdAt.After(until) })
}

// hangUp closes the connection: this panic is net/http's way to do so.
func hangUp() { panic(http.ErrAbortHandler) }

// pause waits for the delay; without one, until the client gives up.
func (s *Server) pause(r *http.Request, delay Duration) {
	var after <-chan time.Time
	if delay > 0 {
		timer := time.NewTimer(time.Duration(delay))
		defer timer.Stop()
		after = timer.C
	}
	// The server only notices that the client is gone once the body is read.
	if body, err := io.ReadAll(r.Body); err == nil {
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	select {
	case <-after:
	case <-r.Context().Done():
	case <-s.ctx.Done():
	}
}

func (f *Fault) answer(w http.ResponseWriter) {
	for _, key := range slices.Sorted(maps.Keys(f.Header)) {
		w.Header().Set(key, f.Header[key])
	}
	body := f.Body
	if body == "" && !f.Empty {
		body = defaultFaultBody(f.Status)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(f.Status)
	_, _ = io.WriteString(w, body) // a fault need not arrive
}

func defaultFaultBody(status int) string {
	switch status {
	case http.StatusForbidden, http.StatusTooManyRequests:
		return fmt.Sprintf(`{"message":%q,"documentation_url":%q,"status":"%d"}`, secondaryMessage, secondaryDocs, status)
	case http.StatusNotFound:
		return `{"message":"Not Found","documentation_url":"https://docs.github.com/rest","status":"404"}`
	}
	return fmt.Sprintf(`{"message":"Server Error","status":"%d"}`, status)
}

// discard discards a lost response.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(int)             {}
