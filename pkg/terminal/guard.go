package terminal

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"
)

// Guard is a writer for a terminal, or for text that may end up on one. It lets no
// control character through except line ends and tabs, whatever a message contains. The
// others are escaped as in strings of JSON and YAML, so that both formats keep their
// meaning.
type Guard struct {
	to io.Writer
}

// NewGuard returns a Guard for w.
func NewGuard(w io.Writer) Guard { return Guard{to: w} }

// Write implements io.Writer. It expects whole characters.
func (g Guard) Write(p []byte) (int, error) {
	s := string(p)
	if strings.ContainsFunc(s, stray) || !utf8.ValidString(s) {
		var b strings.Builder
		for _, r := range s {
			if stray(r) {
				fmt.Fprintf(&b, `\u%04x`, r) // all of them are in the first plane
				continue
			}
			b.WriteRune(r)
		}
		s = b.String()
	}
	if _, err := io.WriteString(g.to, s); err != nil {
		return 0, err
	}
	return len(p), nil
}

func stray(r rune) bool { return r != '\n' && r != '\t' && steers(r) }

// File returns the file behind a writer, to query a terminal or to draw on it; nil if
// there is none.
func File(w io.Writer) *os.File {
	if g, ok := w.(Guard); ok {
		w = g.to
	}
	f, _ := w.(*os.File)
	return f
}
