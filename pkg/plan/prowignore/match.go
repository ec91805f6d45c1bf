package prowignore

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"unicode/utf8"
)

// matcher matches the rules of .prowignore files. It gives the same results as the
// library in Prow's loader, including its quirks. The library can take exponential time;
// matcher does not, because it does not repeat failed attempts.
type matcher struct {
	ctx context.Context
	// steps is the number of characters that were compared.
	steps int
	err   error
	// failed are the positions in pattern and name from which there is no match, by the
	// lengths of the remainders.
	failed map[[2]int]bool
}

// matches reports whether a rule applies to a path. The error says why that is not known.
// After too many steps, every call returns an error.
func (m *matcher) matches(r rule, p string, isDir bool) (bool, error) {
	if !m.step(1) || r.directory && !isDir {
		return false, m.done()
	}
	var found bool
	switch {
	case r.parts != nil:
		m.step(len(p))
		found = m.parts(strings.Split(p, "/"), r.parts, map[[2]int]bool{})
	case r.path:
		found = m.glob(r.glob, p, true)
	case r.anchored:
		found = m.glob(r.glob, p, false)
	default:
		_, base := path.Split(p)
		found = m.glob(r.glob, base, false)
	}
	err := m.done()
	return found && err == nil, err
}

// done returns the error that prevented the comparison of a rule.
func (m *matcher) done() error {
	err := m.err
	if errors.Is(err, errPanics) {
		m.err = nil
	}
	return err
}

// parts matches a path with a pattern that has `**`.
func (m *matcher) parts(names, parts []string, failed map[[2]int]bool) bool {
	if len(parts) == 0 {
		return len(names) == 0
	}
	at := [2]int{len(names), len(parts)}
	if failed[at] || m.err != nil {
		return false
	}
	var found bool
	switch {
	case parts[0] == "":
		found = m.parts(names, parts[1:], failed) || len(names) > 0 && m.parts(names[1:], parts, failed)
	case len(names) > 0:
		found = m.glob(parts[0], names[0], true) && m.parts(names[1:], parts[1:], failed)
	}
	if !found {
		failed[at] = true
	}
	return found
}

// glob matches a name with a pattern as fnmatch does. In a path, only a
// separator matches a separator.
func (m *matcher) glob(pattern, name string, inPath bool) bool {
	m.failed = nil
	return m.globFrom(pattern, name, inPath)
}

func (m *matcher) globFrom(pattern, name string, inPath bool) bool {
	for len(pattern) > 0 {
		if !m.step(1) {
			return false
		}
		c := cutRune(&pattern)
		if c == '*' {
			pattern = strings.TrimLeft(pattern, "*")
			if pattern != "" && (!inPath || pattern[0] != '/') {
				return m.globAfter(pattern, name, inPath)
			}
			slash := strings.IndexByte(name, '/')
			switch {
			case pattern == "":
				return !inPath || slash < 0
			case slash < 0:
				return false
			}
			name, pattern = name[slash+1:], pattern[1:]
			continue
		}
		if len(name) == 0 || inPath && name[0] == '/' && (c == '?' || c == '[') {
			return false
		}
		have := cutRune(&name)
		switch {
		case c == '?':
			continue
		case c == '[':
			if !m.class(&pattern, have) {
				return false
			}
			continue
		case c == '\\' && len(pattern) > 0:
			c = cutRune(&pattern)
		}
		if have != c {
			return false
		}
	}
	return len(name) == 0
}

// globAfter matches what follows an asterisk with every suffix of a name.
func (m *matcher) globAfter(pattern, name string, inPath bool) bool {
	for rest := name; len(rest) > 0; cutRune(&rest) {
		at := [2]int{len(pattern), len(rest)}
		if m.err != nil {
			return false
		}
		if !m.failed[at] {
			if m.globFrom(pattern, rest, inPath) {
				return true
			}
			if m.failed == nil {
				m.failed = map[[2]int]bool{}
			}
			m.failed[at] = true
		}
		if inPath && rest[0] == '/' {
			break
		}
	}
	return false
}

// class reports whether the character class at the beginning of a pattern, after its
// bracket, contains a character. It removes the class from the pattern.
func (m *matcher) class(pattern *string, have rune) bool {
	p := *pattern
	negate := p != "" && (p[0] == '^' || p[0] == '!')
	if negate {
		p = p[1:]
	}
	found := false
	for !found && len(p) > 1 && p[0] != ']' {
		if !m.step(1) {
			return false
		}
		low := cutRune(&p)
		if low == '\\' {
			if len(p) <= 1 {
				return false
			}
			low = cutRune(&p)
		}
		if p == "" {
			m.err = errPanics
			return false
		}
		high := low
		if p[0] == '-' && len(p) > 1 && p[1] != ']' {
			p = p[1:]
			if high = cutRune(&p); high == '\\' {
				if p == "" {
					return false
				}
				high = cutRune(&p)
			}
		}
		found = low <= have && have <= high
	}
	for p != "" {
		switch c := cutRune(&p); {
		case c == '\\' && p != "":
			cutRune(&p)
		case c == ']':
			*pattern = p
			return found != negate
		}
	}
	return false
}

// step counts steps, and reports whether to continue.
func (m *matcher) step(n int) bool {
	const often = 1 << 16
	if m.steps/often != (m.steps+n)/often && m.ctx.Err() != nil {
		m.err = m.ctx.Err()
	}
	if m.steps += n; m.steps > maxSteps {
		m.err = fmt.Errorf("it takes more than %d steps to compare the rules with the names of all files: use fewer of them, and fewer asterisks", maxSteps)
	}
	return m.err == nil
}

func cutRune(s *string) rune {
	r, size := utf8.DecodeRuneInString(*s)
	*s = (*s)[size:]
	return r
}
