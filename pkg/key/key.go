// Package key makes unambiguous strings for lookups or hashes from untrusted parts,
// in which no separator is safe.
package key

import (
	"strconv"
	"strings"
)

// Of joins parts into a string that is equal only for equal parts: each is preceded
// by its length.
func Of(parts ...string) string {
	var b strings.Builder
	for _, part := range parts {
		b.WriteString(strconv.Itoa(len(part)))
		b.WriteByte(':')
		b.WriteString(part)
	}
	return b.String()
}
