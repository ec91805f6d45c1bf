// Package nearest finds the names that a mistyped name may stand for.
package nearest

import (
	"sort"
	"strings"
)

const (
	// maxNames is how many names are suggested at most.
	maxNames = 3
	// maxLength limits the work, in bytes: longer names are similar to none.
	maxLength = 200
)

// Names returns the few names that are most similar to name, the most similar first. It
// omits names that differ too much.
func Names(name string, names []string) []string {
	type near struct {
		name     string
		distance int
	}
	var found []near
	seen, most := map[string]bool{}, max(2, len(name)/4)
	for _, n := range names {
		if seen[n] || len(name) > maxLength || len(n) > maxLength {
			continue
		}
		seen[n] = true
		d := Edits(name, n, most)
		if len(name) >= 3 && strings.Contains(n, name) {
			d = min(d, 1)
		}
		if d <= most {
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

// Edits returns the number of bytes to insert, remove or replace to get from a to b. It
// stops above a limit.
func Edits(a, b string, limit int) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal, least := row[0], i+1
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
			least = min(least, row[j+1])
		}
		if least > limit {
			return limit + 1
		}
	}
	return row[len(b)]
}
