package receiver

import (
	"sync"
	"time"
)

// room is what pool and place have in common: occupants, which may have to give way.
// The lock is for all that is in it.
type room struct{ mu sync.Mutex }

// occupant has a part of a room, or wants it.
type occupant struct {
	// interrupt ends what it waits for.
	interrupt func()
	leaving   bool
}

// wait says until when an occupant may wait for what is to come; not at all if it has
// given way.
func (r *room) wait(o *occupant, until time.Time, set func(time.Time)) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if o.leaving {
		return errEvicted
	}
	set(until)
	return nil
}

// hasLeft says that an occupant has given way.
func (r *room) hasLeft(o *occupant) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return o.leaving
}
