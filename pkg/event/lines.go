package event

import "strings"

// CommandLines returns the lines of a text that start with one of the prefixes,
// followed by a space or nothing, without the white space around them. Prefixes match
// in any case. Quotes, code (fenced, or indented by four spaces or a tab) and HTML
// comments are ignored, as in GitHub's Markdown.
func CommandLines(body string, prefixes []string) []string {
	var (
		found []string
		s     scanner
	)
	for rest := body; rest != ""; {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		line, ok := s.prose(line, rest)
		if !ok {
			continue
		}
		if _, ok := cutPrefix(line, prefixes); ok {
			found = append(found, line)
		}
	}
	return found
}

// cutPrefix returns what follows the prefix on a command line.
func cutPrefix(line string, prefixes []string) (rest string, ok bool) {
	for _, p := range prefixes {
		if len(line) < len(p) || !strings.EqualFold(line[:len(p)], p) {
			continue
		}
		rest := line[len(p):]
		if rest == "" || rest[0] == ' ' || rest[0] == '\t' {
			return strings.TrimSpace(rest), true
		}
	}
	return "", false
}

// scanner walks through the lines of a Markdown text and determines which of them are
// prose. The zero scanner is at the start of a text.
type scanner struct {
	fence   string // what opened the fenced code that we are in
	comment bool   // whether we are in an HTML comment
	open    bool   // whether no HTML comment ends in the rest of the paragraph
}

// prose returns the prose of a line, if any; rest is the text after it.
func (s *scanner) prose(line, rest string) (string, bool) {
	text := strings.TrimSpace(line)
	if text == "" {
		s.open = false
	}
	switch {
	case s.comment:
		// Text after the end of a comment on the same line still belongs to it.
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

// cutComments removes the HTML comments from a line of a paragraph. One that is not
// closed by the end of the paragraph is not a comment.
func (s *scanner) cutComments(text, rest string) string {
	var said strings.Builder
	for {
		before, inside, found := strings.Cut(text, "<!--")
		if !found || s.open {
			break
		}
		if _, after, closed := strings.Cut(inside, "-->"); closed {
			said.WriteString(before)
			text = after
			continue
		}
		s.comment = closesInParagraph(rest)
		s.open = !s.comment
		if s.comment {
			text = before
		}
	}
	said.WriteString(text)
	return strings.TrimSpace(said.String())
}

func closesInParagraph(text string) bool {
	for text != "" {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		if strings.TrimSpace(line) == "" {
			return false
		}
		if strings.Contains(line, "-->") {
			return true
		}
	}
	return false
}

// indented says that a line is indented enough to be code.
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
