package plan

import (
	"cmp"
	"container/list"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"k8s.io/utils/clock"
)

// BackgroundOptions are what a Background works with.
type BackgroundOptions struct {
	Planner Planner
	// Fetch brings what a request needs, before it gets a place; Repair has it
	// brought anew where git cannot read it. They may be nil.
	Fetch, Repair func(ctx context.Context, req Request) error
	// Quick and Long are how many plans are made at once: of those that have just
	// begun, and of those that take longer than QuickTime.
	Quick, Long int
	QuickTime   time.Duration
	// Keep is how many answers are kept that somebody has had.
	Keep int
	// Notify is called with the key of every caller of Get whose answer has become
	// ready, and must not block.
	Notify func(key string)
	// Log is told what goes wrong, if set.
	Log   func(message string, keysAndValues ...any)
	Clock clock.WithDelayedExecution
}

// quickTime is how long a plan may keep others waiting, unless it is said otherwise.
const quickTime = 2 * time.Second

// slowTime is how long it is remembered of an author that a plan of theirs took
// long.
const slowTime = time.Hour

// Background runs a Planner off the caller's path. Identical requests share one
// run, plans get their places in turn (see places.go), and answers are kept for
// the requests used last. Errors worth a retry are handed out once and never kept.
type Background struct {
	BackgroundOptions
	ctx    context.Context
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu      sync.Mutex
	running map[string]*task
	answers map[string]*list.Element
	recent  *list.List
	// jobs counts the affected jobs of all answers, weight about their bytes.
	jobs, weight int

	// room has the tickets of tasks, and slow until when authors are.
	room  room
	tasks map[*ticket]*task
	turns int
	slow  map[string]time.Time
	// unread has the bases that could not be read, and why.
	unread map[string]*StoppedError
}

// task is a request that is being answered.
type task struct {
	ticket
	id      string
	request Request
	waiting map[string]bool
	// stop ends the plan that is being made; timer ends its quick time.
	stop  context.CancelCauseFunc
	timer clock.Timer
	// repaired says that the mirror was brought anew for it.
	repaired bool
}

// errLeave ends a plan that has to leave its place.
var errLeave = errors.New("others wait for this place")

// NewBackground starts nothing yet.
func NewBackground(o BackgroundOptions) *Background {
	o.Quick, o.Long, o.Keep = max(o.Quick, 1), max(o.Long, 1), max(o.Keep, 1)
	o.QuickTime = cmp.Or(o.QuickTime, quickTime)
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	if o.Log == nil {
		o.Log = func(string, ...any) {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	b := &Background{
		BackgroundOptions: o,
		ctx:               ctx,
		cancel:            cancel,
		running:           map[string]*task{},
		answers:           map[string]*list.Element{},
		recent:            list.New(),
		tasks:             map[*ticket]*task{},
		slow:              map[string]time.Time{},
		unread:            map[string]*StoppedError{},
	}
	b.room = room{quick: o.Quick, long: o.Long, served: map[string]int{}, slow: b.isSlow}
	return b
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
		a.fetched = true
		if a.err != nil && !Terminal(a.err) {
			b.forget(e)
		}
		b.trim()
		return a.result, a.err, true
	}
	if t, ok := b.running[id]; ok {
		t.waiting[key] = true
		return nil, nil, false
	}
	if b.ctx.Err() != nil {
		return nil, b.ctx.Err(), true
	}
	t := &task{ticket: ticket{repo: req.Org + "/" + req.Repo, author: req.Author}, id: id, request: req, waiting: map[string]bool{key: true}}
	b.running[id] = t
	b.done.Go(func() { b.fetch(t) })
	return nil, nil, false
}

// fetch brings what a task needs, and lets it wait for a place.
func (b *Background) fetch(t *task) {
	err := b.safely(t, errors.New("fetching broke down"), func() error {
		if b.Fetch == nil {
			return b.ctx.Err()
		}
		return b.Fetch(b.ctx, t.request)
	})
	b.mu.Lock()
	if err == nil {
		t.base = true
		b.room.tickets = append(b.room.tickets, &t.ticket)
		b.tasks[&t.ticket] = t
		b.assign()
	}
	b.mu.Unlock()
	if err != nil {
		b.finish(t, nil, err)
	}
}

// assign hands out places as long as there are some to hand out.
func (b *Background) assign() {
	for {
		m, ok := b.room.next()
		if !ok {
			return
		}
		t := b.tasks[m.ticket]
		was := t.lane
		t.lane = m.to
		switch {
		case m.to == leaving:
			t.stop(errLeave)
		case was == waits:
			b.turns++
			b.room.served[t.repo], b.room.served[turnOf(&t.ticket)] = b.turns, b.turns
			b.begin(t)
		}
	}
}

// begin has a plan made in the place that a task has got.
func (b *Background) begin(t *task) {
	ctx, stop := context.WithCancelCause(b.ctx)
	t.stop = stop
	if !t.tooLong {
		t.timer = b.Clock.AfterFunc(b.QuickTime, func() { go b.late(t) })
	}
	ctx = WithTrace(ctx, Trace{BaseRead: func() { b.baseRead(t) }})
	b.done.Go(func() {
		defer stop(nil)
		var result *Result
		err := b.knownUnread(t)
		if err == nil {
			err = b.safely(t, &StoppedError{Why: "broke down"}, func() (err error) {
				result, err = b.Planner.Plan(ctx, t.request)
				return err
			})
		}
		b.end(t, result, err, context.Cause(ctx))
	})
}

// safely keeps what panics from ending the whole program: it is an error then.
func (b *Background) safely(t *task, panicked error, do func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			b.Log("Making a plan has panicked", "repository", t.repo, "head", t.request.Head, "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
			err = panicked
		}
	}()
	return do()
}

// late says that a plan has had its quick time.
func (b *Background) late(t *task) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.tasks[&t.ticket] == nil || t.lane == waits {
		return
	}
	t.tooLong = true
	b.noteSlow(t)
	b.assign()
}

// baseRead says that a plan has come to the head, and gives it quick time for that.
func (b *Background) baseRead(t *task) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t.base = false
	if t.lane == quick {
		t.tooLong = false
	}
	if t.timer != nil {
		t.timer.Stop()
	}
	t.timer = b.Clock.AfterFunc(b.QuickTime, func() { go b.late(t) })
	b.assign()
}

func (b *Background) noteSlow(t *task) {
	if t.base {
		return
	}
	now := b.Clock.Now()
	for author, until := range b.slow {
		if !now.Before(until) {
			delete(b.slow, author)
		}
	}
	b.slow[t.author] = now.Add(slowTime)
}

func (b *Background) isSlow(author string) bool {
	until, ok := b.slow[author]
	return ok && b.Clock.Now().Before(until)
}

// end is called when a plan has ended, well or not, and its place is free.
func (b *Background) end(t *task, result *Result, err, cause error) {
	b.mu.Lock()
	if t.timer != nil {
		t.timer.Stop()
	}
	var damaged *DamagedError
	var stopped *StoppedError
	again := false
	switch {
	case err != nil && errors.Is(cause, errLeave):
		t.lane, again = waits, true
	case errors.As(err, &damaged) && t.repaired:
		err = &StoppedError{Why: "came upon objects that git cannot read", Base: t.base}
	case errors.As(err, &stopped) && stopped.Base:
		b.noteUnread(t, stopped)
	}
	if !again {
		b.leave(t)
	}
	b.assign()
	b.mu.Unlock()
	switch {
	case again:
	case errors.As(err, &damaged) && b.Repair != nil && !t.repaired:
		t.repaired = true
		b.done.Go(func() { b.repair(t) })
	default:
		b.finish(t, result, err)
	}
}

// leave takes a task out of the room.
func (b *Background) leave(t *task) {
	delete(b.tasks, &t.ticket)
	b.room.tickets = slices.DeleteFunc(b.room.tickets, func(o *ticket) bool { return o == &t.ticket })
	if len(b.room.served) > keptTurns {
		clear(b.room.served)
	}
	t.lane = waits
}

// keptTurns bounds of how many repositories and authors it is known when they had
// a turn.
const keptTurns = 10_000

func (b *Background) repair(t *task) {
	b.Log("Bringing a mirror anew that git cannot read", "repository", t.repo, "head", t.request.Head)
	if err := b.safely(t, errors.New("fetching broke down"), func() error { return b.Repair(b.ctx, t.request) }); err != nil {
		b.finish(t, nil, err)
		return
	}
	b.fetch(t)
}

// Close ends all work and returns when it has ended.
func (b *Background) Close() {
	b.cancel()
	b.mu.Lock()
	var left []*task
	for _, t := range b.tasks {
		if t.lane == waits {
			left = append(left, t)
		}
	}
	for _, t := range left {
		b.leave(t)
	}
	b.mu.Unlock()
	for _, t := range left {
		b.finish(t, nil, b.ctx.Err())
	}
	b.done.Wait()
}
