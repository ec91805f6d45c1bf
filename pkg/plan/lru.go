package plan

import (
	"container/list"
	"sync"
)

// lru keeps the values used last, up to a total cost. It is safe for
// concurrent use; the values are shared and must not be changed.
type lru[V any] struct {
	mu     sync.Mutex
	limit  int64
	total  int64
	items  map[string]*list.Element
	recent *list.List
}

type lruItem[V any] struct {
	key   string
	value V
	cost  int64
}

func newLRU[V any](limit int64) *lru[V] {
	return &lru[V]{limit: limit, items: map[string]*list.Element{}, recent: list.New()}
}

func (c *lru[V]) get(key string) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.items[key]
	if !ok {
		var none V
		return none, false
	}
	c.recent.MoveToFront(e)
	return e.Value.(*lruItem[V]).value, true
}

// add keeps a value unless it alone is over the limit.
func (c *lru[V]) add(key string, value V, cost int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.items[key]; ok || cost > c.limit {
		return
	}
	c.items[key] = c.recent.PushFront(&lruItem[V]{key, value, cost})
	c.total += cost
	for c.total > c.limit {
		last := c.recent.Back()
		item := last.Value.(*lruItem[V])
		c.recent.Remove(last)
		delete(c.items, item.key)
		c.total -= item.cost
	}
}
