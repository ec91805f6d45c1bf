// Package docs holds the pages for users; its tests hold these to the code.
package docs

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// items is how many the checklist has.
const items = 39

var (
	tableRow = regexp.MustCompile(`^\| ([0-9]+) \| (.+) \| (.+) \| (.+) \|$`)
	shown    = regexp.MustCompile("^`([a-z0-9/]+)`: (.+)$")
	place    = regexp.MustCompile("`([^` ]+)`")
)

// TestSecurityChecklist holds the page on security to its word: every item is
// there once, every place it names exists, and so does every test.
func TestSecurityChecklist(t *testing.T) {
	rows := numbered(t, "security.md", tableRow)
	for _, row := range rows {
		for _, found := range place.FindAllStringSubmatch(row[3], -1) {
			if _, err := os.Stat(filepath.Join("..", found[1])); err != nil {
				t.Errorf("item %s: %v", row[1], err)
			}
		}
		for _, problem := range missing(row[4]) {
			t.Errorf("item %s: %s", row[1], problem)
		}
	}
	if len(rows) != items {
		t.Errorf("the page has %d items, want %d", len(rows), items)
	}
}

// numbered are the rows of a page's table, which have to be numbered from one on, as
// the parts that an expression finds in them.
func numbered(t *testing.T, page string, row *regexp.Regexp) [][]string {
	t.Helper()
	content, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for line := range strings.Lines(string(content)) {
		found := row.FindStringSubmatch(strings.TrimSpace(line))
		if found == nil {
			continue
		}
		rows = append(rows, found)
		if n, _ := strconv.Atoi(found[1]); n != len(rows) {
			t.Errorf("%s: row %s comes where %d should", page, found[1], len(rows))
		}
	}
	return rows
}

// missing looks for tests, written as `directory`: TestA, TestB; `directory`: …
// A dash says that there is none.
func missing(cell string) []string {
	var problems []string
	if cell == "—" {
		return nil
	}
	for part := range strings.SplitSeq(cell, "; ") {
		found := shown.FindStringSubmatch(part)
		if found == nil {
			problems = append(problems, fmt.Sprintf("%q is not a directory with tests", part))
			continue
		}
		files, _ := filepath.Glob(filepath.Join("..", found[1], "*_test.go"))
		var code strings.Builder
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				problems = append(problems, err.Error())
			}
			code.Write(content)
		}
		for name := range strings.SplitSeq(found[2], ", ") {
			if !strings.Contains(code.String(), "\nfunc "+name+"(") {
				problems = append(problems, found[1]+" has no "+name)
			}
		}
	}
	return problems
}
