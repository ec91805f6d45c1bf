package lru

import (
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"
)

// Recent keeps the most recently used values, up to a number. The zero value is ready to
// use.
type Recent[V any] struct {
	once  sync.Once
	cache *lru.Cache[string, V]
}

// UpTo returns the cache, which is safe for concurrent use. The first call decides how
// many values it keeps; most must be above 0.
func (r *Recent[V]) UpTo(most int) *lru.Cache[string, V] {
	r.once.Do(func() { r.cache, _ = lru.New[string, V](most) }) // the only error is about the number
	return r.cache
}
