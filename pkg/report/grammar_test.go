package report

import (
	"os"
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/settings"
	"github.com/rehearsal-dev/rehearsal/test/golden"
)

// TestDocumentedGrammar: the documentation has the same grammar as the comments and Prow's
// help, with the default limits.
func TestDocumentedGrammar(t *testing.T) {
	const file = "../../docs/commands.md"
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- grammar -->\n", "<!-- /grammar -->\n"
	before, after, ok := strings.Cut(string(page), begin)
	got, after, closed := strings.Cut(after, end)
	if !ok || !closed {
		t.Fatalf("docs/commands.md has no %q and %q", begin, end)
	}
	want := "| command | what happens |\n|---|---|\n"
	for _, l := range CommandsOf(settings.Defaults().Prefixes, settings.Defaults().Defaults).Lines() {
		want += "| `" + l.Usage + "` | " + l.Does + " |\n"
	}
	if *golden.Update {
		if err := os.WriteFile(file, []byte(before+begin+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != want {
		t.Errorf("docs/commands.md has\n%s\nbut the grammar is\n%s", got, want)
	}
}
