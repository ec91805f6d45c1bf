package legible

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

var htmlComment = regexp.MustCompile(`(?s)<!--.*?-->`)

// StripComments takes HTML comments out: they hide text from the reader, and
// other bots look for their own in the comments of the account that we share. A
// blank takes their place: what is around one may be the halves of a secret.
func StripComments(s string) string {
	s = htmlComment.ReplaceAllString(s, " ")
	return strings.ReplaceAll(s, "<!--", "<! --")
}

// Printable drops control characters, invalid UTF-8 and the characters that
// turn the direction of the text; tabs and line ends stay.
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

// Clip cuts to at most n characters and says so with an ellipsis.
func Clip(s string, n int) string {
	if len(s) <= n || utf8.RuneCountInString(s) <= n {
		return s
	}
	r := []rune(s)
	return string(r[:n-1]) + "…"
}
