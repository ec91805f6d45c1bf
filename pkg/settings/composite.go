package settings

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// pairs calls f with every key and value of a map, and reports entries that are invalid.
func (d *decoder) pairs(n *yaml.Node, path string, f func(key *yaml.Node, value *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		d.add(n.Line, path, "is %s, not a map", describe(n))
		return
	}
	first := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		line, twice := first[key.Value]
		switch {
		case key.Kind != yaml.ScalarNode:
			d.add(key.Line, path, "has %s for a key", describe(key))
		case twice:
			d.add(key.Line, child(path, key.Value), "is a duplicate; the first is in line %d", line)
		default:
			first[key.Value] = key.Line
			d.lines[child(path, key.Value)] = key.Line
			f(key, value)
		}
	}
}

func (d *decoder) structure(n *yaml.Node, path string, v reflect.Value) {
	fields := map[string]field{}
	addFields(v, fields)
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	d.pairs(n, path, func(key, value *yaml.Node) {
		f, known := fields[key.Value]
		if !known {
			d.add(key.Line, child(path, key.Value), "is not a setting%s", meant(key.Value, names))
			return
		}
		d.decode(value, child(path, key.Value), f.value, f.rules)
	})
	for _, name := range slices.Sorted(slices.Values(names)) {
		if _, written := d.lines[child(path, name)]; !written && fields[name].rules.required && n.Kind == yaml.MappingNode {
			d.add(n.Line, child(path, name), "is missing%s", fields[name].rules.like())
		}
	}
}

// field is a field of a struct, possibly of an embedded one.
type field struct {
	value reflect.Value
	rules rules
}

// addFields collects the fields of a struct by their names in the file.
func addFields(v reflect.Value, into map[string]field) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case !f.IsExported() || name == "-":
		case name == "" && f.Anonymous:
			addFields(v.Field(i), into)
		case name == "":
			into[f.Name] = field{v.Field(i), rulesOf(f)}
		default:
			into[name] = field{v.Field(i), rulesOf(f)}
		}
	}
}

// mapping adds to a copy of the existing map, because others may share it.
func (d *decoder) mapping(n *yaml.Node, path string, v reflect.Value, rules rules) {
	merged := reflect.MakeMap(v.Type())
	for _, key := range v.MapKeys() {
		merged.SetMapIndex(key, v.MapIndex(key))
	}
	d.pairs(n, path, func(key, value *yaml.Node) {
		name := reflect.New(v.Type().Key()).Elem()
		if !d.allowed(key, child(path, key.Value), key.Value, name.Type(), noRules) {
			return
		}
		name.SetString(key.Value)
		element := reflect.New(v.Type().Elem()).Elem()
		if before := merged.MapIndex(name); before.IsValid() {
			element.Set(before)
		}
		d.decode(value, child(path, key.Value), element, rules)
		merged.SetMapIndex(name, element)
	})
	v.Set(merged)
}

func (d *decoder) sequence(n *yaml.Node, path string, v reflect.Value, rules rules) {
	if n.Kind != yaml.SequenceNode {
		hint := ""
		if n.Kind == yaml.ScalarNode {
			hint = fmt.Sprintf(": write [%s]", n.Value)
		}
		d.add(n.Line, path, "is %s, not a list%s", describe(n), hint)
		return
	}
	if len(n.Content) < rules.minItems {
		d.add(n.Line, path, "is empty; it must have at least %d", rules.minItems)
		return
	}
	list := reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content))
	for i, element := range n.Content {
		at := item(path, i)
		d.lines[at] = element.Line
		if repository, ok := list.Index(i).Addr().Interface().(*Repository); ok {
			repository.Options = *d.defaults
		}
		d.decode(element, at, list.Index(i), rules)
	}
	v.Set(list)
}
