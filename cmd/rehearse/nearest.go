package main

import (
	"cmp"
	"slices"
	"strings"
)

// suggestions is how many names are suggested at most.
const suggestions = 5

// nearest returns the names that a mistyped or shortened one may have meant,
// best first: those that contain it, then those that few edits lead to.
func nearest(name string, all []string) []string {
	name, _, _ = strings.Cut(strings.ToLower(name), "@")
	if name == "" {
		return nil
	}
	type candidate struct {
		name     string
		distance int
	}
	var found []candidate
	most := max(len(name)/4, 2)
	for _, other := range all {
		lower := strings.ToLower(other)
		switch d := len(other) - len(name); {
		case strings.Contains(lower, name):
			// However much is missing, what was written is right.
			found = append(found, candidate{other, 0})
		case d > most || -d > most:
		default:
			if n := edits(name, lower, most); n <= most {
				found = append(found, candidate{other, n})
			}
		}
	}
	slices.SortFunc(found, func(a, b candidate) int {
		return cmp.Or(a.distance-b.distance, len(a.name)-len(b.name), strings.Compare(a.name, b.name))
	})
	var out []string
	for _, c := range found[:min(len(found), suggestions)] {
		out = append(out, c.name)
	}
	return out
}

// edits counts the bytes to insert, remove or replace to get from a to b. It
// gives up above a limit.
func edits(a, b string, limit int) int {
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
