package github

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"maps"
	"strings"
	"time"
)

// NewApp registers a GitHub App.
type NewApp struct {
	Slug string `json:"slug"`
	// Owner is an organisation.
	Owner string `json:"owner"`
	// Permissions are by GitHub's names, such as pull_requests: write.
	Permissions map[string]string `json:"permissions,omitempty"`
	Events      []string          `json:"events,omitempty"`
}

// App is a GitHub App with its private key.
type App struct {
	ID   int64  `json:"id"`
	Slug string `json:"slug"`
	// PrivateKey is PEM-encoded.
	PrivateKey string `json:"private_key"`
}

// NewInstallation installs an App in an organisation, or changes its installation.
type NewInstallation struct {
	App int64  `json:"app"`
	Org string `json:"org"`
	// Repositories limits it to some of the organisation's repositories; nil means all.
	Repositories []string `json:"repositories,omitempty"`
	// Permissions and Events default to those of the App. An organisation may not have
	// accepted the latest ones yet.
	Permissions map[string]string `json:"permissions,omitempty"`
	Events      []string          `json:"events,omitempty"`
}

// Installation is the result of NewInstallation.
type Installation struct {
	ID int64 `json:"id"`
}

// keyBits is the size of keys that GitHub generates.
const keyBits = 2048

// CreateApp implements Control.
func (s *Server) CreateApp(_ context.Context, in NewApp) (App, error) {
	if in.Slug == "" || in.Owner == "" {
		return App{}, invalid("App", "slug", "slug and owner are needed")
	}
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return App{}, fmt.Errorf("make a key: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	permissions := map[string]string{"metadata": "read"}
	maps.Copy(permissions, in.Permissions)
	a := &app{
		id: s.id(), slug: in.Slug, owner: s.ensureOrg(in.Owner), bot: s.ensureUser(in.Slug + "[bot]"), key: &key.PublicKey,
		permissions: permissions, events: append([]string{}, in.Events...), createdAt: s.now(),
	}
	s.apps[a.id] = a
	block := &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
	return App{ID: a.id, Slug: a.slug, PrivateKey: string(pem.EncodeToMemory(block))}, nil
}

// InstallApp implements Control.
func (s *Server) InstallApp(_ context.Context, in NewInstallation) (Installation, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.apps[in.App]
	if a == nil || in.Org == "" {
		return Installation{}, invalid("Installation", "app", "an App that exists and an org are needed")
	}
	account := s.ensureOrg(in.Org)
	i := a.installationIn(account)
	if i == nil {
		i = &installation{id: s.id(), app: a, account: account, createdAt: s.now()}
		a.installations = append(a.installations, i)
	}
	i.permissions, i.events, i.selected = a.permissions, a.events, nil
	if in.Permissions != nil {
		i.permissions = map[string]string{"metadata": "read"}
		maps.Copy(i.permissions, in.Permissions)
	}
	if in.Events != nil {
		i.events = in.Events
	}
	if in.Repositories != nil {
		i.selected = map[string]bool{}
		for _, name := range in.Repositories {
			i.selected[strings.ToLower(name)] = true
		}
	}
	return Installation{ID: i.id}, nil
}

// AdvanceClock implements Control.
func (s *Server) AdvanceClock(_ context.Context, by Duration) (None, error) {
	s.ahead.Add(int64(by))
	return None{}, nil
}

// SetRateLimit implements Control.
func (s *Server) SetRateLimit(_ context.Context, in RateLimit) (None, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if in.PerHour < 1 {
		return None{}, invalid("RateLimit", "per_hour", "at least 1")
	}
	s.limits.perHour = in.PerHour
	s.limits.period = time.Duration(in.Period)
	s.limits.spent = map[string]*budget{}
	return None{}, nil
}

// RateLimit changes everybody's number of calls, and restarts the counts.
type RateLimit struct {
	PerHour int `json:"per_hour"`
	// Period is the time in which calls are counted; an hour if zero.
	Period Duration `json:"period,omitempty"`
}
