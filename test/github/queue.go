package github

import (
	"context"
	"sync"
)

// queue runs functions one after the other. Adding never blocks.
type queue struct {
	mu      sync.Mutex
	waiting []func()
	stopped bool
	wake    chan struct{} // has one token if there may be work
}

func newQueue() *queue { return &queue{wake: make(chan struct{}, 1)} }

func (q *queue) add(f func()) {
	q.mu.Lock()
	q.waiting = append(q.waiting, f)
	q.mu.Unlock()
	q.signal()
}

// stop ends the work once the waiting functions have run.
func (q *queue) stop() {
	q.mu.Lock()
	q.stopped = true
	q.mu.Unlock()
	q.signal()
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// work runs functions until the context ends or the queue is stopped.
func (q *queue) work(ctx context.Context) {
	for ctx.Err() == nil {
		f, stopped := q.next()
		switch {
		case f != nil:
			f()
		case stopped:
			return
		default:
			select {
			case <-q.wake:
			case <-ctx.Done():
			}
		}
	}
}

func (q *queue) next() (f func(), stopped bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		return nil, q.stopped
	}
	f, q.waiting = q.waiting[0], q.waiting[1:]
	return f, false
}
