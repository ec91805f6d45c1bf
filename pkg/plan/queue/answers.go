package queue

import (
	"container/list"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/plan"
)

// Limits on the answers that are kept: the affected jobs in them, and their memory as far
// as it is known. Otherwise a few changes that affect everything would fill the memory.
const (
	keptAffected = 100_000
	keptWeight   = 512 << 20
	keptUnread   = 64
)

// fetchTime is how long an answer is kept for a caller that was notified. A thousand
// others may be handled before that caller, and it may never come.
const fetchTime = 15 * time.Minute

type answer struct {
	key    string
	result *plan.Result
	err    error
	made   time.Time
	// fetched says that a caller has got the answer.
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
	return a.result.Weight
}

// Forget drops the answer to a request, so that the next Get starts again.
func (q *Queue) Forget(req plan.Request) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if e, ok := q.answers[req.Key()]; ok {
		q.forget(e)
	}
}

// finish provides an answer.
func (q *Queue) finish(t *task, result *plan.Result, err error) {
	a := &answer{key: t.id, result: result, err: err, made: q.Clock.Now()}
	q.mu.Lock()
	delete(q.running, t.id)
	q.answers[t.id] = q.recent.PushFront(a)
	q.jobs += a.jobs()
	q.weight += a.weight()
	q.trim()
	waiting := t.waiting
	q.mu.Unlock()
	for key := range waiting {
		q.Notify(key)
	}
}

// trim drops the least recently used answers. Answers that nobody has fetched yet are
// kept, however many there are: a caller whose answer is gone has it made again, and with
// enough callers waiting, hardly any would ever get an answer.
func (q *Queue) trim() {
	kept := 0
	for e := q.recent.Front(); e != nil; {
		next := e.Next()
		if q.spare(e) {
			if kept++; kept > q.Keep {
				q.forget(e)
			}
		}
		e = next
	}
	for (q.jobs > keptAffected || q.weight > keptWeight) && q.recent.Len() > 1 {
		q.forget(q.dispensable())
	}
}

// spare reports whether nobody is still to fetch an answer for the first time.
func (q *Queue) spare(e *list.Element) bool {
	a := e.Value.(*answer)
	return a.fetched || q.Clock.Since(a.made) > fetchTime
}

// dispensable returns the answer to drop when memory runs short.
func (q *Queue) dispensable() *list.Element {
	for e := q.recent.Back(); e != nil; e = e.Prev() {
		if q.spare(e) {
			return e
		}
	}
	return q.recent.Back()
}

func (q *Queue) forget(e *list.Element) {
	q.recent.Remove(e)
	a := e.Value.(*answer)
	q.jobs -= a.jobs()
	q.weight -= a.weight()
	delete(q.answers, a.key)
}

// baseKey returns the same text for requests with the same base.
func baseKey(r plan.Request) string {
	r.Head = ""
	return r.Key()
}

// knownUnread returns the error with which the base of a task could not be read before.
func (q *Queue) knownUnread(t *task) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.unread[baseKey(t.request)]; err != nil {
		return err
	}
	return nil
}

func (q *Queue) noteUnread(t *task, err *plan.StoppedError) {
	if len(q.unread) >= keptUnread {
		clear(q.unread)
	}
	q.unread[baseKey(t.request)] = err
}
