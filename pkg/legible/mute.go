package legible

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// mark is put before a slash at the beginning of a line.
const mark = "· "

// phrases are texts that Prow's plugins search for anywhere in a comment, some only in
// comments of their own account, which may be ours. lgtm takes the first for its own note
// about a tree that may keep its label, sigmention the second for a label to set.
var phrases = strings.NewReplacer("LGTM label has been ", "LGTM\u200b label has been ", "@kubernetes/sig-", "@\u200bkubernetes/sig-")

// Mute makes sure that a text is no command to any bot. Prow's plugins, and other bots,
// also read the comments of bots. They take a line that begins with a slash for a command
// wherever it is: in code, and between or behind HTML comments and fences. They differ in
// what ends a line, and in what may precede the slash; Mute covers all of them.
func Mute(s string) string {
	s = phrases.Replace(s)
	var b strings.Builder
	start, written := true, 0
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case start && r == '/':
			b.WriteString(s[written:i] + mark)
			start, written = false, i
		case strings.HasPrefix(s[i:], "-->"):
			start, size = true, len("-->")
		case start && (strings.HasPrefix(s[i:], "```") || strings.HasPrefix(s[i:], "~~~")):
			size = len(s[i:]) - len(strings.TrimLeft(s[i:], s[i:i+1]))
		case endsLine(r):
			start = true
		default:
			start = start && (r == utf8.RuneError || unicode.IsMark(r) || Invisible(r) || unicode.IsSpace(r))
		}
		i += size
	}
	return b.String() + s[written:]
}

// endsLine reports whether any standard treats a character as the end of a line: Unicode,
// or one of the languages that bots are written in.
func endsLine(r rune) bool {
	switch r {
	case '\n', '\v', '\f', '\r', 0x1c, 0x1d, 0x1e, 0x85, 0x2028, 0x2029:
		return true
	}
	return false
}
