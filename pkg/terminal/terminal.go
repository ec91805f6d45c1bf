// Package terminal makes text of others fit to be shown on a terminal: it cannot
// move the cursor, set the title, reach the clipboard, or pass for a line of ours.
// Escape sequences are those of ECMA-48 and what terminals have added to it.
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

// Plain makes one line of s. Line ends, control characters and whatever else
// cannot be seen are written as Go writes them in strings.
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

// Lines is Plain for each line of s.
func Lines(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = Plain(lines[i])
	}
	return strings.Join(lines, "\n")
}

// Ours and Theirs begin the lines of a task's log: what we say, and what the job
// has printed. A job can print neither at the start of a line.
const (
	Ours   = "» "
	Theirs = "│ "
)

// Say writes a sentence of our own, on one line: it may quote others, who cannot
// begin another with it.
func Say(w io.Writer, sentence string) error {
	_, err := io.WriteString(w, Ours+Plain(sentence)+"\n")
	return err
}

// Pass writes a line that a job has printed, marked as such: label says which of
// its containers, where there are several. Colours stay, and end with the line.
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

// Coloured cleans a line of a log. What sets colours stays, unless it conceals
// text or has it blink; all other control characters go. Of a line that was written
// over, as progress bars are, the last state is left.
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

// harmless says of a sequence that it only sets colours and weight. Of the
// parameters (ECMA-48, 8.3.117), 5, 6 and 8 blink and conceal; those after 38, 48
// and 58 are parts of a colour.
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

// colourLength is how many parameters after the first belong to a colour: 5;N is
// one of a palette, 2;R;G;B a mixture.
func colourLength(p []string) int {
	switch {
	case len(p) > 1 && p[1] == "5":
		return 2
	case len(p) > 1 && p[1] == "2":
		return 4
	}
	return 0
}
