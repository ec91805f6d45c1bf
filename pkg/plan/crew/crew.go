// Package crew runs goroutines for one plan. A panic in one of them is raised again in
// the goroutine that waits for them, where it can be recovered from.
package crew

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
)

// Crew is a group of goroutines. Its zero value is ready for use.
type Crew struct {
	sync.WaitGroup
	mu       sync.Mutex
	panicked any
}

// Do runs work that may panic, as a member of the crew.
func (c *Crew) Do(work func()) {
	defer func() {
		if r := recover(); r != nil {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.panicked = fmt.Sprintf("%v\n%s", r, debug.Stack())
		}
	}()
	work()
}

// WaitAll waits for all members, and panics if one of them has panicked.
func (c *Crew) WaitAll() {
	c.Wait()
	if c.panicked != nil {
		panic(c.panicked)
	}
}

// Each calls do for 0 to n-1, on at most workers goroutines, until the context is done.
func Each(ctx context.Context, workers, n int, do func(i int)) error {
	const few = 16
	if n <= few || workers == 1 {
		for i := range n {
			if err := ctx.Err(); err != nil {
				return err
			}
			do(i)
		}
		return nil
	}
	var c Crew
	per := (n + workers - 1) / workers
	for start := 0; start < n; start += per {
		c.Go(func() {
			c.Do(func() {
				for i := start; i < min(start+per, n) && ctx.Err() == nil; i++ {
					do(i)
				}
			})
		})
	}
	c.WaitAll()
	return ctx.Err()
}
