package receiver

import (
	"slices"
	"time"
)

// standing is what is known of a request, or of its connection, before its last
// byte is there. Those with less give way to those with more.
type standing int

const (
	// idle connections have no request on them.
	idle standing = iota
	// stranger is what anybody can be.
	stranger
	// familiar names a hook that has delivered here before. Hooks' numbers are seen
	// by those who administer them.
	familiar
	// settled requests have arrived. They do not give way.
	settled
)

// claim is a part of something that has an end: memory, or the number of connections.
type claim struct {
	// source is the address that it comes from.
	source string
	// size is how much it takes.
	size     int64
	since    time.Time
	standing standing
}

// moment is added to the age of claims: of those that came together, the source that
// has more gives way.
const moment = 50 * time.Millisecond

// worst is the claim that gives way before all others, -1 if none does. Of claims with
// equal standing it is the one with the greatest cost: the time that it has lasted,
// times what its source has in all. What arrives swiftly costs little, whatever comes
// from the same address; what is slow costs more with every second, and so does whatever
// one address has a lot of.
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

// giveWay are the claims that end so that there is room for so much more for one of
// them, asker. It is not enough when asker itself would be the next to give way, or
// when all others are settled.
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
