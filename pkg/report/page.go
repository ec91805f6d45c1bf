package report

import (
	"bytes"
	_ "embed"
	"html"
	"html/template"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/legible"
)

// maxPage is the maximum size of a page in bytes; reserve is kept for its closing parts.
const (
	maxPage = 7 << 20
	reserve = 64 << 10
)

//go:embed pages.gohtml
var pagesSource string

var pages = template.Must(template.New("pages").Funcs(template.FuncMap{
	"line":  func(s string) string { return oneLine(legible.Clip(s, maxDetail)) },
	"prose": proseHTML,
	"lines": func(lines []string) string { return legible.Text(strings.Join(lines, "\n")) },
	"name":  shown,
	"exact": func(s string) string { return legible.Name(s, "") },
}).Parse(pagesSource))

// proseHTML renders a sentence of plain text in which `…` marks code.
func proseHTML(s string) template.HTML {
	s = oneLine(s)
	var b strings.Builder
	at := 0
	for _, span := range codeSpan.FindAllStringIndex(s, -1) {
		b.WriteString(template.HTMLEscapeString(s[at:span[0]]))
		b.WriteString("<code>" + template.HTMLEscapeString(shown(strings.TrimSpace(s[span[0]+1:span[1]-1]))) + "</code>")
		at = span[1]
	}
	b.WriteString(template.HTMLEscapeString(s[at:]))
	return template.HTML(b.String()) // every part is escaped
}

// page is an HTML page that is written part by part until it is full.
type page struct {
	body    bytes.Buffer
	scratch bytes.Buffer
	full    bool
	// left is the number of rows for which there was no room.
	left int
}

// top is the start of a page, all plain text.
type top struct {
	Title, Icon, Verdict, Rest string
	Sentences                  []string
	Subject                    string
}

// add writes a part, unless the page is full.
func (p *page) add(name string, data any) bool {
	if p.full {
		return false
	}
	p.scratch.Reset()
	p.execute(&p.scratch, name, data)
	return p.write(p.scratch.Bytes())
}

func (p *page) write(part []byte) bool {
	p.full = p.full || p.body.Len()+len(part) > maxPage-reserve
	if !p.full {
		p.body.Write(part)
	}
	return !p.full
}

// member writes one job of a group. There may be very many, and a template takes several
// times as long.
func (p *page) member(j PlanJob) {
	p.scratch.Reset()
	p.scratch.WriteString("<li><code>" + escaped(argument(j)) + "</code>")
	for _, s := range []string{j.Repo, j.Branch} {
		if s != "" {
			p.scratch.WriteString(" " + escaped(s))
		}
	}
	p.scratch.WriteString("</li>\n")
	if !p.write(p.scratch.Bytes()) {
		p.left++
	}
}

func escaped(s string) string { return html.EscapeString(shown(s)) }

// shown returns a name as shown on a page.
func shown(s string) string { return legible.Name(legible.Clip(s, maxDetail), ours) }

// row writes a part, or counts it if there is no room for it.
func (p *page) row(name string, data any) {
	if !p.add(name, data) {
		p.left++
	}
}

// end writes a small part that closes another, even if the page is full.
func (p *page) end(name string, data any) { p.execute(&p.body, name, data) }

func (p *page) execute(to *bytes.Buffer, name string, data any) {
	if err := pages.ExecuteTemplate(to, name, data); err != nil {
		// The templates and their data are ours, and writing to a buffer cannot fail.
		panic(err)
	}
}

func (p *page) bytes(noun, elsewhere string) []byte {
	if p.left > 0 {
		p.end("note", "… and "+plural(p.left, noun)+" not shown here"+elsewhere+".")
	}
	p.end("bottom", nil)
	return p.body.Bytes()
}

// webURL returns an http or https URL as it is; empty for all others.
func webURL(s string) string {
	if !strings.HasPrefix(s, "https://") && !strings.HasPrefix(s, "http://") {
		return ""
	}
	return s
}
