package settings

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

var (
	syntaxLine    = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)
	unknownAnchor = regexp.MustCompile(`^unknown anchor '([^']+)'`)
)

// syntax records that the file is not YAML. The library counts the lines of some errors
// from 0, and gives no line for others.
func (d *decoder) syntax(content []byte, err error) {
	message, line := err.Error(), 1
	if m := syntaxLine.FindStringSubmatch(message); m != nil {
		message = message[len(m[0]):]
		if m[1] != "" {
			line, _ = strconv.Atoi(m[1])
		}
		if m[1] != "" && strings.HasPrefix(message, "did not find expected") {
			line++
		}
	}
	at := -1
	if m := unknownAnchor.FindStringSubmatch(message); m != nil {
		at = bytes.Index(content, []byte("*"+m[1]))
	} else if strings.HasPrefix(message, "control characters") {
		at = bytes.IndexFunc(content, func(r rune) bool { return unicode.IsControl(r) && !strings.ContainsRune("\t\r\n", r) })
	}
	if at >= 0 {
		line = 1 + bytes.Count(content[:at], []byte("\n"))
	}
	d.add(line, "", "is not YAML: %s", message)
}
