package judging

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"
)

// apiReasons returns the values of the Reason constants of the API.
func apiReasons(t *testing.T) map[string]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../../apis/rehearsal/v1alpha1/command_types.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "Reason") {
			return true
		}
		value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		found[value] = spec.Names[0].Name
		return true
	})
	return found
}

// TestEveryReasonHasARow checks that no reason is added without an entry in reasons.
func TestEveryReasonHasARow(t *testing.T) {
	known := apiReasons(t)
	if len(known) == 0 {
		t.Fatal("the API has no reasons")
	}
	for value, name := range known {
		row, ok := reasons[value]
		switch {
		case !ok:
			t.Errorf("%s has no row in reasons", name)
		case row.sentence == nil && row.answer != AnswerNever:
			t.Errorf("%s is answered, but has no sentence", name)
		}
	}
	for value := range reasons {
		if known[value] == "" {
			t.Errorf("reasons has a row for %s, which the API does not have", value)
		}
	}
}
