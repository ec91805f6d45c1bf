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

// fieldOfPlace matches names of fields that refer to a secret but do not contain it. A
// variable with such a name may contain one.
var fieldOfPlace = regexp.MustCompile(`(?i)(key|sources|secrets?|optional|configs?)$`)

// ReasonFor returns the reason for a field that differs, with the chain that leads to it.
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

// show formats a value for a reason: strings as they are, anything else as JSON. Empty
// values differ from missing ones.
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

// censor replaces values of fields with the name of a secret, and literal values of
// environment variables with such a name.
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

// lastName returns the last name in a path. For the value of a named variable it is the
// name of the variable.
func lastName(path string) (name string, variable bool) {
	path, variable = strings.CutSuffix(path, ".value")
	if i := strings.LastIndexAny(strings.TrimSuffix(path, "]"), ".["); i >= 0 {
		path = path[i+1:]
	}
	return strings.Trim(path, `]"`), variable
}

// Shorten shortens a text to the length that a reason shows.
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
