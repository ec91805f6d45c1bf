// Package nearest finds the names that a mistyped one may stand for.
package nearest

import (
	"sort"
	"strings"
)

const (
	// maxNames is how many names are suggested at most.
	maxNames = 3
	// maxLength bounds the work, in bytes: longer names are like nothing.
	maxLength = 200
)

// Names returns the few names most like name, the most alike first, and none
// that is too far from it.
func Names(name string, names []string) []string {
	type near struct {
		name     string
		distance int
	}
	var found []near
	seen := map[string]bool{}
	for _, n := range names {
		if seen[n] || len(name) > maxLength || len(n) > maxLength {
			continue
		}
		seen[n] = true
		d := distance(name, n)
		if len(name) >= 3 && strings.Contains(n, name) {
			d = min(d, 1)
		}
		if d <= max(2, len(name)/4) {
			found = append(found, near{n, d})
		}
	}
	sort.Slice(found, func(i, j int) bool {
		if found[i].distance != found[j].distance {
			return found[i].distance < found[j].distance
		}
		return found[i].name < found[j].name
	})
	var out []string
	for i := 0; i < len(found) && i < maxNames; i++ {
		out = append(out, found[i].name)
	}
	return out
}

// distance is the number of single-byte edits between two names.
func distance(a, b string) int {
	previous := make([]int, len(b)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := 1; i <= len(a); i++ {
		current := make([]int, len(b)+1)
		current[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			current[j] = min(previous[j]+1, current[j-1]+1, previous[j-1]+cost)
		}
		previous = current
	}
	return previous[len(b)]
}
