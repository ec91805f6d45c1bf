package plan

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
)

// planFunc is a Planner that a test controls.
type planFunc func(context.Context, Request) (*Result, error)

func (f planFunc) Plan(ctx context.Context, req Request) (*Result, error) { return f(ctx, req) }

func TestBackgroundSharesAndKeeps(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	var calls atomic.Int32
	release := make(chan struct{})
	notified := make(chan string, 10)
	b := NewBackground(planFunc(func(_ context.Context, req Request) (*Result, error) {
		calls.Add(1)
		<-release
		r := &Result{}
		r.Head = req.Head
		return r, nil
	}), 2, 2, func(key string) { notified <- key })
	defer b.Close()

	for _, key := range []string{"a", "b", "a"} {
		if _, _, done := b.Get(key, Request{Head: "1"}); done {
			t.Fatal("done at once")
		}
	}
	close(release)
	got := map[string]bool{<-notified: true, <-notified: true}
	if !got["a"] || !got["b"] || calls.Load() != 1 {
		t.Fatalf("notified %v after %d calls", got, calls.Load())
	}
	if r, err, done := b.Get("a", Request{Head: "1"}); !done || err != nil || r.Head != "1" {
		t.Fatalf("Get = %v, %v, %v", r, err, done)
	}
	for _, head := range []string{"2", "3"} {
		_, _, _ = b.Get("a", Request{Head: head})
		<-notified
	}
	if _, _, done := b.Get("a", Request{Head: "1"}); done {
		t.Error("more answers are kept than asked for")
	}
	<-notified
}

func TestBackgroundForgetsWhatIsLong(t *testing.T) {
	notified := make(chan string)
	b := NewBackground(planFunc(func(_ context.Context, req Request) (*Result, error) {
		r := &Result{}
		r.Affected = make([]affected.Job, req.Number)
		return r, nil
	}), 1, 100, func(key string) { notified <- key })
	defer b.Close()
	for _, n := range []int{1, keptAffected / 2, keptAffected * 2, 3, 4} {
		if _, _, done := b.Get("a", Request{Head: fmt.Sprint(n), Number: n}); done {
			t.Fatal("done at once")
		}
		<-notified
		if _, _, done := b.Get("a", Request{Head: fmt.Sprint(n), Number: n}); !done {
			t.Errorf("the last answer, with %d jobs, is not kept", n)
		}
	}
	if b.jobs != 7 || b.recent.Len() != 2 || len(b.answers) != 2 {
		t.Errorf("%d jobs in %d answers", b.jobs, b.recent.Len())
	}
}

func TestBackgroundErrors(t *testing.T) {
	for name, tc := range map[string]struct {
		err   error
		calls int32
	}{
		"retryable is tried again": {errors.New("network"), 2},
		"conflict is kept":         {&ConflictError{Files: []string{"a"}}, 1},
		"refusal is kept":          {&RefusedError{Reason: "x"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
			var calls atomic.Int32
			notified := make(chan string)
			b := NewBackground(planFunc(func(context.Context, Request) (*Result, error) {
				calls.Add(1)
				return nil, tc.err
			}), 1, 10, func(key string) { notified <- key })
			defer b.Close()
			for range 2 {
				if _, _, done := b.Get("a", Request{}); !done {
					<-notified
				}
				if _, err, done := b.Get("a", Request{}); !done || !errors.Is(err, tc.err) {
					t.Fatalf("Get = %v, %v", err, done)
				}
			}
			if calls.Load() != tc.calls {
				t.Errorf("%d calls, want %d", calls.Load(), tc.calls)
			}
		})
	}
}

func TestBackgroundCloseEndsWork(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	var started sync.WaitGroup
	started.Add(1)
	b := NewBackground(planFunc(func(ctx context.Context, _ Request) (*Result, error) {
		started.Done()
		<-ctx.Done()
		return nil, ctx.Err()
	}), 1, 1, func(string) {})
	_, _, _ = b.Get("running", Request{Head: "1"})
	started.Wait()
	_, _, _ = b.Get("queued", Request{Head: "2"})
	b.Close()
	if _, err, done := b.Get("late", Request{Head: "3"}); !done || !errors.Is(err, context.Canceled) {
		t.Errorf("Get after Close = %v, %v", err, done)
	}
}

func TestLRU(t *testing.T) {
	c := newLRU[int](10)
	c.add("a", 1, 4)
	c.add("b", 2, 4)
	c.get("a")
	c.add("c", 3, 4)
	c.add("too large", 4, 11)
	for key, want := range map[string]bool{"a": true, "b": false, "c": true, "too large": false} {
		if _, ok := c.get(key); ok != want {
			t.Errorf("%s: kept = %v", key, ok)
		}
	}
}
