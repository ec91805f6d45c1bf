package queue

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/plan"
)

// planFunc is a Planner that a test controls.
type planFunc func(context.Context, plan.Request) (*plan.Result, error)

func (f planFunc) Plan(ctx context.Context, req plan.Request) (*plan.Result, error) {
	return f(ctx, req)
}

func newQueue(p plan.Planner, workers, keep int, notify func(string)) *Queue {
	return New(Options{Planner: p, Quick: workers, Long: 1, Keep: keep, Notify: notify})
}

func TestSharesAndKeeps(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	var calls atomic.Int32
	release := make(chan struct{})
	notified := make(chan string, 10)
	q := newQueue(planFunc(func(_ context.Context, req plan.Request) (*plan.Result, error) {
		calls.Add(1)
		<-release
		r := &plan.Result{}
		r.Head = req.Head
		return r, nil
	}), 2, 2, func(key string) { notified <- key })
	defer q.Close()

	for _, key := range []string{"a", "b", "a"} {
		if _, _, done := q.Get(key, plan.Request{Head: "1"}); done {
			t.Fatal("done at once")
		}
	}
	close(release)
	got := map[string]bool{<-notified: true, <-notified: true}
	if !got["a"] || !got["b"] || calls.Load() != 1 {
		t.Fatalf("notified %v after %d calls", got, calls.Load())
	}
	if r, err, done := q.Get("a", plan.Request{Head: "1"}); !done || err != nil || r.Head != "1" {
		t.Fatalf("Get = %v, %v, %v", r, err, done)
	}
	for _, head := range []string{"2", "3"} {
		_, _, _ = q.Get("a", plan.Request{Head: head})
		<-notified
		_, _, _ = q.Get("a", plan.Request{Head: head})
	}
	if _, _, done := q.Get("a", plan.Request{Head: "1"}); done {
		t.Error("more answers are kept than asked for")
	}
	<-notified
}

// TestAnswersWaitForThoseWhoAsked notifies many callers before the first of them fetches
// its answer, and checks that no plan is made twice.
func TestAnswersWaitForThoseWhoAsked(t *testing.T) {
	const keep, many = 2, 20
	var calls atomic.Int32
	notified := make(chan string, many)
	clock := clocktesting.NewFakeClock(time.Now())
	q := New(Options{Planner: planFunc(func(context.Context, plan.Request) (*plan.Result, error) {
		calls.Add(1)
		return &plan.Result{}, nil
	}), Keep: keep, Notify: func(key string) { notified <- key }, Clock: clock})
	defer q.Close()
	request := func(n int) plan.Request { return plan.Request{Head: fmt.Sprint(n)} }
	ask := func() {
		for n := range many {
			if _, _, done := q.Get(fmt.Sprint(n), request(n)); done {
				t.Fatalf("%d is there at once", n)
			}
		}
		for range many {
			<-notified
		}
	}
	ask()
	for n := range many {
		if _, _, done := q.Get(fmt.Sprint(n), request(n)); !done {
			t.Errorf("%d has to be planned again", n)
		}
	}
	if calls.Load() != many || q.recent.Len() != keep {
		t.Errorf("%d plans were made and %d are kept, not %d and %d", calls.Load(), q.recent.Len(), many, keep)
	}
	for n := range many {
		q.Forget(request(n))
	}
	ask()
	clock.Step(fetchTime + time.Second)
	_, _, _ = q.Get("0", request(0))
	if q.recent.Len() != keep {
		t.Errorf("%d answers are kept that nobody has come for", q.recent.Len())
	}
}

func TestForgetsWhatIsLong(t *testing.T) {
	notified := make(chan string)
	q := newQueue(planFunc(func(_ context.Context, req plan.Request) (*plan.Result, error) {
		r := &plan.Result{}
		r.Affected = make([]affected.Job, req.Number)
		return r, nil
	}), 1, 100, func(key string) { notified <- key })
	defer q.Close()
	for _, n := range []int{1, keptAffected / 2, keptAffected * 2, 3, 4} {
		if _, _, done := q.Get("a", plan.Request{Head: fmt.Sprint(n), Number: n}); done {
			t.Fatal("done at once")
		}
		<-notified
		if _, _, done := q.Get("a", plan.Request{Head: fmt.Sprint(n), Number: n}); !done {
			t.Errorf("the last answer, with %d jobs, is not kept", n)
		}
	}
	if q.jobs != 7 || q.recent.Len() != 2 || len(q.answers) != 2 {
		t.Errorf("%d jobs in %d answers", q.jobs, q.recent.Len())
	}
}

func TestErrors(t *testing.T) {
	for name, tc := range map[string]struct {
		err   error
		calls int32
	}{
		"retryable is tried again": {errors.New("network"), 2},
		"conflict is kept":         {&plan.ConflictError{Files: []string{"a"}}, 1},
		"refusal is kept":          {&plan.RefusedError{Reason: "x"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
			var calls atomic.Int32
			notified := make(chan string)
			q := newQueue(planFunc(func(context.Context, plan.Request) (*plan.Result, error) {
				calls.Add(1)
				return nil, tc.err
			}), 1, 10, func(key string) { notified <- key })
			defer q.Close()
			for range 2 {
				if _, _, done := q.Get("a", plan.Request{}); !done {
					<-notified
				}
				if _, err, done := q.Get("a", plan.Request{}); !done || !errors.Is(err, tc.err) {
					t.Fatalf("Get = %v, %v", err, done)
				}
			}
			if calls.Load() != tc.calls {
				t.Errorf("%d calls, want %d", calls.Load(), tc.calls)
			}
		})
	}
}

func TestCloseEndsWork(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	var started sync.WaitGroup
	started.Add(1)
	q := newQueue(planFunc(func(ctx context.Context, _ plan.Request) (*plan.Result, error) {
		started.Done()
		<-ctx.Done()
		return nil, ctx.Err()
	}), 1, 1, func(string) {})
	_, _, _ = q.Get("running", plan.Request{Head: "1"})
	started.Wait()
	_, _, _ = q.Get("queued", plan.Request{Head: "2"})
	q.Close()
	if _, err, done := q.Get("late", plan.Request{Head: "3"}); !done || !errors.Is(err, context.Canceled) {
		t.Errorf("Get after Close = %v, %v", err, done)
	}
}

// workshop is a Queue with a planner and a clock that the test controls.
type workshop struct {
	*Queue
	t        *testing.T
	clock    *clocktesting.FakeClock
	notified chan string
	plans    chan *making
}

// making is a plan that is being made.
type making struct {
	req plan.Request
	ctx context.Context
	end chan error
}

func newWorkshop(t *testing.T, change func(*Options)) *workshop {
	t.Helper()
	w := &workshop{t: t, clock: clocktesting.NewFakeClock(time.Unix(0, 0)), notified: make(chan string, 100), plans: make(chan *making, 100)}
	o := Options{
		Planner: planFunc(func(ctx context.Context, req plan.Request) (*plan.Result, error) {
			m := &making{req, ctx, make(chan error)}
			w.plans <- m
			select {
			case err := <-m.end:
				return &plan.Result{}, err
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}),
		Quick: 2, Long: 1, Keep: 100, Notify: func(key string) { w.notified <- key }, Clock: w.clock,
	}
	change(&o)
	w.Queue = New(o)
	t.Cleanup(w.Close)
	return w
}

func (w *workshop) open(author, head string) plan.Request {
	w.t.Helper()
	req := plan.Request{Org: "org", Repo: "config", Base: "base", Head: head, Author: author}
	if _, _, done := w.Get(head, req); done {
		w.t.Fatalf("%s is done at once", head)
	}
	return req
}

// begun returns the next plan that gets a slot.
func (w *workshop) begun(head string) *making {
	w.t.Helper()
	m := <-w.plans
	if m.req.Head != head {
		w.t.Fatalf("%s gets a place, and not %s", m.req.Head, head)
	}
	return m
}

// step lets the quick time of n plans pass.
func (w *workshop) step(n int) {
	w.clock.Step(quickTime)
	for late := 0; late < n; runtime.Gosched() {
		late = 0
		w.mu.Lock()
		for _, t := range w.schedule.tickets {
			if t.tooLong {
				late++
			}
		}
		w.mu.Unlock()
	}
}

func (w *workshop) none() {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, ok := w.schedule.next(); ok || len(w.plans) > 0 {
		w.t.Fatal("somebody gets a place")
	}
}

func TestLongPlansMakeRoom(t *testing.T) {
	w := newWorkshop(t, func(*Options) {})
	w.open("ann", "1")
	first := w.begun("1")
	plan.TellBaseRead(first.ctx)
	w.open("bob", "2")
	second := w.begun("2")
	plan.TellBaseRead(second.ctx)
	w.step(2)
	// One of them continues in the long slot, so a quick one is free.
	w.open("cat", "3")
	third := w.begun("3")
	third.end <- nil
	<-w.notified
	// The other has to leave its slot, because others wait and there is no other slot.
	w.open("dan", "4")
	fourth := w.begun("4")
	w.open("eve", "5")
	w.begun("5").end <- nil
	if first.ctx.Err() == nil && second.ctx.Err() == nil || first.ctx.Err() != nil && second.ctx.Err() != nil {
		t.Errorf("ended: %v, %v", first.ctx.Err(), second.ctx.Err())
	}
	// It begins again in the slot of the first.
	going, left := first, "2"
	if first.ctx.Err() != nil {
		going, left = second, "1"
	}
	going.end <- nil
	again := w.begun(left)
	again.end <- nil
	fourth.end <- nil
}

func TestSlowBase(t *testing.T) {
	w := newWorkshop(t, func(*Options) {})
	w.open("ann", "1")
	first := w.begun("1")
	w.step(1)
	// Other plans of the repository wait until its base has been read, and no longer.
	w.open("bob", "2")
	for len(w.waitingTickets()) == 0 {
		runtime.Gosched()
	}
	w.none()
	plan.TellBaseRead(first.ctx)
	second := w.begun("2")
	if w.isSlow("ann") {
		t.Error("ann is taken to be slow for what the base is")
	}
	second.end <- &plan.StoppedError{Why: "took more than 10 minutes", Base: true}
	<-w.notified
	// A base that cannot be read is not read for each head.
	req := w.open("cat", "3")
	<-w.notified
	var stopped *plan.StoppedError
	if _, err, done := w.Get("3", req); !done || !errors.As(err, &stopped) || !stopped.Base {
		t.Errorf("got %v, %v", err, done)
	}
	first.end <- nil
}

func (w *workshop) waitingTickets() []*ticket {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []*ticket
	for _, t := range w.schedule.tickets {
		if t.lane == waits {
			out = append(out, t)
		}
	}
	return out
}

// A fetch does not take a slot.
func TestFetchingTakesNoPlace(t *testing.T) {
	hang := make(chan struct{})
	w := newWorkshop(t, func(o *Options) {
		o.Quick = 1
		o.Fetch = func(ctx context.Context, req plan.Request) error {
			if req.Author == "mallory" {
				select {
				case <-hang:
				case <-ctx.Done():
				}
			}
			return ctx.Err()
		}
	})
	w.open("mallory", "1")
	w.open("mallory", "2")
	w.open("ann", "3")
	w.begun("3").end <- nil
	if key := <-w.notified; key != "3" {
		t.Errorf("%s is done", key)
	}
	close(hang)
}

func TestDamagedMirror(t *testing.T) {
	repaired := 0
	w := newWorkshop(t, func(o *Options) {
		o.Repair = func(context.Context, plan.Request) error { repaired++; return nil }
	})
	req := w.open("ann", "1")
	w.begun("1").end <- &plan.DamagedError{Reason: "bad object"}
	w.begun("1").end <- &plan.DamagedError{Reason: "bad object"}
	<-w.notified
	var stopped *plan.StoppedError
	if _, err, done := w.Get("1", req); !done || !errors.As(err, &stopped) || repaired != 1 {
		t.Errorf("got %v, %v after %d repairs", err, done, repaired)
	}
}

// A panic on the way to a plan does not end the program.
func TestPanicsEndNothing(t *testing.T) {
	for name, o := range map[string]Options{
		"planning": {Planner: planFunc(func(context.Context, plan.Request) (*plan.Result, error) { panic("here") })},
		"fetching": {Fetch: func(context.Context, plan.Request) error { panic("here") }},
	} {
		t.Run(name, func(t *testing.T) {
			notified := make(chan string)
			o.Notify = func(key string) { notified <- key }
			q := New(o)
			defer q.Close()
			_, _, _ = q.Get("a", plan.Request{})
			<-notified
			if _, err, done := q.Get("a", plan.Request{}); !done || err == nil || plan.Terminal(err) != (name == "planning") {
				t.Errorf("got %v, %v", err, done)
			}
		})
	}
}

func TestForget(t *testing.T) {
	w := newWorkshop(t, func(*Options) {})
	req := w.open("ann", "1")
	w.begun("1").end <- nil
	<-w.notified
	w.Forget(req)
	w.open("ann", "1")
	w.begun("1").end <- nil
	<-w.notified
}
