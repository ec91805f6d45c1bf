package event

import (
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestCommandLines(t *testing.T) {
	tests := []struct {
		name string
		body string
		want []string
	}{
		{"nothing", "", nil},
		{"bare", "/pj-rehearse", []string{"/pj-rehearse"}},
		{"with names", "/pj-rehearse a b", []string{"/pj-rehearse a b"}},
		{"the other prefix", "/rehearse list", []string{"/rehearse list"}},
		{"in any case", "/PJ-Rehearse Foo", []string{"/PJ-Rehearse Foo"}},
		{"several, between words", "Hi,\n/pj-rehearse a\nand then\n/rehearse b\n", []string{"/pj-rehearse a", "/rehearse b"}},
		{"carriage returns", "/pj-rehearse a\r\n/pj-rehearse b\r\n", []string{"/pj-rehearse a", "/pj-rehearse b"}},
		{"tab after the prefix", "/pj-rehearse\ta", []string{"/pj-rehearse\ta"}},
		{"white space around", "  /pj-rehearse a  ", []string{"/pj-rehearse a"}},
		{"a longer word", "/pj-rehearsed\n/pj-rehearse-all", nil},
		{"inside a line", "please /pj-rehearse", nil},
		{"quote", "> /pj-rehearse\n   > /pj-rehearse\n>/pj-rehearse", nil},
		{"after a quote", "> do it\n\n/pj-rehearse", []string{"/pj-rehearse"}},
		{"fenced", "```\n/pj-rehearse\n```\n/rehearse", []string{"/rehearse"}},
		{"fenced with a language", "```sh\n/pj-rehearse\n```", nil},
		{"fenced with tildes", "~~~\n/pj-rehearse\n```\n/pj-rehearse\n~~~\n/rehearse", []string{"/rehearse"}},
		{"a longer fence holds a shorter one", "````\n```\n/pj-rehearse\n```\n/pj-rehearse\n````\n/rehearse", []string{"/rehearse"}},
		{"a closing fence has no words", "```\n``` sh\n/pj-rehearse\n```", nil},
		{"an indented fence does not close", "```\n    ```\n/pj-rehearse\n```", nil},
		{"a fence that is never closed", "```\n/pj-rehearse", nil},
		{"two backticks are no fence", "``\n/pj-rehearse", []string{"/pj-rehearse"}},
		{"inline code is no fence", "```x``` is code\n/pj-rehearse", []string{"/pj-rehearse"}},
		{"indented code", "    /pj-rehearse\n\t/pj-rehearse\n  \t/pj-rehearse", nil},
		{"HTML comment", "<!-- /pj-rehearse\n/pj-rehearse\n-->\n/rehearse", []string{"/rehearse"}},
		{"HTML comment on one line", "<!-- template -->\n/rehearse", []string{"/rehearse"}},
		{"after the end of an HTML comment, on its line", "<!--\n--> x\n/rehearse", []string{"/rehearse"}},
		{"HTML comment after a command", "/rehearse a <!-- why --> b", []string{"/rehearse a  b"}},
		{"HTML comment that starts after a command", "/rehearse a <!-- b\n/rehearse c\n-->\n/rehearse d", []string{"/rehearse a", "/rehearse d"}},
		{"no comment: it is not closed in its paragraph", "see `<!--`\n\n/rehearse a\n\n-->", []string{"/rehearse a"}},
		{"an open comment does not hide a closed one in the next paragraph", "`<!--`\n/rehearse a\n\nx <!--\n/rehearse b\n-->", []string{"/rehearse a"}},
		{"HTML comment in fenced code", "```\n<!--\n```\n/rehearse", []string{"/rehearse"}},
		{"fence in an HTML comment", "<!--\n```\n-->\n/rehearse", []string{"/rehearse"}},
		{"an HTML comment that is never closed", "<!-- x\n\n/rehearse", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := CommandLines(tt.body, DefaultPrefixes()); !slices.Equal(got, tt.want) {
				t.Errorf("CommandLines(%q) = %q, want %q", tt.body, got, tt.want)
			}
		})
	}
}

// TestCommandLinesTakesLinearTime takes minutes if the time is not linear.
func TestCommandLinesTakesLinearTime(t *testing.T) {
	for _, line := range []string{"x <!--\n", "<!-- -->", "```\n", "> \n", "\n", "x <!-- -->\n", "x <!-- -->", "x <!--"} {
		if got := CommandLines("x\n"+strings.Repeat(line, 200_000), DefaultPrefixes()); len(got) > 0 {
			t.Errorf("%q gives %q", line, got)
		}
	}
}

func FuzzCommandLines(f *testing.F) {
	for _, seed := range []string{
		"/pj-rehearse", "hi\r\n/rehearse a b\r\n", "> /pj-rehearse", "```\n/pj-rehearse\n```", "~~~~\n~~~\n",
		"<!-- x -->/pj-rehearse", "<!--<!---->-->\n/rehearse", "/rehearse <!--\n-->", "    /rehearse", "\t/rehearse", "/REHEARSE \x00",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		for _, line := range CommandLines(body, DefaultPrefixes()) {
			if strings.ContainsRune(line, '\n') || line != strings.TrimSpace(line) {
				t.Errorf("%q is not one trimmed line", line)
			}
			quoted := "> " + strings.ReplaceAll(line, "\r", " ")
			if got := CommandLines(quoted, DefaultPrefixes()); len(got) > 0 {
				t.Errorf("the quote %q commands %q", quoted, got)
			}
		}
	})
}
