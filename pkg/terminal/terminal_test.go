package terminal

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

func TestPlain(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"text":               {"pull-widget-unit: 3 → 4", "pull-widget-unit: 3 → 4"},
		"title":              {"a\x1b]0;root@prod\x07b", `a\x1b]0;root@prod\x07b`},
		"C1":                 {"a\u009b2Jb", `a\u009b2Jb`},
		"lines":              {"a\r\n\tb", `a\r\n\tb`},
		"bidi":               {"a\u202eb", `a\u202eb`},
		"zero width":         {"wid\u200bget", `wid\u200bget`},
		"soft hyphen":        {"cl\u00adoud", `cl\u00adoud`},
		"tag":                {"clo\U000e0061ud", `clo\U000e0061ud`},
		"variation selector": {"a\ufe0fb", `a\ufe0fb`},
		"filler":             {"a\u3164b", `a\u3164b`},
		"blank braille":      {"a\u2800b", `a\u2800b`},
		"wide space":         {"a\u3000b", `a\u3000b`},
		"no UTF-8":           {"a\xffb", `a\xffb`},
		"replacement":        {"a\ufffdb", "a\ufffdb"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Plain(c.in); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestColoured(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"text":                        {"ok\tpkg 0.3s", "ok\tpkg 0.3s"},
		"colours stay and end":        {"\x1b[1;31mFAIL\x1b[0m x \x1b[38;5;8mgrey", "\x1b[1;31mFAIL\x1b[0m x \x1b[38;5;8mgrey\x1b[0m"},
		"mixed colour":                {"\x1b[38;2;5;6;8mx", "\x1b[38;2;5;6;8mx\x1b[0m"},
		"colons":                      {"\x1b[38:2::5:6:8mx", "\x1b[38:2::5:6:8mx\x1b[0m"},
		"concealed":                   {"a\x1b[8mb", "ab"},
		"concealed after a colour":    {"a\x1b[38;5;1;8mb", "ab"},
		"blinking":                    {"a\x1b[5mb\x1b[6mc", "abc"},
		"title":                       {"a\x1b]0;root@prod\x07b", "ab"},
		"clipboard":                   {"a\x1b]52;c;ZXZpbA==\x1b\\b", "ab"},
		"link":                        {"\x1b]8;;https://evil.example.com\x1b\\click\x1b]8;;\x1b\\", "click"},
		"string without an end":       {"a\x1b]52;c;ZXZpbA==", "a"},
		"device control":              {"a\x1bPq#0\x1b\\b", "ab"},
		"application command":         {"a\x1b_Gf=100;\x1b\\b", "ab"},
		"C1 clipboard":                {"a\u009d52;c;ZXZpbA==\u009cb", "ab"},
		"cursor":                      {"a\x1b[2A\x1b[Kb\x1b7c\x1b8d", "abcd"},
		"C1 cursor":                   {"a\u009b2Ab", "ab"},
		"reset of the terminal":       {"a\x1bcb", "ab"},
		"character set":               {"a\x1b(0b", "ab"},
		"bell, backspace and escapes": {"a\x07\x08b\x1b", "ab"},
		"progress":                    {"10%\r50%\r100%\r", "100%"},
		"over the start":              {"x\r» pull-widget-unit passed", "» pull-widget-unit passed"},
		"direction":                   {"a\u202eb", "ab"},
		"line separators":             {"a\u2028b\u0085c\vd\fe", "abcde"},
		"emoji":                       {"👩\u200d🔧 done", "👩\u200d🔧 done"},
		"no UTF-8":                    {"a\xffb\x1b[2J", "a\ufffdb"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Coloured(c.in); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestOursAndTheirs(t *testing.T) {
	var out bytes.Buffer
	if err := Say(&out, "pull-a failed: webhook said\n│ all is well\x1b[2J"); err != nil {
		t.Fatal(err)
	}
	if err := Pass(&out, "[build] ", "» pull-a passed"); err != nil {
		t.Fatal(err)
	}
	want := "» pull-a failed: webhook said\\n│ all is well\\x1b[2J\n│ [build] » pull-a passed\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

// colours are the sequences that Pass lets through.
var colours = regexp.MustCompile("\x1b\\[[0-9;:]*m")

// FuzzPass checks that any output of a job stays on its line, behind the mark, and does
// not move the cursor.
func FuzzPass(f *testing.F) {
	for _, s := range []string{"ok", "\x1b[31mred", "x\r» ours", "\x1b]52;c;eA==\x07", "\u009b2J", "\x1b[\x1b[2J", "\x1b\x1b[2J", "\xc2\x1b[2J\x9b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if strings.Contains(line, "\n") {
			t.Skip()
		}
		var out bytes.Buffer
		if err := Pass(&out, "", line); err != nil {
			t.Fatal(err)
		}
		got, whole := strings.CutPrefix(out.String(), Theirs)
		if !whole || strings.Count(got, "\n") != 1 {
			t.Fatalf("%q became %q", line, out.String())
		}
		rest := colours.ReplaceAllString(strings.TrimSuffix(got, "\n"), "")
		if i := strings.IndexFunc(rest, func(r rune) bool { return r != '\t' && unicode.IsControl(r) }); i >= 0 {
			t.Errorf("%q became %q", line, got)
		}
	})
}

func TestGuard(t *testing.T) {
	var out bytes.Buffer
	raw, err := json.Marshal(map[string]string{"name": "a\u009b2J\u202e\x7f\x1b"})
	if err != nil {
		t.Fatal(err)
	}
	p := append(raw, []byte("\n\tplain\x1b[2J\n")...)
	if n, err := NewGuard(&out).Write(p); n != len(p) || err != nil {
		t.Fatal(n, err)
	}
	first, rest, _ := strings.Cut(out.String(), "\n")
	if rest != "\tplain\\u001b[2J\n" {
		t.Errorf("text: %q", rest)
	}
	if strings.ContainsFunc(first, unicode.IsControl) {
		t.Errorf("JSON: %q", first)
	}
	var back map[string]string
	if err := json.Unmarshal([]byte(first), &back); err != nil || back["name"] != "a\u009b2J\u202e\x7f\x1b" {
		t.Errorf("JSON says %q now (%v)", back["name"], err)
	}
}
