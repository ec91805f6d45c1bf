package owners

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sirupsen/logrus"
	prowconfig "sigs.k8s.io/prow/pkg/config"
	"sigs.k8s.io/prow/pkg/git/v2"
	prowgithub "sigs.k8s.io/prow/pkg/github"
	"sigs.k8s.io/prow/pkg/plugins/ownersconfig"
	"sigs.k8s.io/prow/pkg/repoowners"
)

// files is a repository: contents by path.
type files map[string]string

func (f files) read(_ context.Context, path string) ([]byte, string, error) {
	content, ok := f[path]
	if !ok {
		return nil, "", nil
	}
	return []byte(content), "", nil
}

var repository = files{
	"OWNERS":              "approvers: [root, leads]\n",
	"OWNERS_ALIASES":      "aliases:\n  leads: [Lena, luis]\n  nightly: [nora]\n",
	"jobs/OWNERS":         "approvers: [jo]\nreviewers: [rita]\n",
	"jobs/closed/OWNERS":  "options: {no_parent_owners: true}\napprovers: [cleo, nightly]\n",
	"jobs/empty/OWNERS":   "options: {no_parent_owners: true}\nreviewers: [rita]\n",
	"jobs/filters/OWNERS": "filters:\n  '\\.yaml$': {approvers: [yan]}\n  '.*': {approvers: [all]}\n  '^deep/': {approvers: [dee]}\n",
	"none/OWNERS":         "labels: [x]\n",
}

func TestApproves(t *testing.T) {
	for name, tc := range map[string]struct {
		login string
		files []string
		want  bool
	}{
		"at the top":                    {"root", []string{"README"}, true},
		"from the top down":             {"root", []string{"jobs/a", "jobs/x/y/z"}, true},
		"in any case":                   {"ROOT", []string{"README"}, true},
		"by an alias":                   {"LENA", []string{"jobs/a"}, true},
		"the alias is nobody":           {"leads", []string{"README"}, false},
		"in a directory":                {"jo", []string{"jobs/a", "jobs/new/b"}, true},
		"not beside it":                 {"jo", []string{"jobs/a", "README"}, false},
		"a reviewer is no approver":     {"rita", []string{"jobs/a"}, false},
		"a stranger":                    {"mallory", []string{"jobs/a"}, false},
		"no parents":                    {"root", []string{"jobs/closed/a"}, false},
		"nor theirs":                    {"jo", []string{"jobs/closed/sub/a"}, false},
		"but the directory's own":       {"nora", []string{"jobs/closed/sub/a"}, true},
		"unless it has none":            {"jo", []string{"jobs/empty/a"}, true},
		"a filter":                      {"yan", []string{"jobs/filters/a.yaml"}, true},
		"a filter that does not match":  {"yan", []string{"jobs/filters/a.json"}, false},
		"a filter on the relative path": {"dee", []string{"jobs/filters/deep/a"}, true},
		"all filters of a file":         {"all", []string{"jobs/filters/deep/a.yaml"}, true},
		"parents of filters":            {"jo", []string{"jobs/filters/a.yaml"}, true},
		"nobody approves nothing":       {"root", nil, false},
		"nobody is nobody":              {"", []string{"README"}, false},
		"a name that is a prefix":       {"jo", []string{"jobs2/a"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := New(repository.read).All(context.Background(), tc.login, tc.files)
			if diff := cmp.Diff(Verdict{Approves: tc.want}, v); err != nil || diff != "" {
				t.Error(diff, err)
			}
		})
	}
}

func TestRoot(t *testing.T) {
	for login, want := range map[string]bool{"Root": true, "luis": true, "jo": false, "": false} {
		if v, err := New(repository.read).Root(context.Background(), login); err != nil || v.Approves != want {
			t.Errorf("%q: %+v, %v", login, v, err)
		}
	}
	filtered := files{"OWNERS": "filters:\n  '.*': {approvers: [all]}\n  '\\.go$': {approvers: [gopher]}\n"}
	for login, want := range map[string]bool{"all": true, "gopher": false} {
		if v, err := New(filtered.read).Root(context.Background(), login); err != nil || v.Approves != want {
			t.Errorf("%q: %+v, %v", login, v, err)
		}
	}
}

func TestWhatCannotBeReadIsNo(t *testing.T) {
	for name, broken := range map[string]files{
		"OWNERS":         {"OWNERS": "approvers: [root]\n", "a/OWNERS": "approvers: {x"},
		"a filter":       {"OWNERS": "approvers: [root]\n", "a/OWNERS": "filters: {'(': {approvers: [x]}}"},
		"OWNERS_ALIASES": {"OWNERS": "approvers: [root]\n", "OWNERS_ALIASES": "aliases: {x: y}"},
	} {
		v, err := New(broken.read).All(context.Background(), "root", []string{"a/b"})
		if err != nil || v.Approves || !strings.Contains(v.Because, "cannot be read") {
			t.Errorf("%s: %+v, %v", name, v, err)
		}
	}
	large := func(context.Context, string) ([]byte, string, error) { return nil, "It is too large.", nil }
	if v, err := New(large).Root(context.Background(), "root"); err != nil || v.Approves || v.Because == "" {
		t.Errorf("%+v, %v", v, err)
	}
	away := func(context.Context, string) ([]byte, string, error) { return nil, "", errors.New("away") }
	for _, ask := range []func(*Tree) (Verdict, error){
		func(t *Tree) (Verdict, error) { return t.Root(context.Background(), "root") },
		func(t *Tree) (Verdict, error) { return t.All(context.Background(), "root", []string{"a"}) },
	} {
		if v, err := ask(New(away)); err == nil || v.Approves {
			t.Errorf("%+v, %v", v, err)
		}
	}
	aliasesAway := func(ctx context.Context, path string) ([]byte, string, error) {
		if path == aliasesFile {
			return nil, "", errors.New("away")
		}
		return repository.read(ctx, path)
	}
	if v, err := New(aliasesAway).Root(context.Background(), "root"); err == nil || v.Approves {
		t.Errorf("%+v, %v", v, err)
	}
}

func TestLookupsAreBounded(t *testing.T) {
	reads := 0
	count := func(ctx context.Context, path string) ([]byte, string, error) {
		reads++
		return files{"OWNERS": "approvers: [root]\n"}.read(ctx, path)
	}
	var many []string
	for i := range 2 * MaxDirectories {
		many = append(many, fmt.Sprintf("d%d/file", i))
	}
	v, err := New(count).All(context.Background(), "root", many)
	if err != nil || v.Approves || !strings.Contains(v.Because, "more than 200") {
		t.Errorf("%+v, %v", v, err)
	}
	if reads > MaxDirectories+1 {
		t.Errorf("%d files were read", reads)
	}
	reads = 0
	if v, err := New(count).All(context.Background(), "root", slices.Repeat([]string{"a/b/c"}, 5000)); err != nil || !v.Approves || reads > 5 {
		t.Errorf("%+v, %v after %d reads", v, err, reads)
	}
}

// TestAsProw compares the result for random repositories with that of Prow's own client.
func TestAsProw(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	logrus.SetLevel(logrus.PanicLevel)
	dirs := []string{"", "a", "a/b", "a/b/c", "d"}
	logins := []string{"Ann", "bob", "team", "cy", "dan"}
	list := func() string {
		r.Shuffle(len(logins), func(i, j int) { logins[i], logins[j] = logins[j], logins[i] })
		return "[" + strings.Join(logins[:r.Intn(3)], ", ") + "]"
	}
	for range 300 {
		repo := files{"OWNERS_ALIASES": "aliases:\n  team: [Cy, eve]\n"}
		for _, dir := range dirs {
			options := []string{"", "options: {no_parent_owners: true}\n"}[r.Intn(2)]
			switch r.Intn(4) {
			case 0:
				repo[filepath.Join(dir, "OWNERS")] = options + "approvers: " + list() + "\nreviewers: " + list() + "\n"
			case 1:
				repo[filepath.Join(dir, "OWNERS")] = options + "filters:\n  '.*': {approvers: " + list() + "}\n  '\\.go$': {approvers: " + list() + "}\n  '^b/': {approvers: " + list() + "}\n"
			}
		}
		theirs, ours := load(t, repo), New(repo.read)
		for _, login := range []string{"ann", "Bob", "team", "cy", "dan", "eve"} {
			for _, file := range []string{"x.go", "a/x.go", "a/b/x", "a/b/c/x.go", "a/b/c/e/f", "d/x"} {
				want := theirs.Approvers(file).Set().Has(prowgithub.NormLogin(login))
				if v, err := ours.All(context.Background(), login, []string{file}); err != nil || v.Approves != want {
					t.Fatalf("%v: %s approves %s: %+v, %v; Prow says %t", repo, login, file, v, err, want)
				}
			}
			want := theirs.TopLevelApprovers().Has(prowgithub.NormLogin(login))
			if v, err := ours.Root(context.Background(), login); err != nil || v.Approves != want {
				t.Fatalf("%v: %s approves all: %+v, %v; Prow says %t", repo, login, v, err, want)
			}
		}
	}
}

// checkout is an existing clone.
type checkout struct {
	git.ClientFactory
	git.RepoClient
	dir string
}

func (c checkout) ClientFor(string, string) (git.RepoClient, error) { return c, nil }
func (c checkout) Checkout(string) error                            { return nil }
func (c checkout) Directory() string                                { return c.dir }
func (c checkout) Clean() error                                     { return nil }

func load(t *testing.T, repo files) repoowners.RepoOwner {
	t.Helper()
	dir := t.TempDir()
	for name, content := range repo {
		file := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), fs.ModePerm), os.WriteFile(file, []byte(content), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	never := func(string, string) bool { return false }
	always := func(string, string) bool { return true }
	client := repoowners.NewClient(checkout{dir: dir}, nil, never, always,
		func() *prowconfig.OwnersDirDenylist { return &prowconfig.OwnersDirDenylist{} }, ownersconfig.FakeResolver)
	owners, err := client.LoadRepoOwnersSha("acme", "release", "main", "0123", false)
	if err != nil {
		t.Fatal(err)
	}
	return owners
}
