package receiver

import (
	"context"
	"errors"
	"slices"
	"time"
)

var (
	errFull    = errors.New("no space is left")
	errEvicted = errors.New("it was evicted")
)

// pool is the memory that bodies share.
type pool struct {
	occupancy
	capacity int64
	guests   []*guest
	// freed is closed when memory is freed.
	freed chan struct{}
}

// guest is a body with a share of the pool.
type guest struct {
	claim
	occupant
}

func newPool(capacity int64) *pool {
	return &pool{capacity: capacity, freed: make(chan struct{})}
}

// take gives a guest that much memory in all. It evicts others; if it cannot, it
// waits for a while.
func (p *pool) take(ctx context.Context, g *guest, size int64) error {
	ctx, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	for {
		freed, err := p.try(g, size)
		if freed == nil || err != nil {
			return err
		}
		select {
		case <-freed:
		case <-ctx.Done():
			return errFull
		}
	}
}

// try takes the memory if it is free. Otherwise it evicts others, and returns a
// channel that is closed when memory has been freed.
func (p *pool) try(g *guest, size int64) (<-chan struct{}, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if g.leaving {
		return nil, errEvicted
	}
	if !slices.Contains(p.guests, g) {
		p.guests = append(p.guests, g)
	}
	missing := size - g.size - p.capacity
	for _, other := range p.guests {
		missing += other.size
	}
	if missing <= 0 {
		g.size = size
		return nil, nil
	}
	for _, other := range p.guests {
		if other.leaving {
			missing -= other.size
		}
	}
	return p.freed, p.evictOthers(g, missing)
}

// evictOthers evicts others. It is not an error if all are settled.
func (p *pool) evictOthers(g *guest, missing int64) error {
	var staying []*guest
	var claims []claim
	for _, other := range p.guests {
		if !other.leaving {
			staying, claims = append(staying, other), append(claims, other.claim)
		}
	}
	now, asker := time.Now(), slices.Index(staying, g)
	ending, enough := giveWay(claims, asker, missing, now)
	for _, i := range ending {
		staying[i].leaving = true
		staying[i].interrupt()
	}
	if !enough && !alone(claims, asker) {
		return errFull
	}
	return nil
}

// alone reports whether all others are settled: they will finish soon.
func alone(claims []claim, asker int) bool {
	for i, c := range claims {
		if i != asker && c.standing != settled && c.size > 0 {
			return false
		}
	}
	return true
}

// settle records that everything has arrived.
func (p *pool) settle(g *guest) {
	p.mu.Lock()
	defer p.mu.Unlock()
	g.standing = settled
}

// leave frees all memory of a guest.
func (p *pool) leave(g *guest) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.Index(p.guests, g); i >= 0 {
		p.guests = slices.Delete(p.guests, i, i+1)
	}
	g.size, g.interrupt = 0, func() {}
	close(p.freed)
	p.freed = make(chan struct{})
}
