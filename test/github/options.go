package github

import (
	"log/slog"
	"strings"
	"time"
)

// Option configures a Server.
type Option func(*Server)

// WithBaseURL sets the URL by which others reach the server, without a trailing slash. URLs
// in responses, pages and webhooks start with it.
func WithBaseURL(url string) Option {
	return func(s *Server) { s.baseURL = strings.TrimRight(url, "/") }
}

// WithDir keeps the repositories in a new directory below parent, instead of the system's
// directory for temporary files.
func WithDir(parent string) Option {
	return func(s *Server) { s.parent = parent }
}

// WithToken lets token act as login; the user is created if necessary.
func WithToken(token, login string) Option {
	return func(s *Server) { s.tokens[token] = s.ensureUser(login).login }
}

// WithClock replaces the clock. Its times are truncated to seconds, as in GitHub's
// timestamps.
func WithClock(now func() time.Time) Option {
	return func(s *Server) { s.clock = now }
}

// WithRateLimit sets the number of calls per user and hour; the default is GitHub's 5,000.
func WithRateLimit(perHour int) Option {
	return func(s *Server) { s.limits.perHour = perHour }
}

// WithTokenLife sets the lifetime of installation tokens; the default is GitHub's hour.
func WithTokenLife(d time.Duration) Option {
	return func(s *Server) { s.tokenLife = d }
}

// WithContentLimits enforces GitHub's secondary limits on creating content: 80 writes in a
// minute and 500 in an hour, per user. Without this option, writes are not limited.
func WithContentLimits() Option {
	return func(s *Server) { s.limits.content = true }
}

// WithLogger logs one line per call and per webhook delivery.
func WithLogger(l *slog.Logger) Option {
	return func(s *Server) { s.log = l }
}

// WithValidator passes each REST exchange to v; Violations returns its objections.
func WithValidator(v Validator) Option {
	return func(s *Server) { s.validator = v }
}
