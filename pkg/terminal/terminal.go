// Package terminal makes texts of others safe to show on a terminal: they cannot move the
// cursor, set the title, access the clipboard, or pass for a line of ours.
//
// Escape sequences are those of ECMA-48 and the extensions of terminals.
package terminal

import (
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rehearsal-dev/rehearsal/pkg/legible"
)

// Plain returns s as one line. Line ends, control characters and other invisible
// characters are escaped as in Go strings.
func Plain(s string) string {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, legible.Invisible) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case legible.Invisible(r):
			b.WriteString(legible.Escape(r))
		default:
			b.WriteRune(r)
		}
		i += size
	}
	return b.String()
}

// Lines applies Plain to each line of s.
func Lines(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = Plain(lines[i])
	}
	return strings.Join(lines, "\n")
}

// Ours and Theirs start the lines of a task's log: our messages, and the output of the
// job. A job cannot print either at the start of a line.
const (
	Ours   = "» "
	Theirs = "│ "
)

// Say writes a message of our own, on one line. It may quote others, who cannot start
// another line with it.
func Say(w io.Writer, sentence string) error {
	_, err := io.WriteString(w, Ours+Plain(sentence)+"\n")
	return err
}

// Pass writes a line of a job's output, marked as such. label names its container if
// there are several. Colours are kept, and end with the line.
func Pass(w io.Writer, label, line string) error {
	_, err := io.WriteString(w, Theirs+Plain(label)+Coloured(line)+"\n")
	return err
}

var (
	// sequence matches a whole escape sequence: CSI, then strings (DCS, SOS, OSC, PM,
	// APC) to their end or that of the line, then the rest. The introducers also exist
	// as single characters (C1).
	sequence = regexp.MustCompile(
		"(?:\x1b\\[|\u009b)[0-?]*[ -/]*[@-~]" +
			"|(?:\x1b[PX\\]^_]|[\u0090\u0098\u009d\u009e\u009f])[^\x07\x1b\u009c]*(?:\x07|\x1b\\\\|\u009c|$)" +
			"|\x1b[ -/]*[0-~]")
	// rendition matches the sequence that sets colours and weight.
	rendition = regexp.MustCompile("^\x1b\\[([0-9;:]*)m$")
)

const resetColours = "\x1b[0m"

// Coloured cleans a line of a log. Sequences that set colours are kept, unless they
// conceal text or make it blink. All other control characters are removed. If a line was
// overwritten, as progress bars are, its last state is kept.
func Coloured(line string) string {
	line = strings.TrimRight(line, "\r\n")
	line = line[strings.LastIndexByte(line, '\r')+1:]
	if !strings.ContainsFunc(line, func(r rune) bool { return r != '\t' && steers(r) }) && utf8.ValidString(line) {
		return line
	}
	var b strings.Builder
	coloured := false
	at := 0
	for _, span := range sequence.FindAllStringIndex(line, -1) {
		b.WriteString(strings.Map(drop, line[at:span[0]]))
		if s := line[span[0]:span[1]]; harmless(s) {
			b.WriteString(s)
			coloured = true
		}
		at = span[1]
	}
	b.WriteString(strings.Map(drop, line[at:]))
	if coloured {
		b.WriteString(resetColours)
	}
	return b.String()
}

func steers(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
}

func drop(r rune) rune {
	if r != '\t' && steers(r) {
		return -1
	}
	return r
}

// harmless reports whether a sequence only sets colours and weight. Of the parameters
// (ECMA-48, 8.3.117), 5, 6 and 8 blink and conceal; those after 38, 48 and 58 are parts
// of a colour.
func harmless(s string) bool {
	m := rendition.FindStringSubmatch(s)
	if m == nil {
		return false
	}
	parameters := strings.Split(m[1], ";")
	for i := 0; i < len(parameters); i++ {
		first, _, _ := strings.Cut(parameters[i], ":")
		n, _ := strconv.Atoi(first)
		switch n {
		case 5, 6, 8:
			return false
		case 38, 48, 58:
			i += colourLength(parameters[i:])
		}
	}
	return true
}

// colourLength returns how many parameters after the first belong to a colour: 5;N is an
// index of a palette, 2;R;G;B are components.
func colourLength(p []string) int {
	switch {
	case len(p) > 1 && p[1] == "5":
		return 2
	case len(p) > 1 && p[1] == "2":
		return 4
	}
	return 0
}
