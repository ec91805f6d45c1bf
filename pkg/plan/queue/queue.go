// Package queue makes plans in the background. It decides whose turn it is, what happens
// to plans that take long, and how long answers are kept. It knows neither Git nor the
// contents of a plan.
package queue

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

	"github.com/rehearsal-dev/rehearsal/pkg/plan"
)

// Options configure a Queue.
type Options struct {
	Planner plan.Planner
	// Fetch fetches the commits of a request before it gets a slot. Repair fetches them
	// again when Git cannot read them. Both may be nil.
	Fetch, Repair func(ctx context.Context, req plan.Request) error
	// Quick and Long are the numbers of slots: for plans that have just begun, and for
	// those that take longer than QuickTime.
	Quick, Long int
	QuickTime   time.Duration
	// Keep is how many answers are kept that a caller has already got.
	Keep int
	// Notify is called with the key of every caller of Get whose answer has become ready.
	// It must not block.
	Notify func(key string)
	// Log is called about errors, if set.
	Log   func(message string, keysAndValues ...any)
	Clock clock.WithDelayedExecution
}

// quickTime is how long a plan may keep others waiting by default.
const quickTime = 2 * time.Second

// slowTime is how long an author counts as slow after a plan that took long.
const slowTime = time.Hour

// Queue runs a Planner in the background. Identical requests share one plan, plans get
// slots in turn (see places.go), and the most recently used answers are kept. Retryable
// errors are returned once and never kept.
type Queue struct {
	Options
	ctx    context.Context
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu      sync.Mutex
	running map[string]*task
	answers map[string]*list.Element
	recent  *list.List
	// jobs is the number of affected jobs in all answers, weight their approximate memory
	// in bytes.
	jobs, weight int

	// schedule has the tickets of tasks. slow says until when authors count as slow.
	schedule schedule
	tasks    map[*ticket]*task
	turns    int
	slow     map[string]time.Time
	// unread has the bases that could not be read, with the errors.
	unread map[string]*plan.StoppedError
}

// task is a request that is being processed.
type task struct {
	ticket
	id      string
	request plan.Request
	waiting map[string]bool
	// stop stops the plan that is being made. timer fires at the end of its quick time.
	stop  context.CancelCauseFunc
	timer clock.Timer
	// repaired says that the mirror was already repaired for the task.
	repaired bool
}

// errLeave is the cause that stops a plan which has to leave its slot.
var errLeave = errors.New("others wait for this place")

// New returns a queue. It does not start any work.
func New(o Options) *Queue {
	o.Quick, o.Long, o.Keep = max(o.Quick, 1), max(o.Long, 1), max(o.Keep, 1)
	o.QuickTime = cmp.Or(o.QuickTime, quickTime)
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	if o.Log == nil {
		o.Log = func(string, ...any) {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	q := &Queue{
		Options: o,
		ctx:     ctx,
		cancel:  cancel,
		running: map[string]*task{},
		answers: map[string]*list.Element{},
		recent:  list.New(),
		tasks:   map[*ticket]*task{},
		slow:    map[string]time.Time{},
		unread:  map[string]*plan.StoppedError{},
	}
	q.schedule = schedule{quick: o.Quick, long: o.Long, served: map[string]int{}, slow: q.isSlow}
	return q
}

// Get returns the plan for req if it is ready. Otherwise done is false, and the work is
// started unless it is already in progress. Options.Notify is called with key when Get
// should be called again. A retryable error is returned once; the next Get starts again.
func (q *Queue) Get(key string, req plan.Request) (result *plan.Result, err error, done bool) {
	id := req.Key()
	q.mu.Lock()
	defer q.mu.Unlock()
	if e, ok := q.answers[id]; ok {
		a := e.Value.(*answer)
		q.recent.MoveToFront(e)
		a.fetched = true
		if a.err != nil && !plan.Terminal(a.err) {
			q.forget(e)
		}
		q.trim()
		return a.result, a.err, true
	}
	if t, ok := q.running[id]; ok {
		t.waiting[key] = true
		return nil, nil, false
	}
	if q.ctx.Err() != nil {
		return nil, q.ctx.Err(), true
	}
	t := &task{ticket: ticket{repo: req.Org + "/" + req.Repo, author: req.Author}, id: id, request: req, waiting: map[string]bool{key: true}}
	q.running[id] = t
	q.done.Go(func() { q.fetch(t) })
	return nil, nil, false
}

// fetch fetches the commits of a task, and then lets the task wait for a slot.
func (q *Queue) fetch(t *task) {
	err := q.safely(t, errors.New("fetching broke down"), func() error {
		if q.Fetch == nil {
			return q.ctx.Err()
		}
		return q.Fetch(q.ctx, t.request)
	})
	q.mu.Lock()
	if err == nil {
		t.base = true
		q.schedule.tickets = append(q.schedule.tickets, &t.ticket)
		q.tasks[&t.ticket] = t
		q.assign()
	}
	q.mu.Unlock()
	if err != nil {
		q.finish(t, nil, err)
	}
}

// assign assigns slots as long as there are moves to make.
func (q *Queue) assign() {
	for {
		m, ok := q.schedule.next()
		if !ok {
			return
		}
		t := q.tasks[m.ticket]
		was := t.lane
		t.lane = m.to
		switch {
		case m.to == leaving:
			t.stop(errLeave)
		case was == waits:
			q.turns++
			q.schedule.served[t.repo], q.schedule.served[turnOf(&t.ticket)] = q.turns, q.turns
			q.begin(t)
		}
	}
}

// begin starts a plan in the slot of its task.
func (q *Queue) begin(t *task) {
	ctx, stop := context.WithCancelCause(q.ctx)
	t.stop = stop
	if !t.tooLong {
		t.timer = q.Clock.AfterFunc(q.QuickTime, func() { go q.late(t) })
	}
	ctx = plan.WithTrace(ctx, plan.Trace{BaseRead: func() { q.baseRead(t) }})
	q.done.Go(func() {
		defer stop(nil)
		var result *plan.Result
		err := q.knownUnread(t)
		if err == nil {
			err = q.safely(t, &plan.StoppedError{Why: "broke down"}, func() (err error) {
				result, err = q.Planner.Plan(ctx, t.request)
				return err
			})
		}
		q.end(t, result, err, context.Cause(ctx))
	})
}

// safely turns a panic into an error, so that it does not end the program.
func (q *Queue) safely(t *task, panicked error, do func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			q.Log("Making a plan has panicked", "repository", t.repo, "head", t.request.Head, "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
			err = panicked
		}
	}()
	return do()
}

// late is called when the quick time of a plan is over.
func (q *Queue) late(t *task) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.tasks[&t.ticket] == nil || t.lane == waits {
		return
	}
	t.tooLong = true
	q.noteSlow(t)
	q.assign()
}

// baseRead is called when a plan has read the base branch. It gives the plan quick time
// again for the head.
func (q *Queue) baseRead(t *task) {
	q.mu.Lock()
	defer q.mu.Unlock()
	t.base = false
	if t.lane == quick {
		t.tooLong = false
	}
	if t.timer != nil {
		t.timer.Stop()
	}
	t.timer = q.Clock.AfterFunc(q.QuickTime, func() { go q.late(t) })
	q.assign()
}

func (q *Queue) noteSlow(t *task) {
	if t.base {
		return
	}
	now := q.Clock.Now()
	for author, until := range q.slow {
		if !now.Before(until) {
			delete(q.slow, author)
		}
	}
	q.slow[t.author] = now.Add(slowTime)
}

func (q *Queue) isSlow(author string) bool {
	until, ok := q.slow[author]
	return ok && q.Clock.Now().Before(until)
}

// end is called when a plan has ended, successfully or not, and its slot is free.
func (q *Queue) end(t *task, result *plan.Result, err, cause error) {
	q.mu.Lock()
	if t.timer != nil {
		t.timer.Stop()
	}
	var damaged *plan.DamagedError
	var stopped *plan.StoppedError
	again := false
	switch {
	case err != nil && errors.Is(cause, errLeave):
		t.lane, again = waits, true
	case errors.As(err, &damaged) && t.repaired:
		err = &plan.StoppedError{Why: "came upon objects that git cannot read", Base: t.base}
	case errors.As(err, &stopped) && stopped.Base:
		q.noteUnread(t, stopped)
	}
	if !again {
		q.leave(t)
	}
	q.assign()
	q.mu.Unlock()
	switch {
	case again:
	case errors.As(err, &damaged) && q.Repair != nil && !t.repaired:
		t.repaired = true
		q.done.Go(func() { q.repair(t) })
	default:
		q.finish(t, result, err)
	}
}

// leave removes a task from the schedule.
func (q *Queue) leave(t *task) {
	delete(q.tasks, &t.ticket)
	q.schedule.tickets = slices.DeleteFunc(q.schedule.tickets, func(o *ticket) bool { return o == &t.ticket })
	if len(q.schedule.served) > keptTurns {
		clear(q.schedule.served)
	}
	t.lane = waits
}

// keptTurns limits the repositories and authors whose last turn is remembered.
const keptTurns = 10_000

func (q *Queue) repair(t *task) {
	q.Log("Bringing a mirror anew that git cannot read", "repository", t.repo, "head", t.request.Head)
	if err := q.safely(t, errors.New("fetching broke down"), func() error { return q.Repair(q.ctx, t.request) }); err != nil {
		q.finish(t, nil, err)
		return
	}
	q.fetch(t)
}

// Close stops all work, and returns when it has ended.
func (q *Queue) Close() {
	q.cancel()
	q.mu.Lock()
	var left []*task
	for _, t := range q.tasks {
		if t.lane == waits {
			left = append(left, t)
		}
	}
	for _, t := range left {
		q.leave(t)
	}
	q.mu.Unlock()
	for _, t := range left {
		q.finish(t, nil, q.ctx.Err())
	}
	q.done.Wait()
}
