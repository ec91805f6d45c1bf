package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	codeSpan   = regexp.MustCompile("`([^`\n]+)`")
	identifier = regexp.MustCompile(`^(?:([a-z]+)\.)?([A-Za-z]+)$`)
	testName   = regexp.MustCompile(`\bTest[A-Z][A-Za-z]+\b`)
	// placeholder is what the reader has to fill in.
	placeholder = regexp.MustCompile(`NAME`)
)

// recipes are the sections of the page that say how something is added.
func recipes(t *testing.T) map[string]string {
	t.Helper()
	page, err := os.ReadFile("development.md")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, section := range strings.Split(string(page), "\n## ") {
		if title, text, _ := strings.Cut(section, "\n"); strings.HasPrefix(title, "Add a ") {
			out[title] = text
		}
	}
	return out
}

// TestRecipes: what a recipe names is there: files and directories, identifiers, tests,
// and what its commands are run on.
func TestRecipes(t *testing.T) {
	declared := declarations(t)
	all := recipes(t)
	if len(all) != 4 {
		t.Errorf("there are %d recipes, want 4", len(all))
	}
	for title, text := range all {
		names := 0
		for _, found := range codeSpan.FindAllStringSubmatch(text, -1) {
			span := found[1]
			id := identifier.FindStringSubmatch(span)
			switch {
			case placeholder.MatchString(span), strings.HasPrefix(span, "."), strings.HasSuffix(span, "."):
			case isPath(span):
				names++
				if _, err := os.Stat(filepath.Join("..", span)); err != nil {
					t.Errorf("%s: %v", title, err)
				}
			case id != nil && (id[1] != "" || ast.IsExported(id[2]) || strings.ToLower(id[2]) != id[2]):
				names++
				if !declared[span] {
					t.Errorf("%s: %s is declared nowhere", title, span)
				}
			}
		}
		for _, name := range testName.FindAllString(text, -1) {
			names++
			if !declared[name] {
				t.Errorf("%s: there is no test %s", title, name)
			}
		}
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "    go ") {
				checkArguments(t, title, line)
			}
		}
		if names < 3 {
			t.Errorf("%s: it names only %d files and identifiers", title, names)
		}
	}
}

// isPath says whether a span is a file or directory of the repository.
func isPath(span string) bool {
	return strings.Contains(span, "/") || strings.HasSuffix(span, ".md") || strings.HasSuffix(span, ".go")
}

// checkArguments looks for the packages that a command names.
func checkArguments(t *testing.T, title, line string) {
	t.Helper()
	for field := range strings.FieldsSeq(line) {
		dir, ok := strings.CutPrefix(field, "./")
		if !ok {
			continue
		}
		if _, err := os.Stat(filepath.Join("..", strings.TrimSuffix(dir, "/..."))); err != nil {
			t.Errorf("%s: %v", title, err)
		}
	}
}

// declarations are the names that the code declares at its top level: as they are,
// and with the name of their package.
func declarations(t *testing.T) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for _, root := range []string{"cmd", "pkg"} {
		err := filepath.WalkDir(filepath.Join("..", root), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err == nil {
				addDeclarations(file, out)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func addDeclarations(file *ast.File, into map[string]bool) {
	add := func(name string) { into[name], into[file.Name.Name+"."+name] = true, true }
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				add(d.Name.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					add(s.Name.Name)
				case *ast.ValueSpec:
					for _, name := range s.Names {
						add(name.Name)
					}
				}
			}
		}
	}
}
