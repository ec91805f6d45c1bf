package affected

import (
	"encoding/json"
	"regexp"
	"strings"
	"unicode/utf8"
)

// shownLength is how much of a value a reason shows, in bytes.
const shownLength = 120

const censored = "(censored)"

// secretName matches names of fields and variables whose values are not shown.
var secretName = regexp.MustCompile(`(?i)(passw(or)?d|token|secret|api_?key|private_?key|credential)`)

// referenceName matches fields that name a secret or its place without holding
// it, which is what a reviewer wants to see.
var referenceName = regexp.MustCompile(`(?i)(name|path|file|key|ref|mode|sources|secrets?|optional|configs?|audience|mount[a-z]*)$`)

// secretValue matches tokens of well-known forms and credentials in URLs.
var secretValue = regexp.MustCompile(`gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|xox[abprs]-[A-Za-z0-9-]{10,}|AKIA[0-9A-Z]{16}|AIza[0-9A-Za-z_-]{30,}|-----BEGIN [A-Z ]*PRIVATE KEY-----[^"]*|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*|://[^/\s:@]+:[^/\s@]+@`)

func reasonFor(source, file, chain string, f field) Reason {
	path := f.path
	if chain != "" {
		path = chain
		if f.path != "" {
			path += " ▸ " + f.path
		}
	}
	return Reason{Source: source, File: file, Path: path, Old: show(f.path, f.old), New: show(f.path, f.new)}
}

// show prints a value for a reason: strings bare, anything else as JSON, so
// that empty ones differ from none.
func show(path string, v any) string {
	if v == nil {
		return ""
	}
	if text, ok := v.(string); ok && text == "" {
		return `""`
	}
	v = censor(lastName(path), v)
	text, ok := v.(string)
	if !ok {
		var raw strings.Builder
		encoder := json.NewEncoder(&raw)
		encoder.SetEscapeHTML(false)
		if encoder.Encode(v) != nil {
			return ""
		}
		text = strings.TrimSuffix(raw.String(), "\n")
	}
	return shorten(secretValue.ReplaceAllString(text, censored))
}

// censor blanks values under names that promise a secret, and the literal
// values of environment variables with such names.
func censor(name string, v any) any {
	switch t := v.(type) {
	case string:
		if secretName.MatchString(name) && !referenceName.MatchString(name) {
			return censored
		}
		return t
	case []any:
		out := make([]any, len(t))
		for i := range t {
			out[i] = censor(name, t[i])
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(t))
		env, _ := t["name"].(string)
		for k, e := range t {
			if _, literal := e.(string); literal && k == "value" && secretName.MatchString(env) {
				out[k] = censored
				continue
			}
			out[k] = censor(k, e)
		}
		return out
	}
	return v
}

// lastName is the last name in a path; the value of a named variable goes by
// the variable's name.
func lastName(path string) string {
	path = strings.TrimSuffix(path, ".value")
	if i := strings.LastIndexAny(strings.TrimSuffix(path, "]"), ".["); i >= 0 {
		path = path[i+1:]
	}
	return strings.Trim(path, `]"`)
}

func shorten(s string) string {
	s = strings.ReplaceAll(s, "\n", "⏎")
	if len(s) <= shownLength {
		return s
	}
	cut := shownLength
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
