package conversation

import (
	"maps"
	"sync"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/lru"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
)

// keptDenials limits how many refusals are remembered for all pull requests together.
const keptDenials = 20_000

// Memory remembers two things for all conversations of a process: comments that were just
// created, in case status is not stored and GitHub's lists lag; and GitHub's refusals, with
// the time of the last attempt. The start of a refusal is also in status: a controller that
// restarts every few minutes would otherwise never accept one. The zero value is ready to
// use.
type Memory struct {
	mu sync.Mutex
	// A comment without an id may have been created.
	comments map[string]github.Comment
	denials  lru.Recent[denial]
}

// memoryKey is the key of a comment in Memory.
func (c *Conversation) memoryKey(body string) string {
	marker, _ := report.FindMarker(body)
	return c.Rehearsal.Namespace + "/" + c.Rehearsal.Name + " " + marker
}

// note remembers a comment by its pull request and marker, and forgets old ones.
func (m *Memory) note(key string, c github.Comment, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.comments == nil {
		m.comments = map[string]github.Comment{}
	}
	maps.DeleteFunc(m.comments, func(_ string, old github.Comment) bool { return now.Sub(old.CreatedAt) > DoubtTime })
	c.CreatedAt = now
	m.comments[key] = c
}

// take returns a comment and forgets it: the caller notes it again if it still
// exists.
func (m *Memory) take(key string, now time.Time) *github.Comment {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, ok := m.comments[key]
	delete(m.comments, key)
	if !ok || now.Sub(c.CreatedAt) > DoubtTime {
		return nil
	}
	return &c
}

// drop forgets a comment that GitHub says is gone.
func (m *Memory) drop(key string, id int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.comments[key].ID == id {
		delete(m.comments, key)
	}
}

func (m *Memory) denial(key string) (denial, bool) { return m.denials.UpTo(keptDenials).Get(key) }

func (m *Memory) deny(key string, d denial) { m.denials.UpTo(keptDenials).Add(key, d) }

func (m *Memory) forgetDenial(key string) { m.denials.UpTo(keptDenials).Remove(key) }
