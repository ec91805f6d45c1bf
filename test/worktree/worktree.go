// Package worktree creates small git repositories for tests.
package worktree

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// Tree is a repository with a work tree.
type Tree struct {
	// T is the test that uses it.
	T testing.TB
	// Dir is the directory with its files.
	Dir string
}

// New creates a repository without commits; it is removed after the test.
func New(t testing.TB) Tree {
	t.Helper()
	w := Tree{t, t.TempDir()}
	w.Git("init", "--quiet", "--initial-branch=main")
	return w
}

// Git runs git, and returns its output.
func (w Tree) Git(args ...string) string {
	w.T.Helper()
	return w.GitWith("", args...)
}

// GitWith runs git with an input.
func (w Tree) GitWith(in string, args ...string) string {
	w.T.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=a", "-c", "user.email=a@example.com"}, args...)...)
	cmd.Dir, cmd.Stdin = w.Dir, strings.NewReader(in)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		w.T.Fatalf("git %v: %v\n%s%s", args, err, out, &stderr)
	}
	return strings.TrimSpace(string(out))
}

// Write writes a file.
func (w Tree) Write(path, content string) {
	w.T.Helper()
	full := filepath.Join(w.Dir, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		w.T.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(content), 0o644); err != nil {
		w.T.Fatal(err)
	}
}

// Commit commits all files, and returns the commit.
func (w Tree) Commit() string {
	w.T.Helper()
	w.Git("add", "--all", "--force")
	w.Git("commit", "--quiet", "--allow-empty", "--message=change")
	return w.Git("rev-parse", "HEAD")
}

// Mirror returns the mirror through which plans read the repository.
func (w Tree) Mirror() *repo.Mirror { return repo.OpenClone(filepath.Join(w.Dir, ".git")) }
