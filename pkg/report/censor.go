package report

import (
	"encoding/base64"
	"regexp"
	"sort"
	"strings"
)

const censored = "[censored]"

// minSecret is the length below which a value is too common to be told from
// ordinary text.
const minSecret = 4

const secretWord = `(?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?)`

// secretPatterns are the shapes of secrets, and what to leave of each.
var secretPatterns = []struct {
	shape *regexp.Regexp
	leave string
}{
	{regexp.MustCompile(`\bgh[pousr]_[A-Za-z0-9]{16,}`), censored},
	{regexp.MustCompile(`\bgithub_pat_[A-Za-z0-9_]{16,}`), censored},
	{regexp.MustCompile(`\bglpat-[A-Za-z0-9_-]{16,}`), censored},
	{regexp.MustCompile(`\bxox[a-z]-[A-Za-z0-9-]{10,}`), censored},
	{regexp.MustCompile(`\bnpm_[A-Za-z0-9]{30,}`), censored},
	{regexp.MustCompile(`\bsha256~[A-Za-z0-9_-]{20,}`), censored},
	{regexp.MustCompile(`\b(?:AKIA|ASIA|AROA|AIDA)[0-9A-Z]{16}\b`), censored},
	{regexp.MustCompile(`\bAIza[0-9A-Za-z_-]{30,}`), censored},
	{regexp.MustCompile(`\bya29\.[0-9A-Za-z_-]{16,}`), censored},
	{regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{6,}\.?[A-Za-z0-9_-]*`), censored},
	{regexp.MustCompile(`(?i)(authorization["']?\s*[:=]\s*["']?(?:(?:bearer|basic|token|digest|negotiate)\s+)?)[^\s"',]+`), "${1}" + censored},
	{regexp.MustCompile(`(?i)\b((?:bearer|basic)\s+)[A-Za-z0-9._~+/-]{16,}=*`), "${1}" + censored},
	{regexp.MustCompile(`(://)[^/\s:@]*:[^/\s@]+@`), "${1}" + censored + "@"},
	// "password": "…" and "auth": "…" as in JSON
	{regexp.MustCompile(`(?i)("(?:[\w.-]*` + secretWord + `[\w.-]*|auth)"\s*:\s*)"(?:[^"\\]|\\.)*"`), `${1}"` + censored + `"`},
	// password=…, also in an environment or a query
	{regexp.MustCompile(`(?i)\b([\w.-]*` + secretWord + `[\w.-]*=)("[^"]*"|'[^']*'|[^\s&"']+)`), "${1}" + censored},
	// --password …
	{regexp.MustCompile(`(?i)(--?[\w-]*` + secretWord + `[ \t]+)("[^"]*"|'[^']*'|[^\s-]\S*)`), "${1}" + censored},
	// password: … as a line of YAML
	{regexp.MustCompile(`(?im)^([ \t-]*["']?[\w.-]*` + secretWord + `[\w.-]*["']?:[ \t]+)\S+[ \t]*$`), "${1}" + censored},
}

var (
	wholeKey = regexp.MustCompile(`(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----.*?-----END [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----`)
	keyBegin = regexp.MustCompile(`-----BEGIN [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----`)
	keyEnd   = regexp.MustCompile(`-----END [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----`)
	keyLine  = regexp.MustCompile(`^\s*(?:[A-Za-z0-9+/=]{16,}|[A-Za-z0-9+/]+={0,2}|[A-Za-z-]+: .*|)\s*$`)
)

// Censor takes out what looks like a secret, and the given values.
func Censor(s string, secrets []string) string {
	return censorShapes(censorBlocks(s, secrets))
}

// censorBlocks takes out what may span lines: the given values, and keys.
func censorBlocks(s string, secrets []string) string {
	for _, value := range spellings(secrets) {
		s = strings.ReplaceAll(s, value, censored)
	}
	if strings.Contains(s, "PRIVATE KEY") {
		s = censorHalfKeys(wholeKey.ReplaceAllString(s, censored))
	}
	return s
}

// censorShapes takes out what a line alone shows to be a secret.
func censorShapes(s string) string {
	for _, p := range secretPatterns {
		s = p.shape.ReplaceAllString(s, p.leave)
	}
	return s
}

// spellings are the ways in which the values may show up, the longest first.
func spellings(secrets []string) []string {
	seen := map[string]bool{}
	for _, secret := range secrets {
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

// censorHalfKeys takes out private keys of which the log shows one end only.
func censorHalfKeys(s string) string {
	lines := strings.Split(s, "\n")
	inside := false
	for i, line := range lines {
		switch {
		case keyBegin.MatchString(line):
			inside = true
			lines[i] = keyBegin.ReplaceAllString(line, censored)
		case keyEnd.MatchString(line):
			inside = false
			lines[i] = censored
			for j := i - 1; j >= 0 && lines[j] != censored && keyLine.MatchString(lines[j]); j-- {
				lines[j] = censored
			}
		case inside && keyLine.MatchString(line):
			lines[i] = censored
		default:
			inside = false
		}
	}
	return strings.Join(lines, "\n")
}
