package policy

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/policy.md")

// TestDocumentedPresets compares the documentation with the presets.
func TestDocumentedPresets(t *testing.T) {
	const file, begin, end = "../../docs/policy.md", "<!-- presets -->\n", "<!-- /presets -->\n"
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), begin)
	got, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("docs/policy.md has no %q and %q", begin, end)
	}
	names := []string{DefaultPreset, "openshift", "kubevirt", "open"}
	if len(names) != len(Presets()) {
		t.Fatalf("the page has %v, the presets are %v", names, Presets())
	}
	want := "| | `" + strings.Join(names, "` | `") + "` |\n" + strings.Repeat("|---", len(names)+1) + "|\n"
	for _, field := range ruleNames() {
		want += "| `" + field + "` |"
		for _, name := range names {
			preset, _ := Preset(name)
			want += " `" + strings.Join(*preset.rules()[field], "`, or `") + "` |"
		}
		want += "\n"
	}
	if *update {
		if err := os.WriteFile(file, []byte(before+begin+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != want {
		t.Errorf("docs/policy.md has\n%s\nbut the presets are\n%s", got, want)
	}
}
