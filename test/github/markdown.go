package github

import (
	"bytes"
	"fmt"
	"html/template"
	"regexp"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
)

// markdown renders comments as GitHub does: line breaks and HTML are kept.
var markdown = goldmark.New(
	goldmark.WithExtensions(
		extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute)),
		extension.Strikethrough, extension.Linkify, extension.TaskList,
	),
	goldmark.WithRendererOptions(html.WithHardWraps(), html.WithUnsafe()),
)

// allowed is the HTML that is shown. HTML comments, scripts and styles are removed.
var allowed = func() *bluemonday.Policy {
	p := bluemonday.UGCPolicy()
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^language-[\w-]+$`)).OnElements("code")
	p.AllowAttrs("type").Matching(regexp.MustCompile(`^checkbox$`)).OnElements("input")
	p.AllowAttrs("checked", "disabled").OnElements("input")
	return p
}()

// renderMarkdown renders a text; commits are the URLs of commits that the text may name by
// their SHAs.
func renderMarkdown(text string, commits map[string]string) template.HTML {
	var b bytes.Buffer
	if err := markdown.Convert([]byte(text), &b); err != nil {
		return template.HTML(template.HTMLEscapeString(text)) // escaped
	}
	return template.HTML(linkCommits(string(allowed.SanitizeBytes(b.Bytes())), commits)) // sanitised
}

var tagOrSHA = regexp.MustCompile(`<(/?)([a-z0-9]+)[^>]*>|\b[0-9a-f]{40}\b`)

// linkCommits turns each SHA of a commit into a short link, except in code and links, as
// GitHub does.
func linkCommits(html string, commits map[string]string) string {
	inside := 0
	return tagOrSHA.ReplaceAllStringFunc(html, func(found string) string {
		switch part := tagOrSHA.FindStringSubmatch(found); part[2] {
		case "a", "code", "pre":
			if part[1] == "" {
				inside++
			} else {
				inside--
			}
			return found
		case "":
			if address := commits[found]; address != "" && inside == 0 {
				return fmt.Sprintf(`<a href="%s"><code>%s</code></a>`, template.HTMLEscapeString(address), found[:7])
			}
		}
		return found
	})
}
