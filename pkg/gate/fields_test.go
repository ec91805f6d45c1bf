package gate

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
)

// undecided lists the fields below a ProwJobSpec that have no handler, in the order of the
// types; of nested fields only the outermost.
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

// TestFieldsOfCheckouts: checkouts have exactly these fields; checkouts and malformed
// handle them. New fields have to be examined there.
func TestFieldsOfCheckouts(t *testing.T) {
	for typ, want := range map[reflect.Type][]string{
		reflect.TypeFor[prowapi.Refs](): {
			"org", "repo", "repo_link", "base_ref", "base_sha", "base_link", "pulls", "path_alias", "workdir", "auxiliary",
			"clone_uri", "skip_submodules", "clone_depth", "skip_fetch_head", "blobless_fetch", "sparse_checkout_files",
		},
		reflect.TypeFor[prowapi.Pull](): {
			"number", "author", "sha", "title", "ref", "head_ref", "link", "commit_link", "author_link",
		},
	} {
		var got []string
		for i := range typ.NumField() {
			name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			got = append(got, name)
		}
		if !slices.Equal(got, want) {
			t.Errorf("fields of %s: %q, known %q", typ.Name(), got, want)
		}
	}
}
