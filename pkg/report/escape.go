package report

import (
	"regexp"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/legible"
)

// zeroWidth parts an @ or a # from the word behind it, so that GitHub sees
// neither a mention nor a reference.
const zeroWidth = "\u200b"

var (
	mentions   = regexp.MustCompile(`([@#])([A-Za-z0-9])`)
	references = regexp.MustCompile(`\b(?i:GH)-`)
	codeSpan   = regexp.MustCompile("`[^`]+`")
	backticks  = regexp.MustCompile("`+")
	spaces     = regexp.MustCompile(`[ \t]+`)
	lineStart  = regexp.MustCompile(`^([0-9]*)([-+=.)/])`)
)

var markdownEscaper = strings.NewReplacer(
	"&", "&amp;", "<", "&lt;", ">", "&gt;",
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "~", `\~`, "#", `\#`,
	"[", `\[`, "]", `\]`, "!", `\!`, "$", `\$`, "://", ":"+zeroWidth+"//", "www.", "www"+zeroWidth+".",
)

// text makes plain text safe for a line of Markdown: no markup, no HTML, no
// mention, no link, no list, heading or command. `…` still marks code.
func text(s string) string {
	s = oneLine(s)
	var b strings.Builder
	at := 0
	for _, span := range codeSpan.FindAllStringIndex(s, -1) {
		b.WriteString(prose(s[at:span[0]]))
		b.WriteString(code(strings.TrimSpace(s[span[0]+1 : span[1]-1])))
		at = span[1]
	}
	b.WriteString(prose(s[at:]))
	return lineStart.ReplaceAllString(b.String(), `$1\$2`)
}

func prose(s string) string {
	// One after the other, and of a reference no more than the start: #GH-1 is one
	// of each, and GH-GH-1 two.
	s = mentions.ReplaceAllString(s, "$1"+zeroWidth+"$2")
	s = references.ReplaceAllString(s, "$0"+zeroWidth)
	return markdownEscaper.Replace(s)
}

// ours are characters that we write into names ourselves.
const ours = "…▸→"

// code makes a code span of a name, or anything else that is ASCII in all honest
// use: what is not shows as what it is.
func code(s string) string { return codeSpanOf(legible.Clip(legible.Name(s, ours), maxCode)) }

// maxCode bounds a name of which every character is spelled out.
const maxCode = 1000

// said makes a code span of what people may write in their own language.
func said(s string) string { return codeSpanOf(strings.TrimSpace(legible.StripComments(oneLine(s)))) }

// codeSpanOf makes a code span of a line that is safe in one.
func codeSpanOf(s string) string {
	if s == "" {
		return ""
	}
	fence := "`"
	for _, run := range backticks.FindAllString(s, -1) {
		if len(run) >= len(fence) {
			fence = strings.Repeat("`", len(run)+1)
		}
	}
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// row makes a row of a table out of cells that are safe lines of Markdown.
func row(cells ...string) string {
	for i, cell := range cells {
		cells[i] = strings.ReplaceAll(cell, "|", `\|`)
	}
	return "| " + strings.Join(cells, " | ") + " |\n"
}

// block makes a fenced code block whose fence nothing in the lines can close, and
// in which no line is a command.
func block(lines []string) string {
	body := legible.Mute(legible.StripComments(legible.Text(strings.Join(lines, "\n"))))
	fence := "```"
	for _, run := range backticks.FindAllString(body, -1) {
		if len(run) >= len(fence) {
			fence = strings.Repeat("`", len(run)+1)
		}
	}
	return fence + "text\n" + body + "\n" + fence + "\n"
}

// link makes a link out of an http URL, and nothing out of any other.
func link(label, url string) string {
	if !strings.HasPrefix(url, "https://") && !strings.HasPrefix(url, "http://") {
		return ""
	}
	var b strings.Builder
	for i := 0; i < len(url); i++ {
		if c := url[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("<>()[]|\\\"'`@", c) >= 0 {
			const hex = "0123456789ABCDEF"
			b.WriteString("%" + string(hex[c>>4]) + string(hex[c&15]))
			continue
		}
		b.WriteByte(url[i])
	}
	return "[" + label + "](" + b.String() + ")"
}

// oneLine folds all white space to single blanks and makes the rest legible.
func oneLine(s string) string {
	if plain(s) {
		return strings.TrimSpace(s)
	}
	s = strings.Map(func(r rune) rune {
		if r == '\n' || r == '\r' || r == '\t' {
			return ' '
		}
		return r
	}, s)
	return strings.TrimSpace(spaces.ReplaceAllString(legible.Text(s), " "))
}

// plain says that s is ASCII that prints, with single blanks: most of what is
// shown is, and a page shows a lot.
func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] > '~' || s[i] == ' ' && i > 0 && s[i-1] == ' ' {
			return false
		}
	}
	return true
}
