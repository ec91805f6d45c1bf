package repo

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// person is a user's clone. It has a work tree and, unlike a mirror, any configuration.
type person struct {
	t   *testing.T
	dir string
}

func newPerson(t *testing.T) person {
	t.Helper()
	t.Setenv("HOME", t.TempDir())
	p := person{t, filepath.Join(t.TempDir(), "clone")}
	if err := os.Mkdir(p.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	p.git("init", "--quiet", "--initial-branch=main")
	p.write("a", "one\n")
	p.write("b/c", "one\n")
	p.commit()
	p.git("branch", "base")
	return p
}

func (p person) git(args ...string) {
	p.t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "protocol.file.allow=always"}, args...)...)
	cmd.Dir = p.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		p.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

func (p person) write(path, content string) {
	p.t.Helper()
	full := filepath.Join(p.dir, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(content), 0o644); err != nil {
		p.t.Fatal(err)
	}
}

func (p person) commit() {
	p.t.Helper()
	p.git("add", "--all")
	p.git("commit", "--quiet", "--allow-empty", "--message=change")
}

func (p person) find() *Clone {
	p.t.Helper()
	c, err := FindClone(p.t.Context(), p.dir)
	if err != nil {
		p.t.Fatal(err)
	}
	return c
}

// merged merges the work tree into the branch base and returns the files of the result.
func (p person) merged() map[string]string {
	p.t.Helper()
	c := p.find()
	base, err := c.Resolve(p.t.Context(), "base")
	if err != nil {
		p.t.Fatal(err)
	}
	m, _, err := c.MergeWorkTree(p.t.Context(), base)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = m.Close() }()
	entries, err := m.List(p.t.Context(), m.Tree)
	if err != nil {
		p.t.Fatal(err)
	}
	files := map[string]string{}
	for _, e := range entries {
		if e.Mode == ModeSubmodule {
			files[e.Path] = "submodule"
			continue
		}
		err := m.Blobs(p.t.Context(), []string{e.Blob}, func(_ string, content []byte) error {
			files[e.Path] = string(content)
			return nil
		})
		if err != nil {
			p.t.Fatal(err)
		}
	}
	return files
}

func TestWorkTree(t *testing.T) {
	for name, tc := range map[string]struct {
		do   func(person)
		want map[string]string
	}{
		"no change": {do: func(person) {}, want: map[string]string{"a": "one\n", "b/c": "one\n"}},
		"changed in the same second, with the same size": {
			do:   func(p person) { p.write("a", "two\n") },
			want: map[string]string{"a": "two\n", "b/c": "one\n"},
		},
		"staged only": {
			do:   func(p person) { p.write("a", "two\n"); p.git("add", "a") },
			want: map[string]string{"a": "two\n", "b/c": "one\n"},
		},
		"staged, then changed again": {
			do:   func(p person) { p.write("a", "two\n"); p.git("add", "a"); p.write("a", "three\n") },
			want: map[string]string{"a": "three\n", "b/c": "one\n"},
		},
		"deleted file": {
			do:   func(p person) { _ = os.Remove(filepath.Join(p.dir, "a")) },
			want: map[string]string{"b/c": "one\n"},
		},
		"untracked files with unusual names": {
			do:   func(p person) { p.write("d/new file\n", "x"); p.write("\xff", "y") },
			want: map[string]string{"a": "one\n", "b/c": "one\n", "d/new file\n": "x", "\xff": "y"},
		},
		"ignored by the repository, the clone and the user": {
			do: func(p person) {
				p.write(".gitignore", "*.tmp\n")
				p.write(".git/info/exclude", "*.mine\n")
				home := filepath.Join(os.Getenv("HOME"), "ignore")
				_ = os.WriteFile(home, []byte("*.swp\n"), 0o644)
				_ = os.WriteFile(filepath.Join(os.Getenv("HOME"), ".gitconfig"), []byte("[core]\n\texcludesFile = ~/ignore\n"), 0o644)
				p.write("x.tmp", "")
				p.write("x.mine", "")
				p.write("x.swp", "")
			},
			want: map[string]string{"a": "one\n", "b/c": "one\n", ".gitignore": "*.tmp\n"},
		},
		"file replaced by a directory, and a directory by a file": {
			do: func(p person) {
				_ = os.RemoveAll(filepath.Join(p.dir, "b"))
				_ = os.Remove(filepath.Join(p.dir, "a"))
				p.write("b", "file")
				p.write("a/x", "x")
			},
			want: map[string]string{"a/x": "x", "b": "file"},
		},
		"line endings converted": {
			do:   func(p person) { p.git("config", "core.autocrlf", "true"); p.write("a", "one\r\ntwo\r\n") },
			want: map[string]string{"a": "one\ntwo\n", "b/c": "one\n"},
		},
		"detached HEAD": {
			do:   func(p person) { p.git("checkout", "--quiet", "--detach"); p.write("a", "two\n") },
			want: map[string]string{"a": "two\n", "b/c": "one\n"},
		},
		"sparse checkout": {
			do: func(p person) {
				p.git("sparse-checkout", "set", "--no-cone", "/b/")
				p.write("b/c", "two\n")
				p.write("e/f", "outside\n")
			},
			want: map[string]string{"b/c": "two\n", "e/f": "outside\n", "a": ""},
		},
		"split index": {
			do:   func(p person) { p.git("update-index", "--split-index"); p.write("a", "two\n") },
			want: map[string]string{"a": "two\n", "b/c": "one\n"},
		},
		"nested repository without a commit": {
			do:   func(p person) { p.git("init", "--quiet", "nested"); p.write("a", "two\n") },
			want: map[string]string{"a": "two\n", "b/c": "one\n"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPerson(t)
			tc.do(p)
			before := p.everything()
			got := p.merged()
			for path, want := range tc.want {
				if content, ok := got[path]; !ok || content != want && want != "" {
					t.Errorf("%q is %q, %v; want %q", path, content, ok, want)
				}
			}
			if len(got) != len(tc.want) {
				t.Errorf("files = %q", got)
			}
			if after := p.everything(); after != before {
				t.Errorf("the clone was changed:\n%s\nbefore:\n%s", after, before)
			}
		})
	}
}

// everything lists all files of the clone, including git's own, with their modification
// times. It omits the times of objects: git updates the time of an object that exists
// already.
func (p person) everything() string {
	p.t.Helper()
	var out []string
	err := filepath.Walk(p.dir, func(path string, i os.FileInfo, err error) error {
		switch {
		case err != nil:
			return err
		case strings.Contains(path, "/.git/objects/"):
			out = append(out, path)
		default:
			out = append(out, path+" "+i.ModTime().String())
		}
		return nil
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return strings.Join(out, "\n")
}

// TestNothingOfTheConfigurationRuns checks that no program runs that a clone's
// configuration names: the clone may be somebody else's, and the program could change the
// result.
func TestNothingOfTheConfigurationRuns(t *testing.T) {
	p := newPerson(t)
	proof := filepath.Join(t.TempDir(), "ran")
	program := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(program, []byte("#!/bin/sh\ntouch "+proof+"\ncat\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	p.write(".gitattributes", "* merge=evil filter=evil diff=evil\n")
	p.commit()
	p.git("branch", "--force", "base")
	sub := newPerson(t)
	p.git("submodule", "--quiet", "add", sub.dir, "sub")
	p.commit()
	p.write("a", "two\n")
	p.commit()
	p.git("checkout", "--quiet", "base")
	p.write("a", "three\n")
	p.commit()
	p.git("checkout", "--quiet", "main")
	for _, in := range []string{"", "sub"} {
		for _, key := range []string{
			"core.fsmonitor", "core.pager", "diff.external", "diff.evil.command", "diff.evil.textconv",
			"filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "merge.evil.driver", "core.sshCommand", "core.askPass",
		} {
			p.git("-C", filepath.Join(p.dir, in), "config", key, program)
		}
	}
	for _, hook := range []string{"pre-commit", "post-index-change", "post-checkout", "reference-transaction", "fsmonitor-watchman"} {
		if err := os.Symlink(program, filepath.Join(p.dir, ".git", "hooks", hook)); err != nil {
			t.Fatal(err)
		}
	}
	_ = os.Remove(proof)
	p.write("b/c", "changed\n")
	p.write("sub/a", "changed\n")
	c := p.find()
	base, err := c.Resolve(t.Context(), "base")
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = c.MergeWorkTree(t.Context(), base)
	var conflict *ConflictError
	if !errors.As(err, &conflict) || !slices.Equal(conflict.Files, []string{"a"}) {
		t.Errorf("err = %v", err)
	}
	if _, err := os.Stat(proof); err == nil {
		t.Error("a program ran")
	}
}

func TestUnresolvedConflict(t *testing.T) {
	p := newPerson(t)
	p.write("a", "two\n")
	p.commit()
	p.git("checkout", "--quiet", "base")
	p.write("a", "three\n")
	p.commit()
	p.git("checkout", "--quiet", "main")
	cmd := exec.Command("git", "-c", "user.name=a", "-c", "user.email=a@example.com", "merge", "base")
	cmd.Dir = p.dir
	if err := cmd.Run(); err == nil {
		t.Fatal("no conflict")
	}
	c := p.find()
	base, err := c.Resolve(t.Context(), "base")
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = c.MergeWorkTree(t.Context(), base)
	var conflict *ConflictError
	if !errors.As(err, &conflict) || !conflict.Unresolved || !slices.Equal(conflict.Files, []string{"a"}) {
		t.Errorf("err = %v", err)
	}
	p.write("a", "resolved\n")
	if m, _, err := c.MergeWorkTree(t.Context(), base); err == nil {
		_ = m.Close()
		t.Error("base and HEAD still conflict")
	} else if !errors.As(err, &conflict) || conflict.Unresolved {
		t.Errorf("err = %v", err)
	}
}

func TestFindClone(t *testing.T) {
	p := newPerson(t)
	p.write("b/c", "two\n")
	linked := filepath.Join(t.TempDir(), "linked")
	p.git("worktree", "add", "--quiet", "-b", "other", linked)
	bare := filepath.Join(t.TempDir(), "bare.git")
	p.git("clone", "--quiet", "--bare", ".", bare)
	apart := filepath.Join(t.TempDir(), "apart")
	p.git("clone", "--quiet", "--separate-git-dir", filepath.Join(t.TempDir(), "elsewhere"), ".", apart)
	t.Setenv("GIT_DIR", bare)
	t.Setenv("GIT_WORK_TREE", "/")
	t.Setenv("GIT_INDEX_FILE", "/nowhere")
	for dir, root := range map[string]string{
		p.dir: p.dir, filepath.Join(p.dir, "b"): p.dir, filepath.Join(p.dir, ".git"): p.dir,
		linked: linked, filepath.Join(p.dir, ".git", "worktrees", "linked"): linked, bare: "", apart: apart,
	} {
		c, err := FindClone(t.Context(), dir)
		if err != nil {
			t.Errorf("%s: %v", dir, err)
			continue
		}
		if c.Root != root {
			t.Errorf("root of %s = %q, want %q", dir, c.Root, root)
		}
		sha, err := c.Resolve(t.Context(), "HEAD")
		if err != nil {
			t.Errorf("%s: %v", dir, err)
			continue
		}
		m, _, err := c.MergeWorkTree(t.Context(), sha)
		if err != nil {
			t.Errorf("%s: %v", dir, err)
			continue
		}
		_ = m.Close()
	}
	if _, err := FindClone(t.Context(), t.TempDir()); err == nil || !strings.Contains(err.Error(), "not in a git repository") {
		t.Errorf("err = %v", err)
	}
}

func TestFirstRef(t *testing.T) {
	p := newPerson(t)
	p.git("update-ref", "refs/remotes/origin/trunk", "HEAD")
	p.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
	p.git("symbolic-ref", "refs/remotes/upstream/HEAD", "refs/remotes/upstream/gone")
	c := p.find()
	for want, names := range map[string][]string{
		"refs/remotes/origin/trunk": {"refs/remotes/upstream/HEAD", "refs/remotes/origin/HEAD", "refs/heads/main"},
		"refs/heads/main":           {"refs/heads/nothing", "refs/heads/main", "refs/heads/base"},
		"":                          {"refs/heads/nothing", "refs/heads"},
	} {
		got, ok, err := c.FirstRef(t.Context(), names)
		if err != nil || ok != (want != "") || got.Name != want {
			t.Errorf("%v: %+v, %v, %v", names, got, ok, err)
		}
	}
}

func TestShallowAndPartialClones(t *testing.T) {
	p := newPerson(t)
	p.write("a", "two\n")
	p.commit()
	shallow := person{t, filepath.Join(t.TempDir(), "shallow")}
	p.git("clone", "--quiet", "--depth=1", "file://"+p.dir, shallow.dir)
	c := shallow.find()
	if !c.Shallow() || c.Partial() || !slices.Equal(c.Remotes, []string{"origin"}) || c.RemoteURL("origin") != "file://"+p.dir {
		t.Errorf("clone = %+v", c)
	}
	head, err := c.Resolve(t.Context(), "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	shallow.write("a", "three\n")
	m, _, err := c.MergeWorkTree(t.Context(), head)
	if err != nil {
		t.Fatal(err)
	}
	_ = m.Close()
	p.git("config", "uploadpack.allowFilter", "true")
	partial := person{t, filepath.Join(t.TempDir(), "partial")}
	p.git("clone", "--quiet", "--no-checkout", "--filter=blob:none", "file://"+p.dir, partial.dir)
	c = partial.find()
	if !c.Partial() || c.Shallow() {
		t.Errorf("clone = %+v", c)
	}
	before := partial.everything()
	m, err = c.Merge(t.Context(), head, head)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := m.List(t.Context(), m.Tree, "a")
	if err != nil {
		t.Fatal(err)
	}
	err = m.Blobs(t.Context(), []string{entries[0].Blob}, func(string, []byte) error { return nil })
	if !Corrupt(err) {
		t.Errorf("err = %v", err)
	}
	_ = m.Close()
	if after := partial.everything(); after != before {
		t.Error("something was fetched")
	}
}
