package receiver

import (
	"sync"
	"time"
)

// occupancy is what pool and place have in common: occupants, which can be evicted. The
// lock guards all of it.
type occupancy struct{ mu sync.Mutex }

// occupant holds a share of the pool or place, or waits for one.
type occupant struct {
	// interrupt cancels what it waits for.
	interrupt func()
	leaving   bool
}

// wait returns until when an occupant may wait for more data. It may not wait at all if
// it was evicted.
func (r *occupancy) wait(o *occupant, until time.Time, set func(time.Time)) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if o.leaving {
		return errEvicted
	}
	set(until)
	return nil
}

// hasLeft reports whether an occupant was evicted.
func (r *occupancy) hasLeft(o *occupant) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return o.leaving
}
