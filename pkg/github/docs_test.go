package github_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/github"
)

// TestDocumentedPermissions checks that the table in the documentation, by which people
// register an App, has exactly the permissions in the code.
func TestDocumentedPermissions(t *testing.T) {
	text, err := os.ReadFile("../../docs/github.md")
	ok(t, err)
	rows := map[string]bool{}
	for _, p := range github.AppPermissions() {
		rows[fmt.Sprintf("| %s | %s | `%s` | %s |", p.Label, p.Level, p.Name, p.Why)] = false
	}
	for _, event := range github.AppEvents() {
		rows["- `"+event+"`"] = false
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if _, known := rows[line]; known {
			rows[line] = true
		} else if strings.HasPrefix(line, "- `") || strings.Contains(line, "| read |") || strings.Contains(line, "| write |") {
			t.Errorf("docs/github.md has %q, and the code does not", line)
		}
	}
	for row, found := range rows {
		if !found {
			t.Errorf("docs/github.md lacks %q", row)
		}
	}
}
