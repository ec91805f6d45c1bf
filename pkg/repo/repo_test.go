package repo

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// origin is a repository to fetch from.
type origin struct {
	t   *testing.T
	dir string
}

func newOrigin(t *testing.T) origin {
	t.Helper()
	o := origin{t: t, dir: t.TempDir()}
	o.git("init", "--quiet", "--initial-branch=main")
	return o
}

func (o origin) git(args ...string) string {
	o.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = o.dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
	out, err := cmd.CombinedOutput()
	if err != nil {
		o.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func (o origin) write(files map[string]string) {
	o.t.Helper()
	for name, content := range files {
		path := filepath.Join(o.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			o.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			o.t.Fatal(err)
		}
	}
}

func (o origin) commit(files map[string]string) string {
	o.t.Helper()
	o.write(files)
	o.git("add", "--all")
	o.git("commit", "--quiet", "--message=change")
	return o.git("rev-parse", "HEAD")
}

func (o origin) url() string { return "file://" + o.dir }

// fork creates two branches, each with one commit on top of a common ancestor.
func fork(t *testing.T, main, topic map[string]string) (o origin, base, head string) {
	t.Helper()
	o = newOrigin(t)
	ancestor := o.commit(map[string]string{"a": "1\n", "dir/b": "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "c": "1\n"})
	head = o.commit(topic)
	o.git("branch", "topic")
	o.git("reset", "--quiet", "--hard", ancestor)
	base = o.commit(main)
	return o, base, head
}

func mirrorOf(t *testing.T, o origin, revisions ...string) *Mirror {
	t.Helper()
	m := Open(filepath.Join(t.TempDir(), "mirror.git"), o.url())
	if err := m.Fetch(t.Context(), revisions...); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMergeAndRead(t *testing.T) {
	o, base, head := fork(t,
		map[string]string{"dir/b": "one\n2\n3\n4\n5\n6\n7\n8\n9\n"},
		map[string]string{"dir/b": "1\n2\n3\n4\n5\n6\n7\n8\nnine\n", "new file": "x"})
	m := mirrorOf(t, o, "main", head)
	if got, err := m.Resolve(t.Context(), "main"); err != nil || got != base {
		t.Fatalf("Resolve(main) = %s, %v; want %s", got, err, base)
	}
	merged, err := m.Merge(t.Context(), base, head)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = merged.Close() }()
	changes, err := merged.Diff(t.Context(), base, merged.Tree)
	if err != nil {
		t.Fatal(err)
	}
	if len(changes) != 2 || changes[0].Path != "dir/b" || changes[1].Path != "new file" || changes[1].OldBlob != "" {
		t.Fatalf("changes = %+v", changes)
	}
	var content []string
	ids := []string{changes[0].NewBlob, changes[1].NewBlob}
	err = merged.Blobs(t.Context(), ids, func(_ string, b []byte) error {
		content = append(content, string(b))
		return nil
	})
	if want := []string{"one\n2\n3\n4\n5\n6\n7\n8\nnine\n", "x"}; err != nil || !slices.Equal(content, want) {
		t.Fatalf("content = %q, %v", content, err)
	}
	entries, err := merged.List(t.Context(), merged.Tree, "dir", "absent")
	if err != nil || len(entries) != 1 || entries[0].Path != "dir/b" {
		t.Fatalf("entries = %+v, %v", entries, err)
	}
	if err := m.Blobs(t.Context(), ids[:1], func(string, []byte) error { return nil }); !Corrupt(err) {
		t.Errorf("the merged blob is in the mirror itself: %v", err)
	}
}

func TestMergeConflictNamesFiles(t *testing.T) {
	o, base, head := fork(t,
		map[string]string{"a": "2\n", "c": "2\n"},
		map[string]string{"a": "3\n", "c": "3\n", "dir/b": "other\n"})
	m := mirrorOf(t, o, base, head)
	_, err := m.Merge(t.Context(), base, head)
	var conflict *ConflictError
	if !errors.As(err, &conflict) || !slices.Equal(conflict.Files, []string{"a", "c"}) {
		t.Fatalf("err = %v", err)
	}
}

func TestRevisionsThatDoNotExist(t *testing.T) {
	o := newOrigin(t)
	base := o.commit(map[string]string{"a": "1"})
	m := mirrorOf(t, o, "main")
	absent := strings.Repeat("12", 20)
	for name, do := range map[string]func() error{
		"fetching a branch": func() error { return m.Fetch(t.Context(), "no-such-branch") },
		"fetching a commit": func() error { return m.Fetch(t.Context(), absent) },
		"resolving a name":  func() error { _, err := m.Resolve(t.Context(), "nothing"); return err },
		"merging a commit":  func() error { _, err := m.Merge(t.Context(), base, absent); return err },
		"option":            func() error { return m.Fetch(t.Context(), "--upload-pack=touch x") },
	} {
		t.Run(name, func(t *testing.T) {
			var missing *NotFoundError
			if err := do(); !errors.As(err, &missing) && name != "option" || err == nil {
				t.Errorf("err = %v", err)
			}
		})
	}
}

func TestDamagedMirrorIsRebuilt(t *testing.T) {
	o, base, head := fork(t, map[string]string{"a": "2\n"}, map[string]string{"c": "2\n"})
	for name, damage := range map[string]func(dir string) error{
		"HEAD is missing":      func(dir string) error { return os.Remove(filepath.Join(dir, "HEAD")) },
		"directory is missing": os.RemoveAll,
		"truncated objects": func(dir string) error {
			return filepath.Walk(filepath.Join(dir, "objects"), func(p string, i os.FileInfo, err error) error {
				if err != nil || i.IsDir() {
					return err
				}
				_ = os.Chmod(p, 0o644)
				return os.Truncate(p, i.Size()/2)
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := mirrorOf(t, o, base, head)
			if err := damage(m.dir); err != nil {
				t.Fatal(err)
			}
			_, err := m.Merge(t.Context(), base, head)
			if err == nil {
				t.Fatal("the damage does no harm")
			}
			if Corrupt(err) {
				if err := m.Rebuild(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if err := m.Fetch(t.Context(), base, head); err != nil {
				t.Fatal(err)
			}
			merged, err := m.Merge(t.Context(), base, head)
			if err != nil {
				t.Fatal(err)
			}
			_ = merged.Close()
		})
	}
}

func TestConcurrentFetchesAndMerges(t *testing.T) {
	o, base, head := fork(t, map[string]string{"a": "2\n"}, map[string]string{"c": "2\n"})
	m := Open(filepath.Join(t.TempDir(), "mirror.git"), o.url())
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := m.Fetch(t.Context(), base, head); err != nil {
				t.Error(err)
				return
			}
			merged, err := m.Merge(t.Context(), base, head)
			if err != nil {
				t.Error(err)
				return
			}
			_ = merged.Close()
		})
	}
	wg.Wait()
}

func TestTokenIsNeverShown(t *testing.T) {
	m := Open(filepath.Join(t.TempDir(), "m"), "http://user:hunter2@127.0.0.1:1/x",
		WithToken(func(context.Context) (string, error) { return "ghs_verysecret", nil }))
	err := m.Fetch(t.Context(), "main")
	if err == nil || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "hunter2") {
		t.Fatalf("err = %v", err)
	}
	env, err := m.access(t.Context())
	if err != nil || !slices.ContainsFunc(env, func(s string) bool { return strings.Contains(s, "Authorization: Basic ") }) {
		t.Errorf("env = %v, %v", env, err)
	}
}
