package main

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"time"

	"github.com/invopop/jsonschema"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

// module is our module, and packages are its packages with types of settings.
const module = "github.com/rehearsal-dev/rehearsal"

var packages = []string{"pkg/settings", "pkg/policy", "pkg/gate", "pkg/layout"}

func reflectSchema() (*jsonschema.Schema, error) {
	r := &jsonschema.Reflector{
		Anonymous: true, ExpandedStruct: true, RequiredFromJSONSchemaTags: true,
		Mapper: special,
		Namer:  definitionName,
	}
	for _, p := range packages {
		if err := r.AddGoComments(module, p, jsonschema.WithFullComment()); err != nil {
			return nil, fmt.Errorf("reading the comments of %s: %w", p, err)
		}
	}
	for name, comment := range r.CommentMap {
		r.CommentMap[name] = forReaders(name, comment)
	}
	schema := r.Reflect(settings.Settings{})
	schema.Title = "Settings of Rehearsal"
	return schema, nil
}

// definitionName distinguishes types with the same name in several packages.
func definitionName(t reflect.Type) string {
	pkg := t.PkgPath()[strings.LastIndexByte(t.PkgPath(), '/')+1:]
	if t.Name() == "" || pkg == "settings" {
		return t.Name()
	}
	return pkg + "." + t.Name()
}

// special returns the schema of types whose form in the file does not follow from their Go
// type.
func special(t reflect.Type) *jsonschema.Schema {
	switch t {
	case reflect.TypeFor[time.Duration](), reflect.TypeFor[metav1.Duration]():
		return &jsonschema.Schema{Type: "string", Pattern: settings.DurationPattern, Examples: []any{"90s", "30m", "2h"}}
	case reflect.TypeFor[resource.Quantity]():
		return &jsonschema.Schema{
			AnyOf:    []*jsonschema.Schema{{Type: "string", Pattern: `^[0-9.]+([eE][0-9]+|m|k|[KMGTPE]i?)?$`}, {Type: "number"}},
			Examples: []any{"500m", "64Gi"},
		}
	}
	if values, ok := reflect.Zero(t).Interface().(settings.Enumeration); ok && t.Kind() == reflect.String {
		s := &jsonschema.Schema{Type: "string"}
		for _, v := range values.Values() {
			s.Enum = append(s.Enum, v)
		}
		return s
	}
	return nil
}

var subject = regexp.MustCompile(`^(\w+) (?:is|are) `)

// forReaders turns the comment of a field into one for people who do not know its name in
// Go: "Run is who may …" becomes "Who may …". Line breaks are removed, paragraphs are kept.
func forReaders(name, comment string) string {
	goName := name[strings.LastIndexByte(name, '.')+1:]
	if match := subject.FindStringSubmatch(comment); match != nil && match[1] == goName {
		rest := comment[len(match[0]):]
		comment = strings.ToUpper(rest[:1]) + rest[1:]
	}
	paragraphs := strings.Split(comment, "\n\n")
	for i, p := range paragraphs {
		paragraphs[i] = strings.ReplaceAll(p, "\n", " ")
	}
	return strings.Join(paragraphs, "\n\n")
}
