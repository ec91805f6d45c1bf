package receiver

import (
	"net/http"
	"slices"
	"sync"
)

// hooksOfScope is how many webhooks are remembered for each scope of keys: the owner
// of one key must not displace the webhooks of others.
const hooksOfScope = 16

// hooks are the webhooks with verified deliveries.
type hooks struct {
	mu   sync.Mutex
	seen map[string][]string // by scope, the latest last
}

// hookOf returns the ID of the webhook that a request claims to be from; see
// https://docs.github.com/webhooks/webhook-events-and-payloads#delivery-headers.
func hookOf(h http.Header) string {
	const longest = 20 // digits of an int64
	id := h.Get("X-GitHub-Hook-ID")
	if len(id) > longest {
		return ""
	}
	return id
}

// standingOf returns the standing of a request before anything is verified.
func (h *hooks) standingOf(r *http.Request) standing {
	id := hookOf(r.Header)
	if id == "" {
		return stranger
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, ids := range h.seen {
		if slices.Contains(ids, id) {
			return familiar
		}
	}
	return stranger
}

// signed remembers the webhook of a delivery that was signed with keys of these
// scopes.
func (h *hooks) signed(header http.Header, scopes []string) {
	id := hookOf(header)
	if id == "" {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, scope := range scopes {
		ids := slices.DeleteFunc(h.seen[scope], func(known string) bool { return known == id })
		ids = append(ids, id)
		h.seen[scope] = ids[max(0, len(ids)-hooksOfScope):]
	}
}
