package main

import (
	"fmt"
	"strings"
)

// reference returns the documentation of all settings: a table of those at the top level,
// and one for each setting with fields.
func reference(root *node) string {
	var b strings.Builder
	top := &node{}
	var sections []*node
	for _, f := range root.fields {
		if len(f.fields) == 0 {
			top.fields = append(top.fields, f)
		} else {
			sections = append(sections, f)
		}
	}
	shared := map[string]bool{}
	for _, f := range sections {
		if f.name == "defaults" {
			for _, option := range f.fields {
				shared[option.name] = true
			}
		}
	}
	for _, f := range sections {
		b.WriteString("\n### `" + f.name + "`\n\n" + f.description + "\n\n")
		writeTable(&b, f, func(option *node) bool { return f.name == "repositories" && shared[option.name] })
		if f.name == "repositories" {
			b.WriteString("\nEach may also have the fields of [`defaults`](#defaults), for itself.\n")
			continue
		}
		writeKinds(&b, f)
	}
	b.WriteString("\n### Others\n\n")
	writeTable(&b, top, func(*node) bool { return false })
	b.WriteString("\n")
	return b.String()
}

// writeKinds describes the special kinds of values once.
func writeKinds(b *strings.Builder, n *node) {
	var order []string
	names := map[string][]string{}
	n.walk("", func(path string, f *node) {
		if kind := f.schema.Description; kind != f.description && len(f.fields) == 0 && kind != "" {
			if names[kind] == nil {
				order = append(order, kind)
			}
			names[kind] = append(names[kind], "`"+path+"`")
		}
	})
	for _, kind := range order {
		b.WriteString("\n" + strings.Join(names[kind], ", ") + ": " + strings.ToLower(kind[:1]) + kind[1:] + "\n")
	}
}

// walk calls f for every field below, with its path.
func (n *node) walk(path string, f func(path string, field *node)) {
	for _, field := range n.fields {
		f(path+field.name, field)
		field.walk(path+field.name+".", f)
	}
}

func writeTable(b *strings.Builder, n *node, without func(*node) bool) {
	b.WriteString("| field | default | meaning |\n|---|---|---|\n")
	for _, f := range n.fields {
		if !without(f) {
			writeRows(b, f, "")
		}
	}
}

func writeRows(b *strings.Builder, n *node, prefix string) {
	if len(n.fields) > 0 {
		fmt.Fprintf(b, "| `%s` | | %s |\n", prefix+n.name, cell(n.description))
		for _, f := range n.fields {
			writeRows(b, f, prefix+n.name+".")
		}
		return
	}
	def := "–"
	switch {
	case n.required:
		def = "required"
	case n.def() != "":
		def = "`" + n.def() + "`"
	}
	fmt.Fprintf(b, "| `%s` | %s | %s |\n", prefix+n.name, def, cell(strings.TrimSpace(n.description+" "+n.kind())))
}

// kind says which values are allowed, if the description does not.
func (n *node) kind() string {
	s := n.schema
	if n.items != nil {
		s = n.items
	}
	switch {
	case len(s.Enum) > 0:
		var values []string
		for _, v := range s.Enum {
			values = append(values, fmt.Sprintf("`%v`", v))
		}
		return "One of " + strings.Join(values, ", ") + "."
	case s.Minimum != "" && s.Maximum != "":
		return fmt.Sprintf("From %s to %s.", s.Minimum, s.Maximum)
	}
	return ""
}

func cell(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "\n\n", "<br>"), "|", "\\|")
}
