package receiver

import (
	"slices"
	"time"
)

// standing is what is known of a request, or of its connection, before its last byte
// has arrived. Those with a lower standing are evicted first.
type standing int

const (
	// idle connections have no request on them.
	idle standing = iota
	// stranger is anybody.
	stranger
	// familiar requests name a webhook that has delivered here before. Only its
	// administrators can see a webhook's ID.
	familiar
	// settled requests have arrived. They are not evicted.
	settled
)

// claim is a share of a limited resource: memory, or the number of connections.
type claim struct {
	// source is the address that it comes from.
	source string
	// size is how much it takes.
	size     int64
	since    time.Time
	standing standing
}

// moment is added to the age of claims: of those that came at the same time, the
// source with more is evicted.
const moment = 50 * time.Millisecond

// worst is the claim that is evicted first, -1 if there is none. Of claims with equal
// standing it is the one with the greatest cost: its age times everything that its
// source holds. Fast bodies cost little, even many from one address; slow ones cost
// more with every second, as does anything that one address has a lot of.
func worst(claims []claim, now time.Time) int {
	held := map[string]float64{}
	for _, c := range claims {
		held[c.source] += float64(c.size)
	}
	cost := func(c claim) float64 { return (now.Sub(c.since) + moment).Seconds() * held[c.source] }
	found := -1
	for i, c := range claims {
		switch {
		case c.standing == settled:
		case found < 0, c.standing < claims[found].standing,
			c.standing == claims[found].standing && cost(c) > cost(claims[found]):
			found = i
		}
	}
	return found
}

// giveWay returns the claims to evict so that asker gets more. It is not enough if
// asker itself would be the next to be evicted, or if all others are settled.
func giveWay(claims []claim, asker int, more int64, now time.Time) (ending []int, enough bool) {
	left := slices.Clone(claims)
	left[asker].size += more
	for more > 0 {
		next := worst(left, now)
		if next < 0 || next == asker {
			return nil, false
		}
		more -= left[next].size
		left[next].standing, left[next].size = settled, 0
		ending = append(ending, next)
	}
	return ending, true
}
