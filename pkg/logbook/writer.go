package logbook

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
)

// maxBatch is how many commands are written at once: even with the longest lines they
// fit into one request to the API server.
const maxBatch = 100

// Writer appends for a process with many concurrent callers. It makes one call at a
// time per log, and batches what arrives meanwhile, separately for each author: a
// full log for one author must not block the others. Without it, all concurrent
// patches but one would conflict and be retried, so that hundreds at once, from a
// busy pull request or redeliveries, would take quadratic time.
type Writer struct {
	rehearsals Rehearsals
	timeout    time.Duration

	mu     sync.Mutex
	queues map[string][]*batch // by the name of the Rehearsal
}

// NewWriter returns a writer. Each of its writes takes at most the timeout.
func NewWriter(rehearsals Rehearsals, timeout time.Duration) *Writer {
	return &Writer{rehearsals: rehearsals, timeout: timeout, queues: map[string][]*batch{}}
}

// batch is written with one call. err is valid once it is done.
type batch struct {
	entries event.Entries
	done    chan struct{}
	err     error
}

// Append is like the function Append. If the context ends first, the entries may still be
// stored.
func (w *Writer) Append(ctx context.Context, entries *event.Entries) error {
	b := w.join(event.Name(entries.Pull), entries)
	select {
	case <-b.done:
		return b.err
	case <-ctx.Done():
		return fmt.Errorf("waiting for the log of Rehearsal %s: %w", event.Name(entries.Pull), ctx.Err())
	}
}

// join adds entries to a batch that is not being written yet.
func (w *Writer) join(name string, entries *event.Entries) *batch {
	w.mu.Lock()
	defer w.mu.Unlock()
	queue, writing := w.queues[name]
	if n := len(queue); n > 0 && queue[n-1].takes(entries) {
		queue[n-1].add(entries)
		return queue[n-1]
	}
	b := &batch{entries: *entries, done: make(chan struct{})}
	b.entries.Commands, b.entries.Pushes = slices.Clone(entries.Commands), maps.Clone(entries.Pushes)
	w.queues[name] = append(queue, b)
	if !writing {
		go w.write(name)
	}
	return b
}

// takes reports whether entries can be added to a batch.
func (b *batch) takes(entries *event.Entries) bool {
	mine, others := b.entries.Commands, entries.Commands
	if len(mine) > 0 && len(others) > 0 && mine[0].By != others[0].By {
		return false
	}
	return len(mine)+len(others) <= maxBatch
}

func (b *batch) add(entries *event.Entries) {
	for _, c := range entries.Commands {
		known := func(other v1alpha1.Command) bool { return other.ID == c.ID }
		if !slices.ContainsFunc(b.entries.Commands, known) {
			b.entries.Commands = append(b.entries.Commands, c)
		}
	}
	if entries.Observed != nil {
		b.entries.Observed = entries.Observed
	}
	for login, push := range entries.Pushes {
		if b.entries.Pushes == nil {
			b.entries.Pushes = map[string]v1alpha1.Push{}
		}
		b.entries.Pushes[login] = push
	}
}

// write empties a queue.
func (w *Writer) write(name string) {
	for b := w.next(name); b != nil; b = w.next(name) {
		// The context of the first caller is not used, because others wait for the batch
		// too.
		ctx, cancel := context.WithTimeout(context.Background(), w.timeout)
		b.err = Append(ctx, w.rehearsals, &b.entries)
		cancel()
		close(b.done)
	}
}

// next takes the first batch from a queue. A queue exists while somebody writes.
func (w *Writer) next(name string) *batch {
	w.mu.Lock()
	defer w.mu.Unlock()
	queue := w.queues[name]
	if len(queue) == 0 {
		delete(w.queues, name)
		return nil
	}
	w.queues[name] = queue[1:]
	return queue[0]
}
