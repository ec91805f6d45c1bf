package logbook_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/logbook"
	"github.com/rehearsal-dev/rehearsal/pkg/logbook/logbooktest"
)

// gate holds the first write until it is opened, and counts all writes.
type gate struct {
	logbooktest.Store
	writes  atomic.Int32
	entered chan struct{}
	open    chan struct{}
}

func newGate() *gate {
	g := &gate{entered: make(chan struct{}), open: make(chan struct{})}
	g.Fail = func(string, string) error {
		if g.writes.Add(1) == 1 {
			close(g.entered)
			<-g.open
		}
		return nil
	}
	return g
}

func TestWriterWritesTogether(t *testing.T) {
	g := newGate()
	w := logbook.NewWriter(g, time.Minute)
	first := make(chan error)
	go func() { first <- w.Append(t.Context(), entries("comment-1-0")) }()
	<-g.entered
	for i := range 60 {
		joinOnly(t, w, entries(fmt.Sprintf("comment-%d-0", 2+i%30)))
	}
	close(g.open)
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	if err := w.Append(t.Context(), entries("comment-99-0")); err != nil {
		t.Fatal(err)
	}
	if got := len(stored(t, g).Spec.Commands); got != 32 {
		t.Errorf("%d commands are stored, want 32", got)
	}
	// The calls: a patch that finds nothing, a creation, the batch, and perhaps a last
	// one.
	if got := g.writes.Load(); got > 4 {
		t.Errorf("%d calls were made", got)
	}
}

// joinOnly adds entries and does not wait.
func joinOnly(t *testing.T, w *logbook.Writer, entries *event.Entries) {
	t.Helper()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.Append(ended, entries); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}

func TestWriterBoundsItsBatches(t *testing.T) {
	g := newGate()
	w := logbook.NewWriter(g, time.Minute)
	var largest atomic.Int32
	g.Seen = func(patch []byte) {
		if n := int32(strings.Count(string(patch), "/spec/commands/-")); n > largest.Load() {
			largest.Store(n)
		}
	}
	first := make(chan error)
	go func() { first <- w.Append(t.Context(), entries("comment-1-0")) }()
	<-g.entered
	for i := range 180 {
		joinOnly(t, w, entries(fmt.Sprintf("comment-%d-0", 2+i)))
	}
	close(g.open)
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	if err := w.Append(t.Context(), entries("comment-999-0")); err != nil {
		t.Fatal(err)
	}
	if got := len(stored(t, g).Spec.Commands); got != 182 || largest.Load() != 100 {
		t.Errorf("%d commands are stored, %d at once", got, largest.Load())
	}
}

func TestWriterKeepsLogsApart(t *testing.T) {
	g := newGate()
	w := logbook.NewWriter(g, time.Minute)
	first := make(chan error)
	go func() { first <- w.Append(t.Context(), entries("comment-1-0")) }()
	<-g.entered
	other := entries("comment-2-0")
	other.Pull.Number++
	if err := w.Append(t.Context(), other); err != nil {
		t.Error(err)
	}
	close(g.open)
	if err := <-first; err != nil {
		t.Error(err)
	}
	if g.Len() != 2 {
		t.Errorf("%d logs are stored", g.Len())
	}
}

func TestWriterTellsAllOfAFailure(t *testing.T) {
	gone := errors.New("gone")
	w := logbook.NewWriter(&logbooktest.Store{Fail: func(string, string) error { return gone }}, time.Minute)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if err := w.Append(t.Context(), entries(fmt.Sprintf("comment-%d-0", i))); !errors.Is(err, gone) {
				t.Errorf("error is %v", err)
			}
		})
	}
	wg.Wait()
}

func TestWriterGivesUp(t *testing.T) {
	g := newGate()
	defer close(g.open)
	w := logbook.NewWriter(g, time.Minute)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-g.entered; cancel() }()
	if err := w.Append(ctx, entries("comment-1-0")); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}

// TestWriterLeavesItsInputAlone checks that growing batches do not change the entries of
// callers.
func TestWriterLeavesItsInputAlone(t *testing.T) {
	g := newGate()
	w := logbook.NewWriter(g, time.Minute)
	var wg sync.WaitGroup
	wg.Go(func() { _ = w.Append(t.Context(), entries("comment-1-0")) })
	<-g.entered
	mine := entries("comment-2-0")
	mine.Commands = append(make([]v1alpha1.Command, 0, 10), mine.Commands...)
	joinOnly(t, w, mine)
	joinOnly(t, w, entries("comment-3-0"))
	close(g.open)
	wg.Wait()
	if room := mine.Commands[:2]; room[1].ID != "" {
		t.Errorf("commands became %v", room)
	}
}

// TestWriterKeepsAuthorsApart checks that others can write when the log is full for one
// author.
func TestWriterKeepsAuthorsApart(t *testing.T) {
	g := newGate()
	w := logbook.NewWriter(g, time.Minute)
	var wg sync.WaitGroup
	wg.Go(func() { _ = w.Append(t.Context(), entries("comment-1-0")) })
	<-g.entered
	for i := range logbooktest.MaxOfOne / 50 {
		joinOnly(t, w, many("eve", 100+i))
	}
	joinOnly(t, w, many("eve", 200))
	wg.Go(func() {
		if err := w.Append(t.Context(), many("bob", 300)); err != nil {
			t.Errorf("what bob wrote is not stored: %v", err)
		}
	})
	close(g.open)
	wg.Wait()
	var full *logbook.FullError
	if err := w.Append(t.Context(), many("eve", 400)); !errors.As(err, &full) {
		t.Errorf("appending too much of one gives %v, want a FullError", err)
	}
	if got := len(stored(t, g).Spec.Commands); got != 1+logbooktest.MaxOfOne+50 {
		t.Errorf("%d commands are stored", got)
	}
}

// TestWriterWritesPushesTogether checks that pushes that arrive at once are all recorded.
func TestWriterWritesPushesTogether(t *testing.T) {
	g := newGate()
	w := logbook.NewWriter(g, time.Minute)
	push := func(login string) *event.Entries {
		return &event.Entries{Pull: pull, Observed: &v1alpha1.Observed{Event: "synchronize", Head: strings.Repeat("a", 40), At: at},
			Pushes: map[string]v1alpha1.Push{login: {Event: "synchronize", By: login, Head: strings.Repeat("a", 40), At: at}}}
	}
	first, entries := make(chan error), push("alice")
	go func() { first <- w.Append(t.Context(), entries) }()
	<-g.entered
	for n := range 20 {
		joinOnly(t, w, push(fmt.Sprintf("dev-%d", n)))
	}
	close(g.open)
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	if err := w.Append(t.Context(), push("bob")); err != nil {
		t.Fatal(err)
	}
	if got := len(stored(t, g).Spec.Pushes); got != 22 || len(entries.Pushes) != 1 {
		t.Errorf("%d pushers are stored, want 22; what was handed in has %d", got, len(entries.Pushes))
	}
}
