package docs

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// faults is how many the table has, notShown how many of them no test shows yet.
const (
	faults   = 22
	notShown = 0
)

var faultRow = regexp.MustCompile(`^\| ([0-9]+) \| (.+) \| (.+) \| (.+) \| (.+) \| (.+) \|$`)

// TestReliabilityTable holds the page on reliability to its word: every fault is
// there once, every test that it names exists, and it says of which there is none.
func TestReliabilityTable(t *testing.T) {
	page, err := os.ReadFile("reliability.md")
	if err != nil {
		t.Fatal(err)
	}
	rows, open := numbered(t, "reliability.md", faultRow), 0
	for _, row := range rows {
		tests, count, result := row[4], row[5], row[6]
		if tests == "not shown yet" {
			open++
			if count != "—" || result != "—" {
				t.Errorf("fault %s has no test, but a count or a result: %s, %s", row[1], count, result)
			}
			continue
		}
		for _, problem := range missing(tests) {
			t.Errorf("fault %s: %s", row[1], problem)
		}
		if !strings.HasPrefix(result, "held") && !strings.HasPrefix(result, "partly") && !strings.HasPrefix(result, "not run") {
			t.Errorf("fault %s: the last result is %q", row[1], result)
		}
	}
	if len(rows) != faults || open != notShown {
		t.Errorf("the page has %d faults, %d of them not shown; want %d and %d", len(rows), open, faults, notShown)
	}
	if sentence := fmt.Sprintf("%d of %d are not shown yet", open, faults); !strings.Contains(string(page), sentence) {
		t.Errorf("the page does not say: %s", sentence)
	}
}

// TestEveryPackageLooksForLeaks: tests of all packages end without a goroutine that
// they have started.
func TestEveryPackageLooksForLeaks(t *testing.T) {
	packages := map[string]bool{} // whether they look
	for _, root := range []string{"cmd", "config", "docs", "pkg", "test"} {
		err := filepath.WalkDir(filepath.Join("..", root), func(path string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir() && (entry.Name() == "testdata" || path == "../test/cluster" || path == "../test/e2e" || path == "../test/tools"):
				return filepath.SkipDir // no packages, of other modules, or a cluster's
			case !strings.HasSuffix(path, "_test.go"):
				return nil
			}
			code, err := os.ReadFile(path)
			dir := filepath.Dir(path)
			packages[dir] = packages[dir] || strings.Contains(string(code), "goleak.VerifyTestMain(m")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for dir, looks := range packages {
		if !looks {
			t.Errorf("the tests of %s do not look for goroutines that are left", dir)
		}
	}
	if len(packages) < 30 {
		t.Errorf("only %d packages have tests", len(packages))
	}
}
