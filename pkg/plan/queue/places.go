package queue

import (
	"cmp"

	"github.com/rehearsal-dev/rehearsal/pkg/key"
)

// Plans are made in places of two kinds. Each begins in a quick one. What is not
// done after its quick time goes on in a long place, when there is one; when there
// is none and others wait, it is ended and begins again in a long place when it is
// its turn. So what takes long, for whatever reason, never keeps others from a
// quick place for more than the quick time.

// lane is the kind of a place.
type lane int

const (
	waits lane = iota
	quick
	long
	// leaving is a place whose plan is being ended.
	leaving
)

// ticket is a plan that waits for a place, or has one.
type ticket struct {
	repo, author string
	lane         lane
	// tooLong says that the quick time was not enough. Where it waits, it is for a
	// long place.
	tooLong bool
	// base says that the base branch has not been read yet.
	base bool
}

// slowBase says that it takes long to read the base branch.
func (t *ticket) slowBase() bool { return t.base && t.tooLong }

// schedule is what the decision on the next place depends on.
type schedule struct {
	quick, long int
	// tickets are all that wait or have a place, in the order of their arrival.
	tickets []*ticket
	// served says when a repository, and an author in it, had a turn last: a larger
	// number is later.
	served map[string]int
	// slow are the authors whose plans took long lately.
	slow func(author string) bool
}

// move is a decision: a ticket gets a place, goes on in a long one, or has to leave
// the one it has.
type move struct {
	ticket *ticket
	to     lane
}

// next decides on one move, if there is one to make.
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

// held is who has which places.
type held struct {
	quick, long, leaving int
	// quickAuthors and longAuthors have places, longBases are the repositories whose
	// base branches are read in long ones, and slowBases those for which that is
	// known to be necessary.
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

// mayGoLong says of a ticket whether it could have a long place: one for each
// author, and one for the base branch of a repository, which is nobody's fault.
func (h *held) mayGoLong(t *ticket) bool {
	if !t.tooLong || t.lane != waits && t.lane != quick {
		return false
	}
	if t.base {
		return !h.longBases[t.repo]
	}
	return !h.longAuthors[t.author]
}

// mayStart says of a ticket whether it could have a quick place: one for each
// author, so that nobody has all of them, and none while it is known that the base
// branch takes long to read.
func (h *held) mayStart(t *ticket) bool {
	return t.lane == waits && !t.tooLong && !h.quickAuthors[t.author] && !h.slowBases[t.repo]
}

// first returns whose turn it is among the tickets that fit: base branches before
// heads, those with a place before those without, authors whose plans took long
// after all others; and then repositories, and authors in them, in turn.
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

// order puts what is not before what is.
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
