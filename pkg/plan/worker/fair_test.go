package worker

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/queue"
)

// Other heads are planned while planners do not finish with any number of hostile heads,
// whoever opens those. If they are not, the test does not end.
func TestBombsDoNotKeepOthersWaiting(t *testing.T) {
	bombs := []string{"loop", "hang", "recurse", "panic-elsewhere", "endless", "leave", "kill"}
	if boundsMemory {
		bombs = append(bombs, "eat")
	}
	p := newPool(t, 3)
	notified := make(chan string, 1000)
	b := queue.New(queue.Options{
		Planner: p, Quick: 2, Long: 1, QuickTime: 50 * time.Millisecond, Keep: 1000, Notify: func(key string) { notified <- key },
	})
	t.Cleanup(b.Close)
	open := func(author, order string, n int) (string, plan.Request) {
		req := ordered(order)
		// Their timeout is never reached.
		req.Limits.Timeout, req.Author, req.Head = time.Hour, author, fmt.Sprint(author, order, n)
		key := author + " " + order
		if _, _, done := b.Get(key, req); done {
			t.Fatalf("%s is done at once", key)
		}
		return key, req
	}
	for author := range 3 {
		for n := range 2 {
			for _, bomb := range bombs {
				open(fmt.Sprint("mallory", author), bomb, n)
			}
		}
	}
	for i := range 5 {
		key, req := open(fmt.Sprint("ann", i), "", 0)
		for <-notified != key {
		}
		if result, err, done := b.Get(key, req); !done || err != nil || result.Jobs == 0 {
			t.Fatalf("%v, %v, %v", result, err, done)
		}
	}
	for _, stuck := range []string{"loop", "hang"} {
		req := ordered(stuck)
		req.Limits.Timeout, req.Author, req.Head = time.Hour, "mallory0", fmt.Sprint("mallory0", stuck, 0)
		if _, _, done := b.Get("x", req); done {
			t.Errorf("%s came to an end, so this has shown nothing", stuck)
		}
	}
}

// The child that made a plan is asked for what the plan does not contain. If that child
// is gone, the plan is reported as forgotten.
func TestDetailsOfTheGone(t *testing.T) {
	p := newPool(t, 1)
	result, err := p.Plan(t.Context(), ordered(""))
	if err != nil {
		t.Fatal(err)
	}
	if located, err := result.Lookup(t.Context(), "any"); err != nil || len(located) != 0 {
		t.Errorf("%v, %v", located, err)
	}
	if _, err := p.Plan(t.Context(), ordered("kill")); err == nil {
		t.Fatal("no error")
	}
	if _, err := result.Lookup(t.Context(), "any"); !errors.Is(err, plan.ErrForgotten) {
		t.Errorf("got %v", err)
	}
}
