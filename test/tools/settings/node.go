package main

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/invopop/jsonschema"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

// node is a setting, with its schema and its default.
type node struct {
	name, description string
	// schema is the schema of the value, items that of the items of a list.
	schema, items *jsonschema.Schema
	required      bool
	// value is the default; not valid if only the schema is known.
	value reflect.Value
	// fields are the fields of a struct, or of the structs in a list.
	fields []*node
}

func newNode(root, s *jsonschema.Schema, name string, value reflect.Value) *node {
	n := &node{name: name, description: s.Description, schema: resolve(root, s), value: value}
	if n.def() != "" {
		s.Default = n.plain()
	}
	if n.description == "" {
		n.description = n.schema.Description
	}
	of, fieldsOf := n.schema, value
	if of.Items != nil {
		n.items = resolve(root, of.Items)
		of, fieldsOf = n.items, reflect.Value{}
		if value.IsValid() {
			fieldsOf = elementOf(value.Type())
		}
	}
	if of.Properties == nil {
		return n
	}
	for pair := of.Properties.Oldest(); pair != nil; pair = pair.Next() {
		field := newNode(root, pair.Value, pair.Key, fieldOf(fieldsOf, pair.Key))
		for _, required := range of.Required {
			field.required = field.required || required == pair.Key
		}
		n.fields = append(n.fields, field)
	}
	return n
}

// elementOf returns the initial value of an entry in a list of structs.
func elementOf(list reflect.Type) reflect.Value {
	if list == reflect.TypeFor[[]settings.Repository]() {
		return reflect.ValueOf(settings.Repository{Options: settings.Defaults().Defaults})
	}
	return reflect.Zero(list.Elem())
}

func resolve(root, s *jsonschema.Schema) *jsonschema.Schema {
	if name, ok := strings.CutPrefix(s.Ref, "#/$defs/"); ok {
		return root.Definitions[name]
	}
	return s
}

// fieldOf returns the field of a struct by its name in the file.
func fieldOf(v reflect.Value, name string) reflect.Value {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if tag == name {
			return v.Field(i)
		}
		if f.Anonymous && tag == "" {
			if found := fieldOf(v.Field(i), name); found.IsValid() {
				return found
			}
		}
	}
	return reflect.Value{}
}

func (n *node) undocumented() []string {
	var names []string
	if n.description == "" && n.name != "" {
		names = append(names, n.name)
	}
	for _, f := range n.fields {
		for _, name := range f.undocumented() {
			names = append(names, strings.TrimPrefix(n.name+"."+name, "."))
		}
	}
	return names
}

// def returns the default as it is written in the file; empty if there is nothing to write.
func (n *node) def() string {
	if !n.value.IsValid() {
		return ""
	}
	switch v := n.value.Interface().(type) {
	case time.Duration:
		return duration(v)
	case metav1.Duration:
		return duration(v.Duration)
	}
	switch n.value.Kind() {
	case reflect.Int, reflect.Int64, reflect.Bool:
		return fmt.Sprint(n.value.Interface())
	case reflect.String:
		return n.value.String()
	case reflect.Slice:
		var items []string
		for i := range n.value.Len() {
			items = append(items, fmt.Sprint(n.value.Index(i).Interface()))
		}
		if len(items) > 0 && len(n.fields) == 0 {
			return "[" + strings.Join(items, ", ") + "]"
		}
	}
	return ""
}

// plain returns the default as a JSON value.
func (n *node) plain() any {
	if n.schema.Type == "string" {
		return n.def()
	}
	return n.value.Interface()
}

func duration(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return strings.Replace(strings.Replace(d.String(), "m0s", "m", 1), "h0m", "h", 1)
}

// example returns an example from the schema, for settings without a default.
func (n *node) example() string {
	for _, s := range []*jsonschema.Schema{n.schema, n.items} {
		if s != nil && len(s.Examples) > 0 {
			return fmt.Sprint(s.Examples[0])
		}
	}
	return ""
}
