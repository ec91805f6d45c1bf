package local

import (
	"cmp"
	"slices"
	"strings"

	names "github.com/rehearsal-dev/rehearsal/pkg/nearest"
)

// suggestions is how many names are suggested at most.
const suggestions = 5

// nearest returns the names that a mistyped or shortened name can mean, best first: those
// that contain it, those a few edits away, and those that share most of its words.
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
		distance := most + 1
		if d := len(other) - len(name); d <= most && -d <= most {
			distance = names.Edits(name, lower, most)
		}
		switch {
		case strings.Contains(lower, name):
			// A shortened name has no typing error, however much is missing.
			found = append(found, candidate{other, 0})
		case distance <= most:
			found = append(found, candidate{other, distance})
		default:
			if n := wordsMissing(name, lower); n*2 < strings.Count(name, "-")+1 {
				found = append(found, candidate{other, most + n})
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

// wordsMissing counts the words of a name that another name does not have.
func wordsMissing(name, other string) int {
	missing := 0
	for word := range strings.SplitSeq(name, "-") {
		if !strings.Contains("-"+other+"-", "-"+word+"-") {
			missing++
		}
	}
	return missing
}
