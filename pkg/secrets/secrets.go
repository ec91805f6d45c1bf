// Package secrets recognises secrets, and removes them from texts that are shown to
// people: excerpts of logs, events, messages from Prow, reasons. It is the only place
// that does.
package secrets

import (
	"encoding/base64"
	"regexp"
	"sort"
	"strings"
)

// Mark replaces a secret.
const Mark = "[censored]"

// minSecret is the length below which a value cannot be distinguished from ordinary
// text.
const minSecret = 4

var (
	secretName = regexp.MustCompile("(?i)" + word)
	// placeName matches the name of a secret or of its place, which a reader may see.
	placeName = regexp.MustCompile(`(?i)(?:name|path|file|dir|ref|mode|audience|mount[a-z]*)$`)
)

// Named reports whether a name suggests a secret value, not only the place of one.
func Named(name string) bool {
	return (secretName.MatchString(name) || strings.EqualFold(name, "auth")) && !placeName.MatchString(name)
}

var (
	wholeKey = regexp.MustCompile(`(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----.*?-----END [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----`)
	// In JSON, and in joined lines, the key continues behind its first line.
	keyBegin = regexp.MustCompile(`-----BEGIN [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----[^"]*`)
	keyEnd   = regexp.MustCompile(`-----END [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----`)
	keyLine  = regexp.MustCompile(`^\s*(?:[A-Za-z0-9+/=]{16,}|[A-Za-z0-9+/]+={0,2}|[A-Za-z-]+: .*|)\s*$`)
)

// Censor removes everything that looks like a secret, and the given values.
func Censor(s string, values []string) string {
	return Shapes(Blocks(s, values))
}

// Blocks removes secrets that can span lines: the given values, and keys.
func Blocks(s string, values []string) string {
	for _, value := range spellings(values) {
		s = strings.ReplaceAll(s, value, Mark)
	}
	if strings.Contains(s, "PRIVATE KEY") {
		s = censorHalfKeys(wholeKey.ReplaceAllString(s, Mark))
	}
	return s
}

// spellings returns the encodings in which the values may occur, the longest first.
func spellings(values []string) []string {
	seen := map[string]bool{}
	for _, secret := range values {
		whole := strings.TrimSpace(secret)
		for _, value := range append(strings.Split(whole, "\n"), whole) {
			if value = strings.TrimSpace(value); len(value) < minSecret {
				continue
			}
			seen[value] = true
			seen[base64.StdEncoding.EncodeToString([]byte(value))] = true
			seen[base64.RawURLEncoding.EncodeToString([]byte(value))] = true
		}
	}
	out := make([]string, 0, len(seen))
	for value := range seen {
		out = append(out, value)
	}
	sort.Slice(out, func(i, j int) bool {
		if len(out[i]) != len(out[j]) {
			return len(out[i]) > len(out[j])
		}
		return out[i] < out[j]
	})
	return out
}

// censorHalfKeys removes private keys of which the text contains only the beginning or
// the end.
func censorHalfKeys(s string) string {
	lines := strings.Split(s, "\n")
	inside := false
	for i, line := range lines {
		switch {
		case keyBegin.MatchString(line):
			inside = true
			lines[i] = keyBegin.ReplaceAllString(line, Mark)
		case keyEnd.MatchString(line):
			inside = false
			lines[i] = Mark
			for j := i - 1; j >= 0 && lines[j] != Mark && keyLine.MatchString(lines[j]); j-- {
				lines[j] = Mark
			}
		case inside && keyLine.MatchString(line):
			lines[i] = Mark
		default:
			inside = false
		}
	}
	return strings.Join(lines, "\n")
}
