package report

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	mdtext "github.com/yuin/goldmark/text"
)

var (
	mention = regexp.MustCompile(`@[A-Za-z0-9]|#[0-9]|\bGH-[0-9]`)
	ourLink = regexp.MustCompile(`^(?:https://deck\.example\.com/|https://rehearsals\.example\.com/|#issuecomment-[0-9]+$)`)
	ourHTML = regexp.MustCompile(`^(?:</?sub>|<br>|</details>|<details><summary>[\w ,]+</summary>|<!-- rehearsal:\S*(?: \S+)? -->)$`)
	// ourNodes are the Markdown nodes that our comments contain.
	ourNodes = map[string]bool{
		"Document": true, "Paragraph": true, "TextBlock": true, "Text": true, "String": true, "CodeSpan": true, "FencedCodeBlock": true,
		"List": true, "ListItem": true, "Table": true, "TableHeader": true, "TableRow": true, "TableCell": true,
	}
)

// checkSafe fails if a comment has structure, links, HTML or markers other than ours, a
// mention or a reference, or if it is too long.
func checkSafe(t *testing.T, body string) {
	t.Helper()
	if len(body) > MaxBody || !utf8.ValidString(body) {
		t.Errorf("%d bytes, valid: %v", len(body), utf8.ValidString(body))
	}
	marker, ok := FindMarker(body)
	markers := 1
	if InProgress(body) {
		markers = 2
	}
	if !ok || strings.Count(body, "<!--") != markers || strings.Count(body, marker) != 1 {
		t.Errorf("the marker %q is not alone in\n%s", marker, body)
	}
	source := []byte(body)
	var bad []string
	walk := func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			if s := foreign(n, source); s != "" {
				bad = append(bad, s)
			}
			if k := n.Kind(); k == ast.KindCodeSpan || k == ast.KindFencedCodeBlock {
				return ast.WalkSkipChildren, nil
			}
		}
		return ast.WalkContinue, nil
	}
	if err := ast.Walk(github.Parser().Parse(mdtext.NewReader(source)), walk); err != nil {
		t.Fatal(err)
	}
	if len(bad) > 0 {
		t.Errorf("%q in\n%s\nthat is\n%s", bad, body, rendered(t, body))
	}
}

// foreign returns what in a node is not ours; empty if it is.
func foreign(n ast.Node, source []byte) string {
	switch n := n.(type) {
	case *ast.Text:
		return mention.FindString(string(n.Segment.Value(source)))
	case *ast.Link:
		if !ourLink.Match(n.Destination) {
			return "link to " + string(n.Destination)
		}
		return ""
	case *ast.Emphasis:
		if n.Level != 2 {
			return "emphasis"
		}
		return ""
	case *ast.RawHTML:
		return foreignHTML(n.Segments, source)
	case *ast.HTMLBlock:
		return foreignHTML(n.Lines(), source)
	case *ast.List:
		if n.IsOrdered() {
			return "numbered list"
		}
	}
	if !ourNodes[n.Kind().String()] {
		return n.Kind().String()
	}
	return ""
}

func foreignHTML(lines *mdtext.Segments, source []byte) string {
	for line := range strings.Lines(string(lines.Value(source))) {
		if line = strings.TrimSpace(line); !ourHTML.MatchString(line) {
			return "HTML " + line
		}
	}
	return ""
}
