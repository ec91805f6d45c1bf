package report

import (
	"regexp"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/legible"
)

// zeroWidth separates @ or # from the following word, so that GitHub sees neither a mention
// nor a reference.
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

// text escapes plain text for one line of Markdown: it contains no markup, HTML, mention,
// link, list, heading or command. `…` still marks code.
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
	// Both are replaced, one after the other: #GH-1 is a reference in both ways. The
	// pattern matches only the start of a reference, because GH-GH-1 contains two.
	s = mentions.ReplaceAllString(s, "$1"+zeroWidth+"$2")
	s = references.ReplaceAllString(s, "$0"+zeroWidth)
	return markdownEscaper.Replace(s)
}

// ours are characters that we add to names ourselves.
const ours = "…▸→"

// code makes a code span of a name, or of other text that is normally ASCII: all other
// characters are spelled out.
func code(s string) string { return codeSpanOf(legible.Clip(legible.Name(s, ours), maxCode)) }

// maxCode is the maximum length of a name in which every character is spelled out.
const maxCode = 1000

// said makes a code span of text that people may write in their own language.
func said(s string) string { return codeSpanOf(strings.TrimSpace(legible.StripComments(oneLine(s)))) }

// codeSpanOf makes a code span of a safe line.
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

// row makes a table row from safe lines of Markdown.
func row(cells ...string) string {
	for i, cell := range cells {
		cells[i] = strings.ReplaceAll(cell, "|", `\|`)
	}
	return "| " + strings.Join(cells, " | ") + " |\n"
}

// block makes a fenced code block. No line can close the fence, and no line is a command.
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

// link makes a link from an http or https URL; empty for all others.
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

// plain reports whether s is printable ASCII with single blanks. Most text is, and a page
// has a lot of it.
func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] > '~' || s[i] == ' ' && i > 0 && s[i-1] == ' ' {
			return false
		}
	}
	return true
}
