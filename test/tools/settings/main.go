// Command settings writes the files that are generated from the structs of pkg/settings:
// the JSON schema, the reference in docs/configuration.md, and the example in config/. Run
// it in its own directory.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"reflect"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

const (
	schemaFile  = "pkg/settings/schema.json"
	docsFile    = "docs/configuration.md"
	exampleFile = "config/400-config-rehearsal.yaml"
)

func main() {
	if err := run(); err != nil {
		log.Fatal("settings: ", err)
	}
}

func run() error {
	if err := os.Chdir("../../.."); err != nil {
		return err
	}
	schema, err := reflectSchema()
	if err != nil {
		return err
	}
	root := newNode(schema, schema, "", reflect.ValueOf(settings.Defaults()).Elem())
	if undocumented := root.undocumented(); len(undocumented) > 0 {
		return fmt.Errorf("these fields have no comment to document them: %s", strings.Join(undocumented, ", "))
	}
	raw, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(schemaFile, append(raw, '\n'), 0o644); err != nil {
		return err
	}
	if err := replace(docsFile, "<!-- reference, generated -->\n", "<!-- end of the reference -->\n", reference(root)); err != nil {
		return err
	}
	return replace(exampleFile, "  _example: |\n", "", indent(example(root), "    "))
}

// replace puts text between two marks in a file; an empty second mark means the end of the
// file.
func replace(file, from, to, text string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, ok := bytes.Cut(content, []byte(from))
	if !ok {
		return fmt.Errorf("%s: there is no line %q", file, from)
	}
	var after []byte
	if to != "" {
		if _, after, ok = bytes.Cut(rest, []byte(to)); !ok {
			return fmt.Errorf("%s: there is no line %q", file, to)
		}
	}
	out := string(before) + from + text + to + string(after)
	return os.WriteFile(file, []byte(out), 0o644)
}

func indent(text, by string) string {
	lines := strings.SplitAfter(text, "\n")
	for i, line := range lines {
		if strings.TrimSpace(line) != "" {
			lines[i] = by + line
		}
	}
	return strings.Join(lines, "")
}
