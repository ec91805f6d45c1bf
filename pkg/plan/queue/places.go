package queue

import (
	"cmp"

	"github.com/rehearsal-dev/rehearsal/pkg/key"
)

// Plans are made in slots, called places in the code. There are quick and long ones. Each
// plan begins in a quick slot. A plan that is not done after the quick time continues in
// a long slot, if one is free. If none is free and other plans wait, it is stopped, and
// begins again in a long slot when it is its turn. So a plan that takes long, for
// whatever reason, never keeps others from a quick slot for more than the quick time.

// lane is the kind of a slot.
type lane int

const (
	waits lane = iota
	quick
	long
	// leaving is a slot whose plan is being stopped.
	leaving
)

// ticket is a plan that waits for a slot, or has one.
type ticket struct {
	repo, author string
	lane         lane
	// tooLong says that the quick time was not enough. If the ticket waits, it waits for
	// a long slot.
	tooLong bool
	// base says that the base branch has not been read yet.
	base bool
}

// slowBase reports whether reading the base branch takes long.
func (t *ticket) slowBase() bool { return t.base && t.tooLong }

// schedule is the input of the decision about the next slot.
type schedule struct {
	quick, long int
	// tickets are all tickets that wait or have a slot, in the order of arrival.
	tickets []*ticket
	// served says when a repository, and an author in it, last had a turn. Larger numbers
	// are later.
	served map[string]int
	// slow reports whether plans of an author took long recently.
	slow func(author string) bool
}

// move is a decision: a ticket gets a slot, continues in a long slot, or has to leave its
// slot.
type move struct {
	ticket *ticket
	to     lane
}

// next decides about one move, if there is one to make.
func (r *schedule) next() (move, bool) {
	held := r.held()
	if held.long < r.long {
		if t := r.first(held.mayGoLong); t != nil {
			return move{t, long}, true
		}
	}
	t := r.first(held.mayStart)
	switch {
	case t == nil:
		return move{}, false
	case held.quick+held.leaving < r.quick:
		return move{t, quick}, true
	case held.leaving > 0:
		return move{}, false
	}
	if late := r.first(func(t *ticket) bool { return t.lane == quick && t.tooLong }); late != nil {
		return move{late, leaving}, true
	}
	return move{}, false
}

// held says who has which slots.
type held struct {
	quick, long, leaving int
	// quickAuthors and longAuthors are the authors with slots. longBases are the
	// repositories whose base branches are being read in long slots, slowBases those that
	// are known to need one.
	quickAuthors, longAuthors, longBases, slowBases map[string]bool
}

func (r *schedule) held() *held {
	h := &held{quickAuthors: map[string]bool{}, longAuthors: map[string]bool{}, longBases: map[string]bool{}, slowBases: map[string]bool{}}
	for _, t := range r.tickets {
		switch t.lane {
		case quick:
			h.quick++
			h.quickAuthors[t.author] = true
		case leaving:
			h.leaving++
			h.quickAuthors[t.author] = true
		case long:
			h.long++
			if t.base {
				h.longBases[t.repo] = true
			} else {
				h.longAuthors[t.author] = true
			}
		}
		if t.slowBase() {
			h.slowBases[t.repo] = true
		}
	}
	return h
}

// mayGoLong reports whether a ticket can have a long slot. Each author can have one.
// Reading the base branch of a repository can have one as well, because that is no
// author's fault.
func (h *held) mayGoLong(t *ticket) bool {
	if !t.tooLong || t.lane != waits && t.lane != quick {
		return false
	}
	if t.base {
		return !h.longBases[t.repo]
	}
	return !h.longAuthors[t.author]
}

// mayStart reports whether a ticket can have a quick slot. Each author can have one, so
// that nobody gets all of them. There is none while the base branch is known to take long
// to read.
func (h *held) mayStart(t *ticket) bool {
	return t.lane == waits && !t.tooLong && !h.quickAuthors[t.author] && !h.slowBases[t.repo]
}

// first returns the ticket whose turn it is among those that fit. Base branches that take
// long come first, authors whose plans took long come last. Otherwise repositories take
// turns, and so do the authors in them. Of two plans of one author, the one with a quick
// slot comes first.
func (r *schedule) first(fits func(*ticket) bool) *ticket {
	var best *ticket
	for _, t := range r.tickets {
		if fits(t) && (best == nil || r.compare(t, best) < 0) {
			best = t
		}
	}
	return best
}

func (r *schedule) compare(a, b *ticket) int {
	return cmp.Or(
		order(b.slowBase(), a.slowBase()),
		order(r.slow(a.author), r.slow(b.author)),
		cmp.Compare(r.served[a.repo], r.served[b.repo]),
		cmp.Compare(r.served[turnOf(a)], r.served[turnOf(b)]),
		order(b.lane == quick, a.lane == quick),
	)
}

// order sorts false before true.
func order(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

func turnOf(t *ticket) string { return key.Of(t.repo, t.author) }
