package conformance_test

import (
	"regexp"
	"slices"
	"testing"

	"github.com/graph-gophers/graphql-go"
	"github.com/graph-gophers/graphql-go/ast"

	"github.com/rehearsal-dev/rehearsal/test/github"
	"github.com/rehearsal-dev/rehearsal/test/github/internal/data"
)

var deprecated = regexp.MustCompile(`@deprecated\(reason: "(?:[^"\\]|\\.)*"\)`)

// TestGraphQLSchemaIsPartOfGitHubs compares each type, field, argument and value of our
// schema with GitHub's.
func TestGraphQLSchemaIsPartOfGitHubs(t *testing.T) {
	raw, err := data.Read(data.GraphQLSchema)
	data.Need(t, err)
	// The library requires a field to be deprecated everywhere or nowhere.
	theirs := parseSchema(t, deprecated.ReplaceAllString(string(raw), ""))
	ours := parseSchema(t, github.GraphQLSchema())
	for name, our := range ours.Types {
		their := theirs.Types[name]
		if their == nil || their.Kind() != our.Kind() {
			t.Errorf("GitHub has no %s %s", our.Kind(), name)
			continue
		}
		switch our := our.(type) {
		case *ast.ObjectTypeDefinition:
			their := their.(*ast.ObjectTypeDefinition)
			compareFields(t, name, our.Fields, their.Fields)
			for _, i := range our.InterfaceNames {
				if !slices.Contains(their.InterfaceNames, i) {
					t.Errorf("GitHub's %s is no %s", name, i)
				}
			}
		case *ast.InterfaceTypeDefinition:
			compareFields(t, name, our.Fields, their.(*ast.InterfaceTypeDefinition).Fields)
		case *ast.Union:
			for _, member := range our.TypeNames {
				if !slices.Contains(their.(*ast.Union).TypeNames, member) {
					t.Errorf("GitHub's %s is never a %s", name, member)
				}
			}
		case *ast.EnumTypeDefinition:
			compareValues(t, our, their.(*ast.EnumTypeDefinition))
		}
	}
}

func parseSchema(t *testing.T, text string) *ast.Schema {
	t.Helper()
	schema, err := graphql.ParseSchema(text, nil)
	check(t, err)
	return schema.AST()
}

func compareFields(t *testing.T, name string, ours, theirs ast.FieldsDefinition) {
	t.Helper()
	for _, our := range ours {
		their := theirs.Get(our.Name)
		if their == nil {
			t.Errorf("GitHub's %s has no %s", name, our.Name)
			continue
		}
		if our.Type.String() != their.Type.String() {
			t.Errorf("%s.%s is %s, on GitHub %s", name, our.Name, our.Type, their.Type)
		}
		for _, argument := range our.Arguments {
			same := their.Arguments.Get(argument.Name.Name)
			if same == nil || same.Type.String() != argument.Type.String() {
				t.Errorf("%s.%s has no argument %s of type %s on GitHub", name, our.Name, argument.Name.Name, argument.Type)
			}
		}
	}
}

func compareValues(t *testing.T, ours, theirs *ast.EnumTypeDefinition) {
	t.Helper()
	for _, our := range ours.EnumValuesDefinition {
		known := slices.ContainsFunc(theirs.EnumValuesDefinition, func(v *ast.EnumValueDefinition) bool {
			return v.EnumValue == our.EnumValue
		})
		if !known {
			t.Errorf("GitHub's %s is never %s", ours.Name, our.EnumValue)
		}
	}
}
