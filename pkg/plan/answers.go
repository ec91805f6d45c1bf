package plan

import (
	"container/list"
	"time"
)

// Bounds of what is kept: how many affected jobs the answers have, and how much
// memory they take as far as that is known. A few changes to everything would fill
// it otherwise.
const (
	keptAffected = 100_000
	keptWeight   = 512 << 20
	keptUnread   = 64
)

// fetchTime is how long an answer waits for whoever was told of it. Their turn may
// come after those of a thousand others; it may also never come.
const fetchTime = 15 * time.Minute

type answer struct {
	key    string
	result *Result
	err    error
	made   time.Time
	// fetched says that somebody had it.
	fetched bool
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
	a := &answer{key: t.id, result: result, err: err, made: b.Clock.Now()}
	b.mu.Lock()
	delete(b.running, t.id)
	b.answers[t.id] = b.recent.PushFront(a)
	b.jobs += a.jobs()
	b.weight += a.weight()
	b.trim()
	waiting := t.waiting
	b.mu.Unlock()
	for key := range waiting {
		b.Notify(key)
	}
}

// trim drops the answers that were not asked for longest. Those that nobody has
// fetched yet stay, however many there are: whoever comes for one that is gone has it
// made again, and with enough of them waiting hardly any would ever get theirs.
func (b *Background) trim() {
	kept := 0
	for e := b.recent.Front(); e != nil; {
		next := e.Next()
		if b.spare(e) {
			if kept++; kept > b.Keep {
				b.forget(e)
			}
		}
		e = next
	}
	for (b.jobs > keptAffected || b.weight > keptWeight) && b.recent.Len() > 1 {
		b.forget(b.dispensable())
	}
}

// spare says that nobody is going to fetch an answer for the first time.
func (b *Background) spare(e *list.Element) bool {
	a := e.Value.(*answer)
	return a.fetched || b.Clock.Since(a.made) > fetchTime
}

// dispensable is the answer to drop where memory runs short.
func (b *Background) dispensable() *list.Element {
	for e := b.recent.Back(); e != nil; e = e.Prev() {
		if b.spare(e) {
			return e
		}
	}
	return b.recent.Back()
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
