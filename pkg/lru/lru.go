// Package lru keeps the most recently used values, up to a number or up to a total cost.
package lru

import (
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// Cache is safe for concurrent use. Its values are shared and must not be changed.
type Cache[V any] struct {
	mu    sync.Mutex
	lru   *simplelru.LRU[string, item[V]]
	limit int64
	total int64
}

type item[V any] struct {
	value V
	cost  int64
}

// New returns a cache for up to most values, above 0, whose total cost is at most limit.
// The caller chooses the unit of costs.
func New[V any](most int, limit int64) *Cache[V] {
	c := &Cache[V]{limit: limit}
	// The only error is about a number that is not positive.
	c.lru, _ = simplelru.NewLRU(most, func(_ string, gone item[V]) { c.total -= gone.cost })
	return c
}

// Get returns a cached value, and marks it as used.
func (c *Cache[V]) Get(key string) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i, ok := c.lru.Get(key)
	return i.value, ok
}

// Add caches a value, replacing an earlier one, unless it alone costs more than the
// limit.
func (c *Cache[V]) Add(key string, value V, cost int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lru.Remove(key)
	if cost > c.limit {
		return
	}
	c.lru.Add(key, item[V]{value, cost})
	c.total += cost
	for c.total > c.limit {
		c.lru.RemoveOldest()
	}
}

// Cost returns the total cost of the cached values.
func (c *Cache[V]) Cost() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.total
}

// Remove removes a value.
func (c *Cache[V]) Remove(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lru.Remove(key)
}
