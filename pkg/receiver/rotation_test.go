package receiver

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/logbook/logbooktest"
)

// TestRotation follows a change of secrets through the endpoint as it runs: no
// delivery is refused on the way, and what is taken away is refused at once.
func TestRotation(t *testing.T) {
	for name, format := range map[string]func(keys ...string) string{
		"a key per line": func(keys ...string) string { return strings.Join(keys, "\n") },
		"Prow's format": func(keys ...string) string {
			return "openshift/release:\n- value: " + strings.Join(keys, "\n  created_at: 2026-11-20T10:00:00Z\n- value: ") + "\n"
		},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "hmac")
			write(t, file, format("old"))
			keys, err := KeysFile(file, slog.New(slog.NewTextHandler(io.Discard, nil)))
			if err != nil {
				t.Fatal(err)
			}
			r := fixture(&logbooktest.Store{}, io.Discard)
			r.opts.Keys = keys.Get
			answer := func(key string) int {
				req := delivery("issue_comment", comment)
				req.Header.Set("X-Hub-Signature-256", sign(key, []byte(comment)))
				return post(r, req).Code
			}
			for _, step := range []struct {
				keys     []string
				old, new int
			}{
				{[]string{"old"}, http.StatusOK, http.StatusForbidden},
				{[]string{"old", "new"}, http.StatusOK, http.StatusOK},
				{[]string{"new"}, http.StatusForbidden, http.StatusOK},
			} {
				write(t, file, format(step.keys...))
				if got := answer("old"); got != step.old {
					t.Errorf("with %v the old key is answered with %d", step.keys, got)
				}
				if got := answer("new"); got != step.new {
					t.Errorf("with %v the new key is answered with %d", step.keys, got)
				}
			}
		})
	}
}

// TestComparesInConstantTime reads the code, as no clock can tell: signatures
// are compared by hmac.Equal, and nothing else in the function compares bytes.
func TestComparesInConstantTime(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "keys.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	calls := map[string]bool{}
	for _, decl := range file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Name.Name == "Signed" {
			ast.Inspect(f, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok {
					if pkg, ok := s.X.(*ast.Ident); ok {
						calls[pkg.Name+"."+s.Sel.Name] = true
					}
				}
				return true
			})
		}
	}
	if !calls["hmac.Equal"] {
		t.Errorf("Signed does not call hmac.Equal: %v", calls)
	}
	for call := range calls {
		if strings.HasPrefix(call, "bytes.") || strings.HasPrefix(call, "slices.") || call == "hex.EncodeToString" || call == "strings.EqualFold" {
			t.Errorf("Signed calls %s", call)
		}
	}
}

// TestNothingOfAnUnservedRepository: signed or not, mentioned or not, what the
// settings do not list leaves no trace and gets no answer but a sentence.
func TestNothingOfAnUnservedRepository(t *testing.T) {
	var store logbooktest.Store
	r := fixture(&store, io.Discard)
	for _, name := range []string{"origin", "release2", "release/x", "Release\\u0000", "releas\\u0435"} {
		body := strings.Replace(comment, `"name":"release"`, `"name":"`+name+`"`, 1)
		if w := post(r, delivery("issue_comment", body)); w.Code/100 == 5 || strings.Contains(w.Body.String(), "stored:") {
			t.Errorf("%s: %d %q", name, w.Code, w.Body)
		}
	}
	if store.Len() > 0 {
		t.Errorf("%d Rehearsals are stored", store.Len())
	}
	if w := post(r, delivery("issue_comment", strings.Replace(comment, `"release"`, `"Release"`, 1))); w.Code != 200 || store.Len() != 1 {
		t.Errorf("in another case: %d %q", w.Code, w.Body)
	}
}
