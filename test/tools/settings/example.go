package main

import (
	"slices"
	"strings"
)

// width is the width of comments, in characters.
const width = 76

// example returns a file with every setting: its default, or, without a default, an example
// in a comment.
func example(root *node) string {
	var b strings.Builder
	for i, f := range root.fields {
		if i > 0 {
			b.WriteString("\n")
		}
		writeExample(&b, f, "")
	}
	return b.String()
}

func writeExample(b *strings.Builder, n *node, by string) {
	writeComment(b, n, by)
	off := ""
	if !n.given() {
		off = "# "
	}
	switch {
	case n.items != nil && len(n.fields) > 0:
		writeEntry(b, n, by)
	case len(n.fields) > 0:
		b.WriteString(by + off + n.name + ":\n")
		for _, f := range n.fields {
			writeExample(b, f, by+off+"  ")
		}
	case n.given():
		b.WriteString(by + n.name + ": " + n.def() + "\n")
	case strings.HasPrefix(strings.TrimSpace(by), "#"):
		b.WriteString(by + n.name + ": " + n.inline(n.example()) + "\n")
	default:
		b.WriteString(by + off + n.name + ": " + n.inline(n.example()) + "\n")
	}
}

// given reports whether there is a default to write.
func (n *node) given() bool {
	return n.def() != "" || n.items != nil && len(n.fields) > 0 || n.items == nil && slices.ContainsFunc(n.fields, (*node).given)
}

// writeEntry writes a list with one entry, which has every field with an example.
func writeEntry(b *strings.Builder, n *node, by string) {
	b.WriteString(by + n.name + ":\n")
	lead := "- "
	for _, f := range n.fields {
		if f.example() == "" || len(f.fields) > 0 {
			continue
		}
		b.WriteString(by + lead + f.name + ": " + f.inline(f.example()) + "\n")
		lead = "  "
	}
}

// inline returns a value on the line of its field.
func (n *node) inline(value string) string {
	switch {
	case n.items != nil:
		return "[" + value + "]"
	case n.schema.AdditionalProperties != nil:
		return "{" + value + "}"
	case value == "":
		return `""`
	}
	return value
}

// writeComment writes the first paragraph of the description: the documentation has the
// rest.
func writeComment(b *strings.Builder, n *node, by string) {
	text, _, _ := strings.Cut(n.description, "\n\n")
	line := by + "#"
	for word := range strings.FieldsSeq(text) {
		if len(line)+1+len(word) > width && line != by+"#" {
			b.WriteString(line + "\n")
			line = by + "#"
		}
		line += " " + word
	}
	b.WriteString(line + "\n")
}
