// Package legible makes texts of others show what they contain: invisible characters, and
// those that look like others, are escaped. It also keeps our comments from being
// commands to other bots.
package legible

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Name shows a name, or anything else that is normally plain ASCII, exactly. Every other
// character is escaped as in Go, and so are invisible blanks and the beginning of an HTML
// comment. Characters that we added are kept.
func Name(s, ours string) string {
	if simple(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1, r == ' ' && hidden(s, i):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r > ' ' && r <= '~' && !strings.HasPrefix(s[i:], "<!--"), r == ' ', r > '~' && strings.ContainsRune(ours, r):
			b.WriteRune(r)
		default:
			b.WriteString(Escape(r))
		}
		i += size
	}
	return b.String()
}

// simple reports whether Name would change nothing. It is fast, because Name is called
// very often.
func simple(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || s[i] == ' ' && hidden(s, i) {
			return false
		}
	}
	return !strings.Contains(s, "<!--")
}

// hidden reports whether a blank is the first, the last, or one after another.
func hidden(s string, i int) bool { return i == 0 || i == len(s)-1 || s[i-1] == ' ' }

// Word returns text as a part of a sentence. It is quoted if it could be mistaken for
// more than that.
func Word(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return strconv.Quote(s)
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9._/:@$()~+=#%-]*$`)

// Escape returns a character as an escape of Go strings.
func Escape(r rune) string {
	switch {
	case r == '\n':
		return `\n`
	case r == '\r':
		return `\r`
	case r == '\t':
		return `\t`
	case r < utf8.RuneSelf:
		return fmt.Sprintf(`\x%02x`, r)
	case r <= 0xffff:
		return fmt.Sprintf(`\u%04x`, r)
	}
	return fmt.Sprintf(`\U%08x`, r)
}

// Text keeps texts of people legible: the letters of any script, emoji, line ends and
// tabs. It removes control characters. It escapes invisible characters, those that change
// the direction of the text, marks that cover letters, and letters that do not belong in
// their word.
func Text(s string) string {
	if ascii(s) {
		return s
	}
	var b strings.Builder
	runes := []rune(norm.NFC.String(s))
	foreign := foreign(runes)
	for i, r := range runes {
		before := rune(0)
		if i > 0 {
			before = runes[i-1]
		}
		switch {
		case r == '\n', r == '\t':
			b.WriteRune(r)
		case r == utf8.RuneError, unicode.IsControl(r), joins(r, before):
		case unicode.Is(unicode.Zs, r):
			b.WriteByte(' ')
		case Invisible(r), foreign[i], unicode.IsMark(r) && !marks(r, before):
			b.WriteString(Escape(r))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] > '~' || s[i] < ' ' && s[i] != '\n' && s[i] != '\t' {
			return false
		}
	}
	return true
}

// blank are characters that Unicode counts as visible, and that fonts leave empty.
var blank = &unicode.RangeTable{
	R16: []unicode.Range16{{Lo: 0x2800, Hi: 0x2800, Stride: 1}, {Lo: 0xfffc, Hi: 0xfffc, Stride: 1}},
	R32: []unicode.Range32{{Lo: 0x13441, Hi: 0x13442, Stride: 1}, {Lo: 0x16fe4, Hi: 0x16fe4, Stride: 1}, {Lo: 0x1d159, Hi: 0x1d159, Stride: 1}},
}

// Invisible reports whether a character is invisible, or does not look like what it is.
func Invisible(r rune) bool {
	return !unicode.IsPrint(r) || unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector, blank)
}

// joins reports whether a character only joins emoji into one picture.
func joins(r, before rune) bool {
	return (r == 0xfe0e || r == 0xfe0f || r == 0x200d) && (unicode.Is(unicode.So, before) || before == 0xfe0f)
}

// marks reports whether a combining mark follows a letter of its script. Marks that can
// be composed with their letter already are.
func marks(r, before rune) bool {
	return !unicode.In(r, unicode.Inherited, unicode.Me) && (unicode.IsLetter(before) || unicode.IsMark(before))
}

// mixes are the scripts in which people also use Latin letters.
var mixes = []*unicode.RangeTable{
	unicode.Latin, unicode.Common, unicode.Inherited, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Bopomofo, unicode.Hangul,
}

// foreign returns the letters of another script in words that have ASCII letters.
func foreign(runes []rune) map[int]bool {
	out := map[int]bool{}
	for i := 0; i < len(runes); i++ {
		start, latin := i, false
		for ; i < len(runes) && (unicode.IsLetter(runes[i]) || unicode.IsMark(runes[i]) || unicode.IsDigit(runes[i])); i++ {
			latin = latin || runes[i] < utf8.RuneSelf && unicode.IsLetter(runes[i])
		}
		for at := start; latin && at < i; at++ {
			if !unicode.In(runes[at], mixes...) {
				out[at] = true
			}
		}
	}
	return out
}
