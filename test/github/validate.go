package github

import (
	"context"
	"fmt"
	"net/http"
	"slices"
)

// Exchange is a call of the REST API and its response. Request.Pattern and
// Request.PathValue have the route; the body of the request was already read.
type Exchange struct {
	Request     *http.Request
	RequestBody []byte
	Status      int
	Header      http.Header
	Body        []byte
}

// Validator checks exchanges against a description of the API.
type Validator interface {
	Validate(Exchange) error
}

func (s *Server) validate(e Exchange) {
	if s.validator == nil {
		return
	}
	err := s.validator.Validate(e)
	if err == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.problems = append(s.problems, fmt.Sprintf("%s %s: %v", e.Request.Method, e.Request.URL.Path, err))
}

// Violations implements Control.
func (s *Server) Violations(context.Context, None) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.problems), nil
}
