package repo

import (
	"context"
	"errors"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

const (
	// keptFailures bounds how many failed commits are remembered.
	keptFailures = 1000
	// largeTime is the time until a commit that is too large is tried again. For one that
	// is too slow it starts at slowTime and doubles up to longestTime.
	largeTime   = time.Hour
	slowTime    = time.Minute
	longestTime = 30 * time.Minute
)

// commits is what a mirror knows about single commits: which are being fetched, when each
// was last used, and which failed.
type commits struct {
	mu     sync.Mutex
	turns  map[string]chan struct{}
	used   map[string]time.Time
	failed *lru.Cache[string, failed]
}

type failed struct {
	err   error
	until time.Time
	times int
}

func newCommits() *commits {
	c := &commits{turns: map[string]chan struct{}{}, used: map[string]time.Time{}}
	c.failed, _ = lru.New[string, failed](keptFailures) // its only error is for a size below one
	return c
}

// turn waits until nobody else fetches the commit. The caller must call done afterwards.
func (c *commits) turn(ctx context.Context, sha string) (done func(), err error) {
	for {
		c.mu.Lock()
		others, busy := c.turns[sha]
		if !busy {
			mine := make(chan struct{})
			c.turns[sha] = mine
			c.mu.Unlock()
			return func() {
				c.mu.Lock()
				delete(c.turns, sha)
				c.mu.Unlock()
				close(mine)
			}, nil
		}
		c.mu.Unlock()
		select {
		case <-others:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (c *commits) use(sha string, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.used[sha] = now
}

// usedSince reports whether a commit was used since a time. If not, it forgets the
// commit.
func (c *commits) usedSince(sha string, since time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, known := c.used[sha]
	if known && !at.Before(since) {
		return true
	}
	delete(c.used, sha)
	return false
}

// forgetUnused forgets the commits that were not used since a time.
func (c *commits) forgetUnused(since time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for sha, at := range c.used {
		if at.Before(since) {
			delete(c.used, sha)
		}
	}
}

// failure returns the last error if the commit must not be tried yet, else nil.
func (c *commits) failure(sha string, now time.Time) error {
	if f, known := c.failed.Get(sha); known && now.Before(f.until) {
		return f.err
	}
	return nil
}

// note records how fetching a commit ended, and returns the error.
func (c *commits) note(sha string, err error, now time.Time) error {
	var large *TooLargeError
	var slow *SlowError
	switch {
	case errors.As(err, &large):
		c.failed.Add(sha, failed{err: err, until: now.Add(largeTime)})
	case errors.As(err, &slow):
		f, _ := c.failed.Get(sha)
		f.until = now.Add(min(slowTime<<min(f.times, 10), longestTime))
		slow.Until = f.until
		f.err, f.times = slow, f.times+1
		c.failed.Add(sha, f)
	case err == nil:
		c.failed.Remove(sha)
	}
	return err
}
