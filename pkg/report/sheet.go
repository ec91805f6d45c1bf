package report

import (
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/legible"
	"github.com/rehearsal-dev/rehearsal/pkg/terminal"
)

// medium says how text becomes part of a line: a name, text that people wrote, and our own
// words, in which `…` marks code. Where space is short, names and people's text are cut to
// a number of characters.
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
	// console is a terminal. Control characters are removed later, when a line is complete.
	console = medium{
		name:  func(s string, _ int) string { return strings.TrimSpace(s) },
		said:  func(s string, _ int) string { return strings.TrimSpace(s) },
		words: func(s string) string { return strings.ReplaceAll(s, "`", "") },
		ask:   func(a Ask) string { return a.Sentence + ": " + legible.Name(a.Value, "") },
	}
)

// Sheet has fields with what is known about something, as parts of lines for one medium.
type Sheet []Field

// Field is a field of a Sheet. On a terminal, a field without a value starts a section.
type Field struct {
	Name, Value string
	// Below are the lines that belong to it.
	Below []string
}

// list renders the sheet as a Markdown list.
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

// Text renders the sheet for a terminal, like kubectl describe.
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
