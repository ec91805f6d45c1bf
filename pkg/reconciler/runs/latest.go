package runs

import (
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"
)

// latest remembers what was noted last, by keys. The zero value is ready.
type latest[V any] struct {
	once  sync.Once
	cache *lru.Cache[string, V]
}

// of is the cache, which has room for so many.
func (l *latest[V]) of(size int) *lru.Cache[string, V] {
	l.once.Do(func() { l.cache, _ = lru.New[string, V](size) }) // it fails for no size above 0
	return l.cache
}
