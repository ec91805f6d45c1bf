package plan

import (
	"container/list"
	"context"
	"sync"
)

// Background runs a Planner off the caller's path. Identical requests share
// one run, a fixed number run at once, and answers are kept for the requests
// used last. Errors worth a retry are handed out once and never kept.
type Background struct {
	planner Planner
	notify  func(key string)
	slots   chan struct{}
	keep    int

	ctx    context.Context
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu      sync.Mutex
	running map[string]*task
	answers map[string]*list.Element
	recent  *list.List
	// jobs counts the affected jobs of all answers.
	jobs int
}

// keptAffected bounds how many affected jobs the answers have that are kept: a
// few changes to everything would fill the memory otherwise.
const keptAffected = 100_000

type task struct {
	waiting map[string]bool
}

type answer struct {
	key    string
	result *Result
	err    error
}

func (a *answer) jobs() int {
	if a.result == nil {
		return 0
	}
	return len(a.result.Affected)
}

// NewBackground starts nothing yet. Workers is how many plans are made at
// once, keep how many answers are kept; notify is called with the key of every
// caller of Get whose answer has become ready, and must not block.
func NewBackground(planner Planner, workers, keep int, notify func(key string)) *Background {
	ctx, cancel := context.WithCancel(context.Background())
	return &Background{
		planner: planner,
		notify:  notify,
		slots:   make(chan struct{}, max(workers, 1)),
		keep:    max(keep, 1),
		ctx:     ctx,
		cancel:  cancel,
		running: map[string]*task{},
		answers: map[string]*list.Element{},
		recent:  list.New(),
	}
}

// Get returns the plan for req when it is there. Otherwise done is false, the
// work is started unless it is under way, and notify is called with key when
// it is worth asking again. An error that is worth a retry is returned once:
// the next Get starts anew.
func (b *Background) Get(key string, req Request) (result *Result, err error, done bool) {
	id := req.Key()
	b.mu.Lock()
	defer b.mu.Unlock()
	if e, ok := b.answers[id]; ok {
		a := e.Value.(*answer)
		b.recent.MoveToFront(e)
		if a.err != nil && !Terminal(a.err) {
			b.forget(e)
		}
		return a.result, a.err, true
	}
	if t, ok := b.running[id]; ok {
		t.waiting[key] = true
		return nil, nil, false
	}
	if b.ctx.Err() != nil {
		return nil, b.ctx.Err(), true
	}
	b.running[id] = &task{waiting: map[string]bool{key: true}}
	b.done.Go(func() { b.run(id, req) })
	return nil, nil, false
}

func (b *Background) run(id string, req Request) {
	a := &answer{key: id}
	select {
	case b.slots <- struct{}{}:
		// The slot may have come free because everything ends.
		if a.err = b.ctx.Err(); a.err == nil {
			a.result, a.err = b.planner.Plan(b.ctx, req)
		}
		<-b.slots
	case <-b.ctx.Done():
		a.err = b.ctx.Err()
	}
	for key := range b.finish(id, a) {
		b.notify(key)
	}
}

func (b *Background) finish(id string, a *answer) map[string]bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	waiting := b.running[id].waiting
	delete(b.running, id)
	b.answers[id] = b.recent.PushFront(a)
	b.jobs += a.jobs()
	for b.recent.Len() > b.keep || b.jobs > keptAffected && b.recent.Len() > 1 {
		b.forget(b.recent.Back())
	}
	return waiting
}

func (b *Background) forget(e *list.Element) {
	b.recent.Remove(e)
	a := e.Value.(*answer)
	b.jobs -= a.jobs()
	delete(b.answers, a.key)
}

// Close ends all work and returns when it has ended.
func (b *Background) Close() {
	b.cancel()
	b.done.Wait()
}
