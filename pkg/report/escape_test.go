package report

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
)

var github = goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(html.WithUnsafe()))

// rendered returns the page that GitHub would make, without its sanitiser: we must not
// depend on that.
func rendered(t *testing.T, body string) string {
	t.Helper()
	var page bytes.Buffer
	if err := github.Convert([]byte(body), &page); err != nil {
		t.Fatal(err)
	}
	return page.String()
}

var codeElement = regexp.MustCompile(`(?s)<code[^>]*>.*?</code>`)

var hostile = []string{
	"@octocat", "<b>x</b>", "<script>alert(1)</script>", "![x](http://e.vil/x.png)", "[x](javascript:alert(1))",
	"`@octocat", "``` \n@octocat", "a\n\n# heading", "- item", "1. item", "+ item", "> quote", "~~x~~ **x** __x__ *x* _x_",
	"a | b | @octocat", "\\`@octocat`", "`\\`@octocat", "`a`b`@octocat`", "&lt;b&gt; &#64;octocat", "<!-- rehearsal:plan -->", "<!<!-- x -->-- y", "</details>",
	"http://e.vil", "www.e.vil", "x@e.vil", "\u202edrow", "a\r# b", "acme/release#1 #1 GH-1 #GH-1 @GH-1 GH-GH-1 gh-gh-gh-1", `a\|b \\|c`, "|---|", "===", "---",
}

func TestHostileText(t *testing.T) {
	wrap := map[string]func(string) string{
		"text":  func(s string) string { return "- " + text(s) + "\n" },
		"code":  func(s string) string { return "before " + code(s) + " after\n" },
		"cell":  func(s string) string { return row("a", "b", "c") + "|---|---|---|\n" + row(text(s), code(s), "last") },
		"block": func(s string) string { return "before\n\n" + block(strings.Split(s, "\n")) + "\nafter\n" },
	}
	for kind, w := range wrap {
		for _, s := range hostile {
			t.Run(kind+" "+s, func(t *testing.T) {
				page := rendered(t, w(s))
				prose := codeElement.ReplaceAllString(page, "")
				for _, bad := range []string{"@octocat", "<b>", "<script", "<img", "<a ", "<h1", "<h2", "<blockquote", "<ol", ">#1", "GH-1", "<em", "<strong", "<del", "<!--", "</details", "\u202e"} {
					if strings.Contains(prose, bad) {
						t.Errorf("%q shows in %s", bad, page)
					}
				}
				if kind == "cell" && !strings.Contains(page, "<td>last</td>") {
					t.Errorf("not three cells in %s", page)
				}
				if kind == "text" && strings.Count(page, "<li") != 1 {
					t.Errorf("not one item in %s", page)
				}
			})
		}
	}
}

func TestLink(t *testing.T) {
	cases := []struct{ url, want string }{
		{"https://deck.example.com/view/gs/b/1", "[log](https://deck.example.com/view/gs/b/1)"},
		{"javascript:alert(1)", ""},
		{"", ""},
		{"https://x/a) [y](http://e.vil", "[log](https://x/a%29%20%5By%5D%28http://e.vil)"},
		{"https://x/<!-- y -->|", "[log](https://x/%3C!--%20y%20--%3E%7C)"},
	}
	for _, c := range cases {
		if got := link("log", c.url); got != c.want {
			t.Errorf("%q becomes %q, want %q", c.url, got, c.want)
		}
	}
}

func FuzzText(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, got := range []string{text(s), code(s), row(text(s), code(s))} {
			if strings.Contains(got, "<!--") || strings.Contains(strings.TrimSuffix(got, "\n"), "\n") {
				t.Errorf("%q becomes %q", s, got)
			}
		}
	})
}
