package github

import (
	"bytes"
	"io"
	"net/http"
	"sync"

	"github.com/cjwagner/httpcache"

	"github.com/rehearsal-dev/rehearsal/pkg/lru"
)

const (
	// keptBytes limits the size of the cached responses; one may take at most an eighth.
	keptBytes = 32 << 20
	// keptAnswers limits the number of cached responses.
	keptAnswers = 10_000
	// entryBytes is the approximate overhead of a cache entry besides the response and
	// its key.
	entryBytes = 256
	// drainedBytes is how much of a response is read after its reader has stopped: it is
	// cached only if it was read to its end.
	drainedBytes = 4 << 10
)

// conditional makes conditional requests for cached responses: one that is still
// valid does not count against the hourly limit. It always asks. Each account has a
// cache of its own.
type conditional struct {
	next    http.RoundTripper
	answers *lru.Cache[[]byte]

	mu       sync.Mutex
	accounts map[string]http.RoundTripper
}

func newConditional(next http.RoundTripper) *conditional {
	return &conditional{next: next, answers: lru.New[[]byte](keptAnswers, keptBytes), accounts: map[string]http.RoundTripper{}}
}

// RoundTrip implements http.RoundTripper.
func (c *conditional) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := c.of(accountOf(r.Context())).RoundTrip(r)
	if err != nil {
		return nil, err
	}
	resp.Body = &drained{resp.Body}
	return resp, nil
}

func (c *conditional) of(account string) http.RoundTripper {
	c.mu.Lock()
	defer c.mu.Unlock()
	transport, known := c.accounts[account]
	if !known {
		transport = &httpcache.Transport{Transport: &revalidated{c.next}, Cache: &accountAnswers{c.answers, account}}
		c.accounts[account] = transport
	}
	return transport
}

// revalidated keeps responses from being used without revalidation: GitHub allows
// that for a minute, in which a push could be missed. Errors are not cached.
type revalidated struct {
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (v *revalidated) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := v.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	use := "no-cache"
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusNotModified || r.Method != http.MethodGet || resp.Header.Get("ETag") == "" {
		use = "no-store"
	}
	resp.Header.Set("Cache-Control", use)
	return resp, nil
}

// drained reads a body to its end when it is closed.
type drained struct {
	io.ReadCloser
}

func (d *drained) Close() error {
	_, _ = io.CopyN(io.Discard, d.ReadCloser, drainedBytes) // nobody needs the rest
	return d.ReadCloser.Close()
}

// accountAnswers implements httpcache.Cache for one account.
type accountAnswers struct {
	answers *lru.Cache[[]byte]
	account string
}

func (c *accountAnswers) Get(key string) ([]byte, bool) { return c.answers.Get(c.account + " " + key) }
func (c *accountAnswers) Delete(key string)             { c.answers.Remove(c.account + " " + key) }

// Set implements httpcache.Cache. It clips the spare capacity of the value, and counts what
// the allocator rounds its size up to.
func (c *accountAnswers) Set(key string, answer []byte) {
	key = c.account + " " + key
	if len(answer) > keptBytes/8 {
		c.answers.Remove(key)
		return
	}
	kept := bytes.Clone(answer)
	c.answers.Add(key, kept, int64(len(key)+cap(kept)+entryBytes))
}
