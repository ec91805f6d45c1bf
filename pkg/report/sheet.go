package report

import (
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/legible"
	"github.com/rehearsal-dev/rehearsal/pkg/terminal"
)

// medium is where something is shown: how a name, what people have written, and words
// of ours, in which `…` marks code, become part of a line there. Names and what people
// have written are cut to a number of characters where room is short.
type medium struct {
	name, said func(s string, most int) string
	words      func(string) string
	ask        func(Ask) string
}

var (
	// comment is a comment on GitHub, in Markdown.
	comment = medium{
		name:  func(s string, most int) string { return code(legible.Clip(s, most)) },
		said:  func(s string, most int) string { return said(legible.Clip(s, most)) },
		words: text,
		ask:   func(a Ask) string { s, _ := a.asked(); return s },
	}
	// console is a terminal. What steers one is taken care of once a line is whole.
	console = medium{
		name:  func(s string, _ int) string { return strings.TrimSpace(s) },
		said:  func(s string, _ int) string { return strings.TrimSpace(s) },
		words: func(s string) string { return strings.ReplaceAll(s, "`", "") },
		ask:   func(a Ask) string { return a.Sentence + ": " + legible.Name(a.Value, "") },
	}
)

// Sheet is what is known of something, in fields, as parts of lines for one medium.
type Sheet []Field

// Field is one of them. One without a value begins a section on a terminal.
type Field struct {
	Name, Value string
	// Below are lines that belong to it.
	Below []string
}

// list is the sheet as a list in Markdown.
func (s Sheet) list() string {
	var b strings.Builder
	for _, f := range s {
		b.WriteString("- " + f.Name + ": " + f.Value + "\n")
		for _, line := range f.Below {
			b.WriteString("  - " + line + "\n")
		}
	}
	return b.String()
}

// Text is the sheet for a terminal, as kubectl describe has it.
func (s Sheet) Text() string {
	width := 0
	for _, f := range s {
		if f.Value != "" {
			width = max(width, len(f.Name)+1)
		}
	}
	var b strings.Builder
	for _, f := range s {
		if f.Value == "" {
			b.WriteString("\n" + f.Name + ":\n")
		} else {
			b.WriteString(f.Name + ":" + strings.Repeat(" ", width-len(f.Name)) + terminal.Plain(f.Value) + "\n")
		}
		for _, line := range f.Below {
			b.WriteString(strings.TrimRight("  "+terminal.Plain(line), " ") + "\n")
		}
	}
	return b.String()
}
