package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMarkdown(t *testing.T) {
	for name, tc := range map[string]struct{ body, want string }{
		"emphasis and code":  {"**1 of 3** failed: run `/pj-rehearse`", "1 of 3 failed: run /pj-rehearse"},
		"hidden marker":      {"text\n\n<!-- rehearsal:plan -->\n", "text"},
		"link":               {"[log](http://example.com/1)", "log (http://example.com/1)"},
		"escapes, entities":  {`a \| b \*c\* &lt;d&gt;`, "a | b *c* <d>"},
		"details are folded": {"<details><summary>Commands</summary>\n\n- a\n- b\n\n</details>", "▸ Commands"},
		"tags":               {"<sub>For it.</sub>", "For it."},
		"table": {
			"| Job | Result |\n|---|---|\n| `a` | ✅ passed |\n| `longer` | ❌ failed<br>twice |\n",
			"Job     Result\n  a       ✅ passed\n  longer  ❌ failed, twice",
		},
		"bar in a cell":         {"| a \\| b | c |\n|---|---|\n", "a | b  c"},
		"long lines are broken": {strings.Repeat("word ", 30), strings.TrimSpace(strings.Repeat("word ", 22)) + "\n" + strings.TrimSpace(strings.Repeat("word ", 8))},
		"code block":            {"why:\n\n```text\n**as is** <b>\n```\nend", "why:\n\n  │ **as is** <b>\nend"},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, style{plain: true}.markdown(tc.body)); diff != "" {
				t.Errorf("differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestColumnsLineUp(t *testing.T) {
	rows := style{}.table([][]string{{"Job", "Result", "Time"}, {"\x1b[36mx\x1b[0m", "✅ passed", "1s"}})
	first := strings.Index(ansi.ReplaceAllString(rows[0], ""), "Time")
	second := width(rows[1][:strings.Index(rows[1], "1s")])
	if first != second {
		t.Errorf("the last column starts at %d and at %d:\n%s", first, second, strings.Join(rows, "\n"))
	}
}

func TestNewToolchainChangesThreeJobs(t *testing.T) {
	files, err := baseFiles("image")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for path, content := range newToolchain(files) {
		n += strings.Count(content, `"1.26"`)
		if strings.Contains(content, "IMAGE") {
			t.Errorf("%s names no image", path)
		}
	}
	if n != 3 {
		t.Errorf("the change is in %d places, want 3", n)
	}
}
