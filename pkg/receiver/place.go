package receiver

import (
	"context"
	"slices"
)

// lately is how many of the latest owners of the slot are remembered.
const lately = 256

// place is the slot for the one large body that is read at a time.
type place struct {
	occupancy
	holder  *applicant
	waiting []*applicant
	// had are the sources that had it, the latest last.
	had []string
	// buffer is reused: several in a row would otherwise add up as garbage.
	buffer []byte
}

// applicant is a body that waits for the slot, or has it.
type applicant struct {
	source   string
	standing standing
	// turn is closed when it gets the slot.
	turn chan struct{}
	occupant
}

// take waits for the slot. A stranger in the slot is evicted for a familiar sender.
func (p *place) take(ctx context.Context, a *applicant) ([]byte, error) {
	a.turn = make(chan struct{})
	p.mu.Lock()
	p.waiting = append(p.waiting, a)
	if h := p.holder; h != nil && h.standing < a.standing && !h.leaving {
		h.leaving = true
		h.interrupt()
	}
	p.next()
	p.mu.Unlock()
	select {
	case <-a.turn:
		return p.buffer, nil
	case <-ctx.Done():
		p.leave(a, nil)
		return nil, errFull
	}
}

// next gives the slot to one of the waiting applicants.
func (p *place) next() {
	if p.holder != nil || len(p.waiting) == 0 {
		return
	}
	i := foremost(p.waiting, p.had)
	p.holder = p.waiting[i]
	p.waiting = slices.Delete(p.waiting, i, i+1)
	source := p.holder.source
	p.had = append(slices.DeleteFunc(p.had, func(s string) bool { return s == source }), source)
	p.had = p.had[max(0, len(p.had)-lately):]
	close(p.holder.turn)
}

// foremost returns the applicant whose turn it is: a familiar one before strangers, then
// the one whose source has waited longest for another turn, then the first.
func foremost(waiting []*applicant, had []string) int {
	best := 0
	for i, a := range waiting[1:] {
		b := waiting[best]
		if a.standing > b.standing ||
			a.standing == b.standing && slices.Index(had, a.source) < slices.Index(had, b.source) {
			best = i + 1
		}
	}
	return best
}

// leave gives the slot back, with its buffer, or stops waiting for it.
func (p *place) leave(a *applicant, buffer []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = slices.DeleteFunc(p.waiting, func(w *applicant) bool { return w == a })
	a.interrupt = func() {}
	if p.holder == a {
		p.holder = nil
		if buffer != nil {
			p.buffer = buffer
		}
		p.next()
	}
}

// settle records that everything has arrived.
func (p *place) settle(a *applicant) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a.standing = settled
}
