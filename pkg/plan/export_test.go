package plan

import (
	"os"
	"path/filepath"
	"testing"
)

// EachFixture commits the fixtures of this package's tests, and calls do with the Git
// directory and the request of each.
func EachFixture(t *testing.T, do func(t *testing.T, dir string, req Request)) {
	paths, err := filepath.Glob("../../test/testdata/affected/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for _, path := range paths {
		f := readFixture(t, path)
		t.Run(f.name, func(t *testing.T) {
			w, base, head := f.commit(t)
			do(t, filepath.Join(w.Dir, ".git"), Request{Org: "org", Repo: "config", Base: base, Head: head, Layout: f.settings()})
		})
	}
}

// EachRealPull calls do with some real pull requests, if they are available.
func EachRealPull(t *testing.T, do func(t *testing.T, dir string, req Request)) {
	cases, clone := realPulls(t)
	for i, c := range cases {
		if i%10 != 0 && os.Getenv("REHEARSAL_DATA_FULL") == "" || testing.Short() && i > 0 {
			continue
		}
		t.Run(filepath.Base(c.Head), func(t *testing.T) {
			do(t, clone.Dir(), Request{Org: "kubernetes", Repo: "test-infra", Base: c.Base, Head: c.Head, Layout: testInfra})
		})
	}
}
