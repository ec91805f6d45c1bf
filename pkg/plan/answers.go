package plan

import "container/list"

// Bounds of what is kept: how many affected jobs the answers have, and how much
// memory they take as far as that is known. A few changes to everything would fill
// it otherwise.
const (
	keptAffected = 100_000
	keptWeight   = 512 << 20
	keptUnread   = 64
)

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

func (a *answer) weight() int {
	if a.result == nil {
		return 0
	}
	return a.result.weight
}

// Forget drops the answer to a request, so that the next Get starts anew.
func (b *Background) Forget(req Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e, ok := b.answers[req.Key()]; ok {
		b.forget(e)
	}
}

// finish hands out an answer.
func (b *Background) finish(t *task, result *Result, err error) {
	a := &answer{key: t.id, result: result, err: err}
	b.mu.Lock()
	delete(b.running, t.id)
	b.answers[t.id] = b.recent.PushFront(a)
	b.jobs += a.jobs()
	b.weight += a.weight()
	for b.recent.Len() > b.Keep || (b.jobs > keptAffected || b.weight > keptWeight) && b.recent.Len() > 1 {
		b.forget(b.recent.Back())
	}
	waiting := t.waiting
	b.mu.Unlock()
	for key := range waiting {
		b.Notify(key)
	}
}

func (b *Background) forget(e *list.Element) {
	b.recent.Remove(e)
	a := e.Value.(*answer)
	b.jobs -= a.jobs()
	b.weight -= a.weight()
	delete(b.answers, a.key)
}

// baseKey is equal for requests with the same base.
func baseKey(r Request) string {
	r.Head = ""
	return r.Key()
}

// knownUnread says that the base of a task could not be read before.
func (b *Background) knownUnread(t *task) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.unread[baseKey(t.request)]; err != nil {
		return err
	}
	return nil
}

func (b *Background) noteUnread(t *task, err *StoppedError) {
	if len(b.unread) >= keptUnread {
		clear(b.unread)
	}
	b.unread[baseKey(t.request)] = err
}
