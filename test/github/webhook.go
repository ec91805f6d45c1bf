package github

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// deliveryTimeout is how long GitHub waits for the response to a webhook.
const deliveryTimeout = 10 * time.Second

// hook sends its deliveries one after the other, in the order of the events.
type hook struct {
	Hook
	queue *queue
}

func (h *hook) hears(r *repository, event string) bool {
	return strings.EqualFold(h.Org, r.org.login) && (h.Repo == "" || strings.EqualFold(h.Repo, r.name)) &&
		(len(h.Events) == 0 || slices.Contains(h.Events, event))
}

// AddHook implements Control. GitHub sends a ping event to a new hook.
func (s *Server) AddHook(_ context.Context, in Hook) (Hook, error) {
	if in.Org == "" || in.URL == "" {
		return Hook{}, invalid("Hook", "url", "org and url are needed")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	in.ID = s.id()
	h := &hook{Hook: in, queue: newQueue()}
	s.hooks = append(s.hooks, h)
	s.work.Add(1)
	go func() {
		defer s.work.Done()
		h.queue.work(s.ctx)
	}()
	s.deliver(h, "ping", "", s.ping(h, s.ensureUser(in.Org)))
	return in, nil
}

// RemoveHook implements Control; only the ID is used.
func (s *Server) RemoveHook(_ context.Context, in Hook) (None, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.hooks, func(h *hook) bool { return h.ID == in.ID })
	if i < 0 {
		return None{}, fmt.Errorf("hook %d: %w", in.ID, errNotFound)
	}
	s.hooks[i].queue.stop()
	s.hooks = slices.Delete(s.hooks, i, i+1)
	return None{}, nil
}

// SetDelivering implements Control.
func (s *Server) SetDelivering(_ context.Context, in Delivering) (None, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop = in.Drop
	return None{}, nil
}

// heard reports whether a hook wants the event. Otherwise its payload need not be built.
func (s *Server) heard(r *repository, event string) bool {
	return slices.ContainsFunc(s.hooks, func(h *hook) bool { return h.hears(r, event) })
}

func (s *Server) emit(r *repository, event, action string, payload object) {
	for _, h := range s.hooks {
		if h.hears(r, event) {
			s.deliver(h, event, action, payload)
		}
	}
}

// deliver records a delivery, and queues it unless deliveries are dropped.
func (s *Server) deliver(h *hook, event, action string, payload object) {
	body, err := json.Marshal(payload)
	if err != nil {
		s.log.Error("no webhook", "event", event, "error", err)
		return
	}
	d := &Delivery{ID: s.id(), GUID: uuid.NewString(), HookID: h.ID, Event: event, Action: action,
		URL: h.URL, Payload: body, Dropped: s.drop}
	d.Header = s.hookHeader(h, d)
	s.sent = append(s.sent, d)
	if !s.drop {
		h.queue.add(func() { s.attempt(d) })
	}
}

func (s *Server) hookHeader(h *hook, d *Delivery) http.Header {
	header := http.Header{}
	header.Set("Accept", "*/*")
	header.Set("Content-Type", "application/json")
	header.Set("User-Agent", "GitHub-Hookshot/044aadd")
	header.Set("X-GitHub-Delivery", d.GUID)
	header.Set("X-GitHub-Event", d.Event)
	header.Set("X-GitHub-Hook-ID", strconv.FormatInt(h.ID, 10))
	header.Set("X-GitHub-Hook-Installation-Target-Type", "organization")
	target := s.ensureOrg(h.Org).id
	if r, err := s.findRepo(h.Org, h.Repo); err == nil {
		header.Set("X-GitHub-Hook-Installation-Target-Type", "repository")
		target = r.id
	}
	header.Set("X-GitHub-Hook-Installation-Target-ID", strconv.FormatInt(target, 10))
	if h.Secret != "" {
		header.Set("X-Hub-Signature", "sha1="+sign(sha1.New, h.Secret, d.Payload))
		header.Set("X-Hub-Signature-256", "sha256="+sign(sha256.New, h.Secret, d.Payload))
	}
	return header
}

func sign(algorithm func() hash.Hash, secret string, body []byte) string {
	mac := hmac.New(algorithm, []byte(secret))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

var hookClient = &http.Client{
	Timeout: deliveryTimeout,
	CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // GitHub does not follow redirects
	},
}

// attempt sends a delivery once. Like GitHub, it does not retry.
func (s *Server) attempt(d *Delivery) {
	result := Attempt{At: s.now()}
	ctx, cancel := context.WithTimeout(s.ctx, deliveryTimeout)
	defer cancel()
	status, err := post(ctx, d)
	result.Status = status
	if err != nil {
		result.Error = err.Error()
	}
	s.log.Info("webhook", "event", d.Event, "action", d.Action, "url", d.URL, "status", status, "error", result.Error)
	s.mu.Lock()
	d.Attempts = append(d.Attempts, result)
	s.mu.Unlock()
}

func post(ctx context.Context, d *Delivery) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.URL, bytes.NewReader(d.Payload))
	if err != nil {
		return 0, err
	}
	req.Header = d.Header.Clone()
	resp, err := hookClient.Do(req)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20))
	if cerr := resp.Body.Close(); err == nil {
		err = cerr
	}
	return resp.StatusCode, err
}

// ListDeliveries implements Control; the oldest comes first.
func (s *Server) ListDeliveries(_ context.Context, in DeliveryQuery) ([]Delivery, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []Delivery{}
	for _, d := range s.sent {
		if (in.Event == "" || in.Event == d.Event) && (in.Action == "" || in.Action == d.Action) {
			list = append(list, d.copy())
		}
	}
	return list, nil
}

func (d *Delivery) copy() Delivery {
	c := *d
	c.Attempts = slices.Clone(d.Attempts)
	return c
}

// Redeliver implements Control. It sends the same bytes with the same GUID, even while
// deliveries are dropped, and returns after the attempt.
func (s *Server) Redeliver(_ context.Context, in Redelivery) (Delivery, error) {
	s.mu.Lock()
	var d *Delivery
	if i := slices.IndexFunc(s.sent, func(d *Delivery) bool { return d.ID == in.ID }); i >= 0 {
		d = s.sent[i]
	}
	s.mu.Unlock()
	if d == nil {
		return Delivery{}, fmt.Errorf("delivery %d: %w", in.ID, errNotFound)
	}
	s.attempt(d)
	s.mu.Lock()
	defer s.mu.Unlock()
	return d.copy(), nil
}

// WaitDeliveries implements Control.
func (s *Server) WaitDeliveries(ctx context.Context, _ None) (None, error) {
	s.mu.Lock()
	hooks := slices.Clone(s.hooks)
	s.mu.Unlock()
	for _, h := range hooks {
		done := make(chan struct{})
		h.queue.add(sync.OnceFunc(func() { close(done) }))
		select {
		case <-done:
		case <-s.ctx.Done():
			return None{}, s.ctx.Err()
		case <-ctx.Done():
			return None{}, fmt.Errorf("deliveries to %s: %w", h.URL, ctx.Err())
		}
	}
	return None{}, nil
}
