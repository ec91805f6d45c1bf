package gate

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
)

// undecided lists the fields below a ProwJobSpec that no handler is for, the
// outermost of each, in the order of the types.
func undecided(t *testing.T) []string {
	t.Helper()
	var out []string
	var visit func(pattern string, typ reflect.Type)
	visit = func(pattern string, typ reflect.Type) {
		if fields[pattern] != nil {
			return
		}
		if !fieldWays[pattern] && fields[pattern+"[]"] == nil && !fieldWays[pattern+"[]"] {
			if !slices.Contains(out, pattern) {
				out = append(out, pattern)
			}
			return
		}
		switch typ.Kind() {
		case reflect.Pointer:
			visit(pattern, typ.Elem())
		case reflect.Slice:
			visit(pattern+"[]", typ.Elem())
		case reflect.Struct:
			for i := range typ.NumField() {
				f := typ.Field(i)
				name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
				if name == "" && f.Anonymous {
					visit(pattern, f.Type)
					continue
				}
				visit(canonical(join(pattern, name)), f.Type)
			}
		}
	}
	visit("", reflect.TypeFor[prowapi.ProwJobSpec]())
	return slices.DeleteFunc(out, func(p string) bool { return p == "" })
}
