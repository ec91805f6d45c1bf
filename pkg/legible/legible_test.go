package legible

import (
	"strings"
	"testing"
	"unicode"
)

func TestName(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"plain":           {"acme/widget@release-4.1 (x)", "acme/widget@release-4.1 (x)"},
		"nothing":         {"", ""},
		"zero width":      {"wid\u200bget", `wid\u200bget`},
		"joiner":          {"a\u2060b", `a\u2060b`},
		"byte order mark": {"\ufeffa", `\ufeffa`},
		"turned":          {"\u202edrow", `\u202edrow`},
		"isolated":        {"a\u2066b\u2069", `a\u2066b\u2069`},
		"tag":             {"clo\U000e0061ud", `clo\U000e0061ud`},
		"variation":       {"a\ufe0fb\U000e0100", `a\ufe0fb\U000e0100`},
		"soft hyphen":     {"cl\u00adoud", `cl\u00adoud`},
		"fillers":         {"a\u3164\u115f\u1160\uffa0\u2800b", `a\u3164\u115f\u1160\uffa0\u2800b`},
		"mark":            {"a\u0338b\u20ddc\u034fd", `a\u0338b\u20ddc\u034fd`},
		"other blanks":    {"a\u00a0b\u3000c\u2028d", `a\u00a0b\u3000c\u2028d`},
		"look-alike":      {"g\u0456thub.com", `g\u0456thub.com`},
		"all look-alike":  {"\u0430\u0440\u0440", `\u0430\u0440\u0440`},
		"wide and bold":   {"\uff41\U0001d41a", `\uff41\U0001d41a`},
		"slash":           {"acme\u2215x", `acme\u2215x`},
		"line ends":       {"a\r\nb\tc", `a\r\nb\tc`},
		"escape":          {"a\x1b[31mb\x00\x7f", `a\x1b[31mb\x00\x7f`},
		"no UTF-8":        {"a\xffb", `a\xffb`},
		"blanks":          {" a  b ", `\x20a \x20b\x20`},
		"HTML comment":    {"cloud<!-- prod -->", `cloud\x3c!-- prod -->`},
		"ours":            {"preset x ▸ env …", "preset x ▸ env …"},
	} {
		if got := Name(c.in, "▸…"); got != c.want {
			t.Errorf("%s: %q becomes %s, want %s", name, c.in, got, c.want)
		}
	}
}

func TestText(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"other languages": {"größer, 東京都, Тест, مرحبا, हिन्दी, Kubernetesを使う", "größer, 東京都, Тест, مرحبا, हिन्दी, Kubernetesを使う"},
		"apart":           {"cafe\u0301", "café"},
		"emoji":           {"✔\ufe0f 👩\u200d💻", "✔ 👩💻"},
		"zero width":      {"a\u200bb", `a\u200bb`},
		"turned":          {"\u202edrow", `\u202edrow`},
		"covered":         {"a\u0338\u0338b", `a\u0338\u0338b`},
		"mark of nothing": {"\u0941", `\u0941`},
		"look-alike":      {"g\u0456thub", `g\u0456thub`},
		"blanks":          {"a\u00a0b\u3000c", "a b c"},
		"lines":           {"a\n\tb\u2028c", "a\n\tb\\u2028c"},
		"control":         {"a\x1bb\r\x00c\xffd", "abcd"},
		"fillers":         {"a\u3164b\u2800", `a\u3164b\u2800`},
	} {
		if got := Text(c.in); got != c.want {
			t.Errorf("%s: %q becomes %q, want %q", name, c.in, got, c.want)
		}
	}
}

func TestMute(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"nothing":         {"", ""},
		"no command":      {"a /lgtm\nhttps://x/y\n- /pj-rehearse\n`/lgtm`", "a /lgtm\nhttps://x/y\n- /pj-rehearse\n`/lgtm`"},
		"first":           {"/lgtm", "· /lgtm"},
		"each line":       {"/a\n/b\n\n/c/d\n", "· /a\n· /b\n\n· /c/d\n"},
		"indented":        {"x\n   /lgtm\n\t/hold", "x\n   · /lgtm\n\t· /hold"},
		"line ends":       {"a\r/b\v/c\f/d\u0085/e\u2028/f\u2029/g\x1e/h", "a\r· /b\v· /c\f· /d\u0085· /e\u2028· /f\u2029· /g\x1e· /h"},
		"blanks":          {"\u00a0/a\n\u200b/b\n\ufeff\u2800\u3164/c\n\x00/d\n\xff/e\n\u0301/f", "\u00a0· /a\n\u200b· /b\n\ufeff\u2800\u3164· /c\n\x00· /d\n\xff· /e\n\u0301· /f"},
		"after a comment": {"<!-- x -->/a\n<!--\n-->  /b\n<!--> /c", "<!-- x -->· /a\n<!--\n-->  · /b\n<!--> · /c"},
		"after a fence":   {"```/a\n  ~~~~ /b\n`/c`", "```· /a\n  ~~~~ · /b\n`/c`"},
		"in a comment":    {"<!--\n/a\n-->", "<!--\n· /a\n-->"},
		"two slashes":     {"// x", "· // x"},
		"a tree":          {"LGTM label has been added.  <details>Git tree hash: 0</details>", "LGTM\u200b label has been added.  <details>Git tree hash: 0</details>"},
		"a group":         {"cc @kubernetes/sig-node-bugs", "cc @\u200bkubernetes/sig-node-bugs"},
	} {
		got := Mute(c.in)
		if got != c.want {
			t.Errorf("%s: %q becomes %q, want %q", name, c.in, got, c.want)
		}
		if again := Mute(got); again != got {
			t.Errorf("%s: and %q after that", name, again)
		}
	}
}

// FuzzLegible checks that nothing is hidden in a name, and that no line begins with a
// slash.
func FuzzLegible(f *testing.F) {
	f.Add("a\u200b /b\n\u2028/c<!--x-->/")
	f.Fuzz(func(t *testing.T, s string) {
		if got := Name(s, ""); strings.ContainsFunc(got, func(r rune) bool { return r < ' ' || r > '~' }) || strings.Contains(got, "<!--") {
			t.Errorf("%q becomes %q", s, got)
		}
		if got := Text(s); strings.ContainsFunc(got, func(r rune) bool { return r != '\n' && r != '\t' && (Invisible(r) || unicode.IsControl(r)) }) {
			t.Errorf("%q becomes %q", s, got)
		}
		if got := Mute(s); strings.HasPrefix(strings.TrimSpace(got), "/") || strings.Contains(got, "\n/") {
			t.Errorf("%q becomes %q", s, got)
		}
	})
}
