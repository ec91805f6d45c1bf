// Package localtest creates clones of a config repository for tests.
package localtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const (
	prowConfig = "prowjob_namespace: ci\n"
	// Jobs is the content of config/jobs/a.yaml.
	Jobs = `presubmits:
  org/repo:
  - name: one
    branches: [main]
    decorate: false
    spec: {containers: [{image: "image:1", command: [run]}]}
  - name: two
    branches: [main]
    spec: {containers: [{image: "image:1", command: [run]}]}
  - name: three
    branches: [main]
    spec: {containers: [{image: "image:1", command: [run]}]}
`
)

// Clone is a user's clone of a config repository.
type Clone struct {
	Dir string
	t   *testing.T
}

// New creates a clone on a branch that equals main, and changes to its directory.
func New(t *testing.T) Clone {
	t.Helper()
	c := Clone{t.TempDir(), t}
	c.Git("init", "--quiet", "--initial-branch=main")
	c.Git("remote", "add", "origin", "git@github.com:org/config.git")
	c.Write("config/prow/config.yaml", prowConfig)
	c.Write("config/jobs/a.yaml", Jobs)
	c.Write("config/jobs/b.yaml", "periodics:\n- {name: other, interval: 24h, spec: {containers: [{image: i}]}}\n")
	c.Commit()
	c.Git("update-ref", "refs/remotes/origin/main", "HEAD")
	c.Git("checkout", "--quiet", "-b", "topic")
	t.Chdir(c.Dir)
	return c
}

// Git runs git in the clone and returns its output.
func (c Clone) Git(args ...string) string {
	c.t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=a", "-c", "user.email=a@example.com"}, args...)...)
	cmd.Dir = c.Dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		c.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// Fails runs a git command that must fail.
func (c Clone) Fails(args ...string) {
	c.t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=a", "-c", "user.email=a@example.com"}, args...)...)
	cmd.Dir = c.Dir
	if err := cmd.Run(); err == nil {
		c.t.Fatalf("git %v succeeded", args)
	}
}

// Write writes a file in the clone.
func (c Clone) Write(path, content string) {
	c.t.Helper()
	full := filepath.Join(c.Dir, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(content), 0o644); err != nil {
		c.t.Fatal(err)
	}
}

// Commit commits all changes.
func (c Clone) Commit() {
	c.t.Helper()
	c.Git("add", "--all")
	c.Git("commit", "--quiet", "--message=change")
}
