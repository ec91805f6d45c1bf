package main

import (
	"html"
	"os"
	"regexp"
	"strings"
	"unicode/utf8"
)

// style formats text for a terminal; with plain, it adds no escape sequences.
type style struct{ plain bool }

func newStyle(f *os.File) style {
	info, err := f.Stat()
	return style{plain: err != nil || info.Mode()&os.ModeCharDevice == 0 || os.Getenv("NO_COLOR") != ""}
}

func (s style) bold(text string) string { return s.mark("1", text) }
func (s style) dim(text string) string  { return s.mark("2", text) }
func (s style) code(text string) string { return s.mark("36", text) }

// mark formats word by word, so that lines can be broken anywhere.
func (s style) mark(sgr, text string) string {
	if s.plain {
		return text
	}
	words := strings.Split(text, " ")
	for i, word := range words {
		if word != "" {
			words[i] = "\x1b[" + sgr + "m" + word + "\x1b[0m"
		}
	}
	return strings.Join(words, " ")
}

var (
	htmlComment = regexp.MustCompile(`(?s)<!--.*?-->`)
	details     = regexp.MustCompile(`(?s)<details>\s*<summary>(.*?)</summary>.*?</details>`)
	lineBreak   = regexp.MustCompile(`<br ?/?>`)
	tag         = regexp.MustCompile(`</?[a-z][^>]*>`)
	anchor      = regexp.MustCompile(`\[([^\]]*)\]\(([^)]*)\)`)
	strong      = regexp.MustCompile(`\*\*(.+?)\*\*`)
	codeSpan    = regexp.MustCompile("`+ ?(.+?) ?`+")
	escaped     = regexp.MustCompile(`\\([!-/:-@\[-` + "`" + `{-~])`)
	tableRule   = regexp.MustCompile(`^\|[-:| ]+\|$`)
	ansi        = regexp.MustCompile("\x1b\\[[0-9;]*m")
)

// markdown renders a comment as on the page, as far as a terminal can. It only knows the
// Markdown that our comments contain.
func (s style) markdown(body string) string {
	body = details.ReplaceAllString(htmlComment.ReplaceAllString(body, ""), "▸ $1")
	var out []string
	var table [][]string
	fence := ""
	for line := range strings.Lines(strings.TrimSpace(body)) {
		line = strings.TrimRight(line, "\n")
		switch {
		case fence != "" && strings.HasPrefix(line, fence):
			fence = ""
			continue
		case fence != "":
			out = append(out, s.dim("  │ ")+line)
			continue
		case strings.HasPrefix(line, "```"):
			fence = line[:len(line)-len(strings.TrimLeft(line, "`"))]
			continue
		case tableRule.MatchString(line):
			continue
		case strings.HasPrefix(line, "|"):
			table = append(table, s.cells(line))
			continue
		}
		out = append(out, s.table(table)...)
		table = nil
		out = append(out, wrap(s.inline(line))...)
	}
	out = append(out, s.table(table)...)
	return strings.TrimSpace(squeeze(strings.Join(out, "\n")))
}

func (s style) inline(text string) string {
	text = lineBreak.ReplaceAllString(text, ", ")
	text = tag.ReplaceAllString(text, "")
	text = anchor.ReplaceAllString(text, "$1 ($2)")
	text = codeSpan.ReplaceAllStringFunc(text, func(m string) string {
		return s.code(strings.Trim(strings.Trim(m, "`"), " "))
	})
	text = strong.ReplaceAllStringFunc(text, func(m string) string { return s.bold(strings.Trim(m, "*")) })
	return html.UnescapeString(escaped.ReplaceAllString(text, "$1"))
}

// cells splits a table row at the bars that are not escaped.
func (s style) cells(line string) []string {
	line = strings.ReplaceAll(strings.Trim(line, "|"), `\|`, "\x00")
	var cells []string
	for _, cell := range strings.Split(line, "|") {
		cells = append(cells, s.inline(strings.TrimSpace(strings.ReplaceAll(cell, "\x00", "|"))))
	}
	return cells
}

func (s style) table(rows [][]string) []string {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], width(cell))
		}
	}
	var out []string
	for n, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-width(cell)+2)
			if n == 0 {
				cell = s.dim(cell)
			}
			b.WriteString(cell + pad)
		}
		out = append(out, "  "+strings.TrimRight(b.String(), " "))
	}
	return out
}

// columns is the width at which running text is broken.
const columns = 110

// wrap breaks a line between words.
func wrap(line string) []string {
	var out []string
	current := ""
	for _, word := range strings.Split(line, " ") {
		if current != "" && width(current)+1+width(word) > columns {
			out = append(out, current)
			current = word
			continue
		}
		if current != "" {
			word = " " + word
		}
		current += word
	}
	return append(out, current)
}

// width returns how many columns a text takes: emoji take two.
func width(text string) int {
	text = ansi.ReplaceAllString(text, "")
	n := utf8.RuneCountInString(text)
	for _, r := range text {
		if r >= 0x1F300 || r == '✅' || r == '❌' || r == '⏳' || r == '⌛' || r == '⚪' {
			n++
		}
	}
	return n
}

// squeeze reduces several empty lines to one.
func squeeze(text string) string {
	for strings.Contains(text, "\n\n\n") {
		text = strings.ReplaceAll(text, "\n\n\n", "\n\n")
	}
	return text
}

// boxed prints a comment under a title with its author.
func (s style) boxed(title, body string) string {
	var b strings.Builder
	b.WriteString(s.dim("┌─ ") + s.bold(title) + "\n")
	for line := range strings.Lines(body) {
		b.WriteString(s.dim("│ ") + strings.TrimRight(line, "\n") + "\n")
	}
	b.WriteString(s.dim("└─") + "\n")
	return b.String()
}
