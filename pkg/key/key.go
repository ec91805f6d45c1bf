// Package key makes strings to look things up by, or to hash, out of parts that
// others have written. No separator is safe in those.
package key

import (
	"strconv"
	"strings"
)

// Of joins parts into a string that is the same for the same parts only: each has
// its length before it.
func Of(parts ...string) string {
	var b strings.Builder
	for _, part := range parts {
		b.WriteString(strconv.Itoa(len(part)))
		b.WriteByte(':')
		b.WriteString(part)
	}
	return b.String()
}
