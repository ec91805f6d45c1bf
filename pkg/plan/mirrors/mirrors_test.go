package mirrors

import (
	"errors"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/layout"
	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
	"github.com/rehearsal-dev/rehearsal/test/worktree"
)

// TestMirrorsTakeOnlyCommits checks that names are refused, because a name can refer to
// another commit the next time.
func TestMirrorsTakeOnlyCommits(t *testing.T) {
	sha := strings.Repeat("0123456789", 4)
	asked := false
	m := New(t.TempDir(), func(string, string) string {
		asked = true
		return "ext::none"
	}, nil)
	for _, req := range []plan.Request{
		{Base: sha, Head: "topic"}, {Base: "main", Head: sha}, {Base: sha, Head: sha[:12]}, {Base: sha, Head: ""},
		{Base: sha, Head: strings.ToUpper("abcdef") + sha[6:]}, {Base: sha, Head: sha + "\n"}, {Base: "refs/heads/main", Head: sha},
	} {
		req.Org, req.Repo = "acme", "config"
		if _, err := m.For(t.Context(), req); err == nil || !strings.Contains(err.Error(), "no full commit SHA") {
			t.Errorf("%q to %q: %v", req.Base, req.Head, err)
		}
	}
	if asked {
		t.Error("a mirror was opened")
	}
	if _, err := m.For(t.Context(), plan.Request{Org: "acme", Repo: "config", Base: sha, Head: sha}); err == nil || !asked {
		t.Errorf("with full SHAs: %v", err)
	}
}

// TestNamesBecomeNoPaths checks that an invalid repository name becomes neither a
// directory nor a URL.
func TestNamesBecomeNoPaths(t *testing.T) {
	sha := strings.Repeat("0123456789", 4)
	dir := t.TempDir()
	m := New(dir, func(org, name string) string {
		t.Errorf("an address is made of %q and %q", org, name)
		return "ext::none"
	}, nil)
	for _, bad := range []string{"", ".", "..", "...", "a/b", "../x", "/x", "a\x00b", "a\nb", "-x", "a b", "a?b", "a#b", "%2e%2e", "a%2fb", "a\\b", "ä", strings.Repeat("x", 101)} {
		for _, name := range [][2]string{{bad, "config"}, {"acme", bad}, {bad, bad}} {
			if _, err := m.For(t.Context(), plan.Request{Org: name[0], Repo: name[1], Base: sha, Head: sha}); err == nil || !strings.Contains(err.Error(), "is not the name of a repository") {
				t.Errorf("%q gives %v", name, err)
			}
			if err := m.Keep(t.Context(), name[0], name[1], nil); err == nil {
				t.Errorf("%q is tidied", name)
			}
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("there is %v, %v", entries, err)
	}
	good := New(dir, func(org, name string) string { return "https://" + org + "/" + name }, nil)
	for _, name := range []string{".github", "x", "a.b_c-d", "0"} {
		if _, err := good.mirror("acme", name); err != nil {
			t.Error(err)
		}
	}
}

// mirrored returns a config repository and mirrors of it.
func mirrored(t *testing.T, dir string) (worktree.Tree, *Mirrors) {
	t.Helper()
	tree := worktree.New(t)
	tree.Git("config", "uploadpack.allowAnySHA1InWant", "true")
	return tree, New(dir, func(string, string) string { return "file://" + tree.Dir }, nil)
}

// TestHeadsDoNotHaveMirrorsRebuilt checks heads that name commits which no mirror has, in
// place of any file that is read.
func TestHeadsDoNotHaveMirrorsRebuilt(t *testing.T) {
	dir := t.TempDir()
	tree, mirrors := mirrored(t, dir)
	plain := layout.Layout{ProwConfig: "prow/config.yaml", JobConfig: "jobs"}
	tree.Write("prow/config.yaml", "{}")
	for _, file := range []string{"a", "b/c", "b/d"} {
		tree.Write("jobs/"+file+".yaml", "periodics:\n- {name: "+path.Base(file)+", interval: 1h, spec: {containers: [{image: i}]}}\n")
	}
	base := tree.Commit()
	planner := plan.NewPlanner(plan.Options{Mirror: mirrors.For})
	req := plan.Request{Org: "acme", Repo: "config", Base: base, Head: base, Layout: plain}
	if _, err := planner.Plan(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	mark := filepath.Join(dir, "acme", "config.git", "mark")
	if err := os.WriteFile(mark, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range append(strings.Split(tree.Git("ls-files"), "\n"), ".prowignore", plain.JobConfig+"/new.yaml") {
		tree.Git("reset", "--quiet", "--hard", base)
		tree.Git("rm", "-r", "--quiet", "--cached", "--ignore-unmatch", file)
		tree.Git("update-index", "--add", "--cacheinfo", "160000,"+strings.Repeat("12", 20)+","+file)
		tree.Git("commit", "--quiet", "--message=module")
		req.Head = tree.Git("rev-parse", "HEAD")
		if _, err := planner.Plan(t.Context(), req); err != nil && !plan.Terminal(err) {
			t.Errorf("%s: %v", file, err)
		}
	}
	if _, err := os.Stat(mark); err != nil {
		t.Error("the mirror was rebuilt")
	}
}

func TestWhatIsNotFetched(t *testing.T) {
	sha := strings.Repeat("12", 20)
	for _, test := range []struct {
		err      error
		terminal bool
	}{
		{&repo.TooLargeError{Revision: sha, Size: 1 << 20}, true},
		{&repo.RebuiltError{Revision: sha}, true},
		{&repo.RebuiltError{}, false},
		{&repo.SlowError{Revision: sha, Until: time.Now()}, false},
		{&repo.DiskFullError{}, false},
		{&repo.AccessError{}, false},
	} {
		if err := plan.Unfetched(test.err); plan.Terminal(err) != test.terminal || !errors.Is(err, test.err) {
			t.Errorf("%T: %T, terminal: %t", test.err, err, plan.Terminal(err))
		}
	}
}
