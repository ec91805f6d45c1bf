package worker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/wire"
)

// Options configure a Pool.
type Options struct {
	// Binary is the program to start. It must call Main when Called returns true. Empty
	// means the current program.
	Binary string
	// Dir returns the Git directory of the repository of a request. The commits of the
	// request are in it.
	Dir func(req plan.Request) string
	// CacheDir keeps what is known of base branches, for children that replace others.
	CacheDir string
	// Size is the maximum number of children.
	Size int
	// Log is called when a child ends unexpectedly, if set.
	Log func(message string, keysAndValues ...any)
}

// Pool is a Planner that makes plans in child processes.
type Pool struct {
	options Options
	// places limits how many children work at once.
	places chan struct{}
	// starter runs functions on a thread that only starts children, because they end with
	// that thread.
	starter chan func()
	started sync.WaitGroup

	mu     sync.Mutex
	closed bool
	idle   []*process
	// lost has the unanswered questions about plans, by the requests of the plans.
	lost map[string]losses
	// freed is closed and replaced whenever a child becomes idle or ends.
	freed chan struct{}
}

var errClosed = errors.New("planning has ended")

// NewPool returns a pool. It does not start any child.
func NewPool(o Options) (*Pool, error) {
	if o.Binary == "" {
		var err error
		if o.Binary, err = os.Executable(); err != nil {
			return nil, fmt.Errorf("finding this program: %w", err)
		}
	}
	if o.Log == nil {
		o.Log = func(string, ...any) {}
	}
	p := &Pool{options: o, places: make(chan struct{}, max(o.Size, 1)), starter: make(chan func()), freed: make(chan struct{}), lost: map[string]losses{}}
	p.started.Go(func() {
		// Linux kills a child when the thread that started it ends.
		runtime.LockOSThread()
		for do := range p.starter {
			do()
		}
	})
	return p, nil
}

// Close ends all children. Working children end with the contexts of their plans, and
// Close waits for them.
func (p *Pool) Close() {
	p.mu.Lock()
	closed := p.closed
	p.closed = true
	idle := p.idle
	p.idle = nil
	p.mu.Unlock()
	if closed {
		return
	}
	for _, w := range idle {
		w.end()
	}
	for range cap(p.places) {
		p.places <- struct{}{}
	}
	close(p.starter)
	p.started.Wait()
}

// take waits for a slot. It returns the idle child for which chosen returns the highest
// number, or nil if none is above 0.
func (p *Pool) take(ctx context.Context, chosen func(*process) int) (*process, error) {
	select {
	case p.places <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		<-p.places
		return nil, errClosed
	}
	best := -1
	for i, w := range p.idle {
		if chosen(w) > 0 && (best < 0 || chosen(w) >= chosen(p.idle[best])) {
			best = i
		}
	}
	if best < 0 {
		return nil, nil
	}
	w := p.idle[best]
	p.idle = slices.Delete(p.idle, best, best+1)
	return w, nil
}

// give returns a child to the pool, and frees its slot. A child that has ended is
// dropped.
func (p *Pool) give(w *process) {
	p.mu.Lock()
	if w != nil && !p.closed {
		select {
		case <-w.killed:
		case <-w.gone:
		default:
			p.idle = append(p.idle, w)
			w = nil
		}
	}
	close(p.freed)
	p.freed = make(chan struct{})
	p.mu.Unlock()
	if w != nil {
		w.end()
	}
	<-p.places
}

// worker takes a slot with a child for a request: preferably one that knows the
// repository, and a new one if fresh is set or none is idle.
func (p *Pool) worker(ctx context.Context, req plan.Request, fresh bool) (*process, error) {
	repository, memory := req.Org+"/"+req.Repo, req.Limits.Memory
	w, err := p.take(ctx, func(w *process) int {
		switch {
		case w.repository == repository && w.memory == memory && !fresh:
			return 2
		}
		return 1
	})
	if err != nil {
		return nil, err
	}
	if w != nil && (fresh || w.memory != memory) {
		w.end()
		w = nil
	}
	if w == nil {
		if w, err = p.start(memory); err != nil {
			<-p.places
			return nil, err
		}
	}
	return w, nil
}

func (p *Pool) start(memory int64) (w *process, err error) {
	done := make(chan struct{})
	p.starter <- func() {
		defer close(done)
		w, err = start(p.options.Binary, p.options.CacheDir, memory)
	}
	<-done
	return w, err
}

// maxAttempts is how often a plan is tried when its child is killed from outside.
const maxAttempts = 3

// Plan implements plan.Planner.
func (p *Pool) Plan(ctx context.Context, req plan.Request) (*plan.Result, error) {
	req.Limits = req.Limits.OrDefault()
	fresh := false
	for outside := 0; ; {
		w, err := p.worker(ctx, req, fresh)
		if err != nil {
			return nil, err
		}
		first := w.served == 0
		result, err := p.plan(ctx, w, req)
		p.give(w)
		var d *death
		var stopped *plan.StoppedError
		if errors.As(err, &stopped) && stopped.Base && !first {
			// That would hold up every pull request, so a new child has to confirm it.
			fresh = true
			continue
		}
		if !errors.As(err, &d) {
			return result, err
		}
		p.options.Log("A planner ended unexpectedly", "repository", req.Org+"/"+req.Repo, "pull", req.Number, "head", req.Head, "why", d.why, "base", d.base, "said", d.said)
		switch {
		case d.unbounded:
			return nil, err
		case d.outside:
			if outside++; outside >= maxAttempts {
				return nil, &plan.StoppedError{Why: fmt.Sprintf("%s %d times", d.why, outside), Base: d.base}
			}
		case first:
			return nil, &plan.StoppedError{Why: d.why, Base: d.base}
		}
		// What the child kept of other plans may be to blame.
		fresh = true
	}
}

func (p *Pool) plan(ctx context.Context, w *process, req plan.Request) (*plan.Result, error) {
	q := question{Op: opPlan, Request: req, Dir: p.options.Dir(req)}
	body, fault, err := w.answer(ctx, q, req.Limits)
	if err != nil {
		return nil, err
	}
	if len(body) == 0 && fault == nil {
		w.kill()
		return nil, &death{why: brokeDown, said: errGarbage.Error()}
	}
	if len(body) == 0 {
		return nil, fault.err()
	}
	result, err := wire.DecodeResult(body)
	switch {
	case errors.Is(err, wire.ErrTooLarge):
		return nil, tooLarge()
	case err != nil:
		w.kill()
		return nil, &death{why: brokeDown, said: err.Error()}
	}
	if result.Base != req.Base || result.Head != req.Head {
		w.kill()
		return nil, &death{why: brokeDown, said: "the answer is about other commits"}
	}
	result.Details = &details{pool: p, process: w, request: req}
	return result, fault.err()
}

// answer asks a child, and waits for its answer up to the limits. A child that does not
// answer is ended.
func (w *process) answer(ctx context.Context, q question, limits plan.Limits) ([]byte, *fault, error) {
	if err := w.ask(q); err != nil {
		return nil, nil, err
	}
	base, may := q.Op == opPlan, limits.Timeout
	if base {
		may = limits.BaseTimeout
	}
	timer := time.NewTimer(may)
	defer timer.Stop()
	for {
		select {
		case f, ok := <-w.frames:
			switch {
			case !ok:
				return nil, nil, w.died(base)
			case f.kind == frameBaseRead && base && string(f.payload) == strconv.Itoa(w.served):
				base, may = false, limits.Timeout
				timer.Reset(may)
				plan.TellBaseRead(ctx)
				continue
			}
			a, err := decodeAnswer(f.payload)
			if f.kind != frameAnswer || err != nil || a.number != w.served {
				w.end()
				return nil, nil, &death{why: brokeDown, base: base, said: errGarbage.Error()}
			}
			return a.body, a.fault.bounded(base), nil
		case <-timer.C:
			w.end()
			return nil, nil, &plan.StoppedError{Why: "took more than " + spoken(may), Base: base}
		case <-ctx.Done():
			w.end()
			return nil, nil, context.Cause(ctx)
		}
	}
}

// died returns how a child ended.
func (w *process) died(base bool) error {
	w.end()
	switch {
	case errors.Is(w.broken, errFrameTooLong):
		return tooLarge()
	case w.broken != nil:
		return &death{why: brokeDown, base: base, said: w.broken.Error()}
	}
	status, ok := w.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !ok {
		return &death{why: brokeDown, base: base}
	}
	d := deathOf(status, w.said.String(), w.memory)
	d.base = base
	return d
}
