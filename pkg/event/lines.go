package event

import "strings"

// CommandLines returns the lines of a text that start with one of the prefixes,
// followed by a space or nothing, without the white space around them. Prefixes
// match in any case. Quotes, code (fenced, or indented by four spaces or a tab)
// and HTML comments say nothing, as in GitHub's Markdown.
func CommandLines(body string, prefixes []string) []string {
	var (
		found []string
		s     scanner
	)
	lines := strings.Split(strings.ReplaceAll(body, "\r\n", "\n"), "\n")
	for i, line := range lines {
		line, ok := s.prose(line, lines[i+1:])
		if !ok {
			continue
		}
		if _, _, ok := cutPrefix(line, prefixes); ok {
			found = append(found, line)
		}
	}
	return found
}

// cutPrefix splits a command line into its prefix and the rest.
func cutPrefix(line string, prefixes []string) (prefix, rest string, ok bool) {
	for _, p := range prefixes {
		if len(line) < len(p) || !strings.EqualFold(line[:len(p)], p) {
			continue
		}
		rest := line[len(p):]
		if rest == "" || rest[0] == ' ' || rest[0] == '\t' {
			return p, strings.TrimSpace(rest), true
		}
	}
	return "", "", false
}

// scanner walks through the lines of a Markdown text and knows which of them
// are prose. The zero scanner is at the start of a text.
type scanner struct {
	fence   string // what opened the fenced code that we are in
	comment bool   // whether we are in an HTML comment
}

// prose returns what a line says, if anything; rest are the lines after it.
func (s *scanner) prose(line string, rest []string) (string, bool) {
	text := strings.TrimSpace(line)
	switch {
	case s.comment:
		// What follows the end of a comment on its line belongs to it still.
		s.comment = !strings.Contains(line, "-->")
		return "", false
	case s.fence != "":
		if !indented(line) && closes(s.fence, text) {
			s.fence = ""
		}
		return "", false
	case indented(line), strings.HasPrefix(text, ">"):
		return "", false
	case strings.HasPrefix(text, "<!--"):
		s.comment = !strings.Contains(text[len("<!--"):], "-->")
		return "", false
	}
	if s.fence = fence(text); s.fence != "" {
		return "", false
	}
	return s.cutComments(text, rest), true
}

// cutComments removes the HTML comments from a line of a paragraph. One that is
// not closed by the end of the paragraph is no comment.
func (s *scanner) cutComments(text string, rest []string) string {
	for {
		start := strings.Index(text, "<!--")
		if start < 0 {
			return text
		}
		before, inside := text[:start], text[start+len("<!--"):]
		if end := strings.Index(inside, "-->"); end >= 0 {
			text = strings.TrimSpace(before + inside[end+len("-->"):])
			continue
		}
		s.comment = closesInParagraph(rest)
		if s.comment {
			return strings.TrimSpace(before)
		}
		return text
	}
}

func closesInParagraph(rest []string) bool {
	for _, line := range rest {
		if strings.TrimSpace(line) == "" {
			return false
		}
		if strings.Contains(line, "-->") {
			return true
		}
	}
	return false
}

// indented says that a line is indented as far as code is.
func indented(line string) bool {
	for i, r := range line {
		if r == '\t' || i >= 4 {
			return true
		}
		if r != ' ' {
			return false
		}
	}
	return false
}

// fence returns the run of backticks or tildes that opens fenced code.
func fence(text string) string {
	for _, mark := range []string{"`", "~"} {
		run := text[:len(text)-len(strings.TrimLeft(text, mark))]
		if len(run) < 3 {
			continue
		}
		if mark == "`" && strings.Contains(text[len(run):], "`") {
			return "" // inline code
		}
		return run
	}
	return ""
}

// closes says that a line ends the fenced code that a run of marks opened.
func closes(fence, text string) bool {
	return len(text) >= len(fence) && strings.Trim(text, fence[:1]) == ""
}
