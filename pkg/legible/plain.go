package legible

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

var htmlComment = regexp.MustCompile(`(?s)<!--.*?-->`)

// StripComments removes HTML comments: they hide text from the reader, and other bots
// look for their own in the comments of the account that we share. Each is replaced by a
// blank, because the texts around it may be the halves of a secret.
func StripComments(s string) string {
	s = htmlComment.ReplaceAllString(s, " ")
	return strings.ReplaceAll(s, "<!--", "<! --")
}

// Printable removes control characters, invalid UTF-8 and the characters that change the
// direction of the text. It keeps tabs and line ends.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == utf8.RuneError, unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, s)
}

// Clip cuts a text to at most n characters, and shows that with an ellipsis.
func Clip(s string, n int) string {
	if len(s) <= n || utf8.RuneCountInString(s) <= n {
		return s
	}
	r := []rune(s)
	return string(r[:n-1]) + "…"
}
