package plan

import (
	"fmt"
	"runtime/debug"
	"sync"
)

// crew is goroutines that work for one plan. What panics in one of them does so in
// the goroutine that waits for them, where it can be recovered from.
type crew struct {
	sync.WaitGroup
	mu       sync.Mutex
	panicked any
}

// do is how a member of the crew does what may panic.
func (c *crew) do(work func()) {
	defer func() {
		if r := recover(); r != nil {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.panicked = fmt.Sprintf("%v\n%s", r, debug.Stack())
		}
	}()
	work()
}

func (c *crew) wait() {
	c.Wait()
	if c.panicked != nil {
		panic(c.panicked)
	}
}
