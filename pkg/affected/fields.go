package affected

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
)

// Field is one place where two values differ. Old and New are nil if the field is absent.
type Field struct {
	Path     string
	Old, New any
}

// specNames are the names that authors of jobs know for fields of a ProwJobSpec.
var specNames = map[string]string{
	"pod_spec":          "spec",
	"job":               "name",
	"prowjob_defaults":  "prowjob_defaults",
	"extra_refs":        "extra_refs",
	"decoration_config": "decoration_config",
}

// specFields lists the differences between two ProwJobSpecs, with the names in a job's
// YAML.
func specFields(before, after prowapi.ProwJobSpec) []Field {
	fields := DiffFields("", before, after)
	for i, f := range fields {
		head, tail := cutPath(f.Path)
		switch {
		case head == "refs":
			// What a job adds to its refs is at the top level of the job.
			fields[i].Path = strings.TrimPrefix(tail, ".")
		case head == "report":
			fields[i].Path = "skip_report"
			fields[i].Old, fields[i].New = negate(f.Old), negate(f.New)
		case specNames[head] != "":
			fields[i].Path = specNames[head] + tail
		}
	}
	return fields
}

func negate(v any) any {
	b, _ := v.(bool)
	return !b
}

func cutPath(path string) (head, tail string) {
	if i := strings.IndexAny(path, ".["); i >= 0 {
		return path[:i], path[i:]
	}
	return path, ""
}

func triggerFields(before, after trigger) []Field {
	fields := DiffFields("", before, after)
	for i := range fields {
		if fields[i].Path == "always_run_set" {
			fields[i].Path = "always_run"
		}
	}
	return fields
}

// DiffFields lists the differences between two values in JSON, the stored form. The list
// is sorted by path; list elements are in their order.
func DiffFields(prefix string, before, after any) []Field {
	var fields []Field
	walk(prefix, Generic(before), Generic(after), &fields)
	return fields
}

// Generic returns a value as decoded JSON.
func Generic(v any) any {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	// Numbers keep their text, because not all integers fit into a float64.
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var out any
	if decoder.Decode(&out) != nil {
		return nil
	}
	return out
}

func walk(path string, before, after any, out *[]Field) {
	if reflect.DeepEqual(before, after) {
		return
	}
	oldMap, isOldMap := before.(map[string]any)
	newMap, isNewMap := after.(map[string]any)
	if (isOldMap || before == nil) && (isNewMap || after == nil) && len(oldMap)+len(newMap) > 0 {
		walkMaps(path, oldMap, newMap, out)
		return
	}
	oldList, isOldList := before.([]any)
	newList, isNewList := after.([]any)
	if isOldList && isNewList && walkLists(path, oldList, newList, out) {
		return
	}
	*out = append(*out, Field{Path: path, Old: before, New: after})
}

func walkMaps(path string, before, after map[string]any, out *[]Field) {
	keys := map[string]bool{}
	for k := range before {
		keys[k] = true
	}
	for k := range after {
		keys[k] = true
	}
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		walk(join(path, k), before[k], after[k], out)
	}
}

func join(path, key string) string {
	if strings.ContainsAny(key, ".[]/") {
		return fmt.Sprintf("%s[%q]", path, key)
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

// walkLists compares lists element by element. It matches elements by name if they have
// names, so that an insertion is one difference, and by position if the lengths are
// equal. It returns false if neither is possible.
func walkLists(path string, before, after []any, out *[]Field) bool {
	oldNames, newNames := elementNames(before), elementNames(after)
	// Variables are always matched by name: the name decides whether the value may be
	// shown.
	variables := strings.HasSuffix(path, "env")
	if oldNames != nil && newNames != nil && (variables || !slices.Equal(oldNames, newNames)) {
		return walkNamed(path, before, after, oldNames, newNames, out)
	}
	if len(before) != len(after) {
		return walkInsertion(path, before, after, out)
	}
	for i := range before {
		walk(fmt.Sprintf("%s[%d]", path, i), before[i], after[i], out)
	}
	return true
}

// walkInsertion reports the part of two lists that differs, without equal elements at
// both ends.
func walkInsertion(path string, before, after []any, out *[]Field) bool {
	head, tail := 0, 0
	shorter := min(len(before), len(after))
	for head < shorter && reflect.DeepEqual(before[head], after[head]) {
		head++
	}
	for tail < shorter-head && reflect.DeepEqual(before[len(before)-1-tail], after[len(after)-1-tail]) {
		tail++
	}
	if head+tail == 0 {
		return false
	}
	f := Field{Path: fmt.Sprintf("%s[%d…]", path, head)}
	if part := before[head : len(before)-tail]; len(part) > 0 {
		f.Old = part
	}
	if part := after[head : len(after)-tail]; len(part) > 0 {
		f.New = part
	}
	*out = append(*out, f)
	return true
}

func walkNamed(path string, before, after []any, oldNames, newNames []string, out *[]Field) bool {
	found := len(*out)
	then, now := positions(oldNames), positions(newNames)
	for i, name := range oldNames {
		at := fmt.Sprintf("%s[%s]", path, name)
		if j, ok := now[name]; ok {
			walk(at, before[i], after[j], out)
		} else {
			*out = append(*out, Field{Path: at, Old: before[i]})
		}
	}
	for j, name := range newNames {
		if _, ok := then[name]; !ok {
			*out = append(*out, Field{Path: fmt.Sprintf("%s[%s]", path, name), New: after[j]})
		}
	}
	if len(*out) == found || !slices.Equal(Common(oldNames, newNames), Common(newNames, oldNames)) {
		*out = append(*out, Field{Path: path + " (order)", Old: toAny(oldNames), New: toAny(newNames)})
	}
	return true
}

// positions returns the first index of each name in a list.
func positions(names []string) map[string]int {
	out := make(map[string]int, len(names))
	for i, name := range slices.Backward(names) {
		out[name] = i
	}
	return out
}

// Common returns those of the names that are also in others.
func Common(names, others []string) []string {
	known := positions(others)
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool {
		_, ok := known[n]
		return !ok
	})
}

func toAny(in []string) []any {
	out := make([]any, len(in))
	for i, s := range in {
		out[i] = s
	}
	return out
}

// elementNames returns the names of the elements, or nil if a name is missing or not
// unique.
func elementNames(list []any) []string {
	names := make([]string, 0, len(list))
	seen := make(map[string]bool, len(list))
	for _, e := range list {
		m, ok := e.(map[string]any)
		if !ok {
			return nil
		}
		name, ok := m["name"].(string)
		if !ok || name == "" || seen[name] {
			return nil
		}
		seen[name] = true
		names = append(names, name)
	}
	return names
}
