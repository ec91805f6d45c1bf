package affected

import (
	"encoding/json"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/rehearsal-dev/rehearsal/pkg/secrets"
)

// shownLength is how much of a value a reason shows, in bytes.
const shownLength = 120

// fieldOfPlace matches fields of a job that have to do with a secret without
// holding it. Variables may be called so, too, and hold one.
var fieldOfPlace = regexp.MustCompile(`(?i)(key|sources|secrets?|optional|configs?)$`)

// ReasonFor makes a reason of a field that differs, with the chain that leads to it.
func ReasonFor(source, file, chain string, f Field) Reason {
	path := f.Path
	if chain != "" {
		path = chain
		if f.Path != "" {
			path += " ▸ " + f.Path
		}
	}
	return Reason{Source: source, File: file, Path: path, Old: show(f.Path, f.Old), New: show(f.Path, f.New)}
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
	name, variable := lastName(path)
	v = censor(name, variable, v)
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
	return Shorten(secrets.Censor(text, nil))
}

// censor blanks values under names that promise a secret, and the literal
// values of environment variables with such names.
func censor(name string, variable bool, v any) any {
	switch t := v.(type) {
	case string:
		if secrets.Named(name) && (variable || !fieldOfPlace.MatchString(name)) {
			return secrets.Mark
		}
		return t
	case []any:
		out := make([]any, len(t))
		for i := range t {
			out[i] = censor(name, variable, t[i])
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(t))
		env, _ := t["name"].(string)
		for k, e := range t {
			if _, literal := e.(string); literal && k == "value" && secrets.Named(env) {
				out[k] = secrets.Mark
				continue
			}
			out[k] = censor(k, false, e)
		}
		return out
	}
	return v
}

// lastName is the last name in a path; the value of a named variable goes by
// the variable's name.
func lastName(path string) (name string, variable bool) {
	path, variable = strings.CutSuffix(path, ".value")
	if i := strings.LastIndexAny(strings.TrimSuffix(path, "]"), ".["); i >= 0 {
		path = path[i+1:]
	}
	return strings.Trim(path, `]"`), variable
}

// Shorten cuts a text to what a reason shows of it.
func Shorten(s string) string {
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
