package gate

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// collector gathers what a job uses.
type collector struct {
	pod *corev1.PodSpec
	// decorationAccount is the service account that the decoration sets for pods without
	// one.
	decorationAccount string
	// own are the ConfigMaps that were made for this rehearsal.
	own  []string
	uses []Ask
}

func (g *collector) add(rule Rule, path string, use Use) {
	g.uses = append(g.uses, Ask{rule, path, use})
}

// handler handles the value of a field.
type handler func(g *collector, path string, v any)

// harmless is for fields that grant nothing.
func harmless(*collector, string, any) {}

// uses is for fields whose every value is a privilege.
func uses(rule Rule) handler {
	return func(g *collector, path string, v any) {
		if !empty(v) {
			g.add(rule, path, Use{Name: text(v)})
		}
	}
}

// usesAs is for switches, where the kind says more than the value.
func usesAs(rule Rule, kind Kind) handler {
	return func(g *collector, path string, v any) {
		if !empty(v) {
			g.add(rule, path, Use{Kind: kind})
		}
	}
}

// usesUnless is for fields of which some values are harmless.
func usesUnless(rule Rule, kind Kind, fine ...string) handler {
	return func(g *collector, path string, v any) {
		if s := text(v); !empty(v) && !slices.Contains(fine, s) {
			g.add(rule, path, Use{Kind: kind, Name: s})
		}
	}
}

// each is for lists of which every element is a privilege.
func each(rule Rule, use func(any) Use) handler {
	return func(g *collector, path string, v any) {
		list, ok := v.([]any)
		if !ok {
			g.add(RuleUnknown, path, Use{Part: text(v)})
			return
		}
		for i, element := range list {
			g.add(rule, fmt.Sprintf("%s[%d]", path, i), use(element))
		}
	}
}

// tree returns a value as decoded JSON, which includes fields of unknown types.
func tree(v any) any {
	raw, err := json.Marshal(v)
	if err != nil {
		return map[string]any{"error": err.Error()}
	}
	var out any
	if err := json.Unmarshal(raw, &out); err != nil {
		return map[string]any{"error": err.Error()}
	}
	return out
}

// walk visits all fields of a value. A field that neither has a handler nor leads to one is
// a privilege: a later Kubernetes may have added it.
func (g *collector) walk(handlers map[string]handler, ways map[string]bool, path, pattern string, v any) {
	if h, ok := handlers[pattern]; ok {
		h(g, path, v)
		return
	}
	switch t := v.(type) {
	case nil:
		return
	case map[string]any:
		if len(t) == 0 {
			return
		}
		if ways[pattern] {
			for _, key := range slices.Sorted(maps.Keys(t)) {
				g.walk(handlers, ways, join(path, key), canonical(join(pattern, key)), t[key])
			}
			return
		}
	case []any:
		if len(t) == 0 {
			return
		}
		if ways[pattern+"[]"] || handlers[pattern+"[]"] != nil {
			for i, element := range t {
				g.walk(handlers, ways, fmt.Sprintf("%s[%d]", path, i), pattern+"[]", element)
			}
			return
		}
	}
	g.add(RuleUnknown, path, Use{Name: path[strings.LastIndexByte(path, '.')+1:], Part: text(v)})
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// containerField and probeField match names of fields that are handled alike.
var (
	containerField = regexp.MustCompile(`^pod_spec\.(initContainers|containers|ephemeralContainers)$`)
	probeField     = regexp.MustCompile(`^(pod_spec\.container\[\]\.)(livenessProbe|readinessProbe|startupProbe|lifecycle\.preStop|lifecycle\.postStart)$`)
)

func canonical(pattern string) string {
	if containerField.MatchString(pattern) {
		return "pod_spec.container"
	}
	return probeField.ReplaceAllString(pattern, "${1}probe")
}

// waysTo returns the patterns of the fields that lead to a handler.
func waysTo(handlers map[string]handler) map[string]bool {
	out := map[string]bool{"": true}
	for pattern := range handlers {
		for i := range pattern {
			if pattern[i] == '.' || pattern[i] == '[' {
				out[pattern[:i]] = true
			}
			if pattern[i] == ']' {
				out[pattern[:i+1]] = i+1 < len(pattern)
			}
		}
	}
	// Hooks are handled like probes, one level deeper.
	out["pod_spec.container[].lifecycle"] = true
	return out
}

// empty reports whether a field is as good as not set.
func empty(v any) bool {
	switch t := v.(type) {
	case nil:
		return true
	case bool:
		return !t
	case string:
		return t == ""
	case float64:
		return t == 0
	case []any:
		return len(t) == 0
	case map[string]any:
		return len(t) == 0
	}
	return false
}

// text returns a value as a readable identity: strings as they are, all else as JSON with
// sorted keys.
func text(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(raw)
}
