package github

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// gitDir is the path of a bare repository.
type gitDir string

// gitConfig is what GitHub lets a client fetch. Nothing is ever garbage-collected:
// unreachable objects stay, as on GitHub.
const gitConfig = `[core]
	repositoryformatversion = 0
	bare = true
	logAllRefUpdates = false
[uploadpack]
	allowAnySHA1InWant = true
	allowFilter = true
[http]
	receivepack = true
[receive]
	autogc = false
[gc]
	auto = 0
`

// initGit creates a bare repository whose HEAD is the given branch.
func initGit(ctx context.Context, dir, branch string) (gitDir, error) {
	g := gitDir(dir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	if _, err := g.run(ctx, nil, "init", "-q", "--bare", "--template=", "--initial-branch="+branch, "."); err != nil {
		return "", err
	}
	return g, os.WriteFile(filepath.Join(dir, "config"), []byte(gitConfig), 0o644)
}

// gitEnv excludes the configuration of the machine and of the user.
func gitEnv() []string {
	return []string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=/nonexistent",
		"LC_ALL=C",
		"GIT_CONFIG_NOSYSTEM=1",
		"GIT_CONFIG_GLOBAL=/dev/null",
		"GIT_TERMINAL_PROMPT=0",
	}
}

// run runs git in the repository and returns its output.
func (g gitDir) run(ctx context.Context, stdin []byte, args ...string) ([]byte, error) {
	out, code, err := g.exitCode(ctx, stdin, args...)
	if err == nil && code != 0 {
		err = fmt.Errorf("git %s: exit status %d: %s", args[0], code, bytes.TrimSpace(out.stderr))
	}
	return out.stdout, err
}

type gitOutput struct{ stdout, stderr []byte }

// exitCode is run for commands whose exit status is a result.
func (g gitDir) exitCode(ctx context.Context, stdin []byte, args ...string) (gitOutput, int, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = string(g)
	cmd.Env = gitEnv()
	cmd.Stdin = bytes.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	out := gitOutput{stdout: stdout.Bytes(), stderr: stderr.Bytes()}
	if cmd.ProcessState != nil && cmd.ProcessState.Exited() {
		return out, cmd.ProcessState.ExitCode(), nil
	}
	return out, -1, fmt.Errorf("git %s: %w", args[0], err)
}

// line is run for commands that print one line.
func (g gitDir) line(ctx context.Context, args ...string) (string, error) {
	out, err := g.run(ctx, nil, args...)
	return strings.TrimSpace(string(out)), err
}

var (
	fullSHA        = regexp.MustCompile(`^[0-9a-f]{40}$`)
	abbreviatedSHA = regexp.MustCompile(`^[0-9a-f]{7,39}$`)
)

// resolve turns a branch, a full ref or a SHA into the SHA of a commit.
func (g gitDir) resolve(ctx context.Context, rev string) (string, error) {
	candidates := []string{rev}
	if !strings.HasPrefix(rev, "refs/") && !fullSHA.MatchString(rev) {
		candidates = []string{"refs/heads/" + rev, "refs/tags/" + rev, "refs/" + rev}
		if abbreviatedSHA.MatchString(rev) {
			candidates = append(candidates, rev)
		}
	}
	for _, c := range candidates {
		out, code, err := g.exitCode(ctx, nil, "rev-parse", "--verify", "-q", c+"^{commit}")
		if err != nil {
			return "", err
		}
		if code == 0 {
			return strings.TrimSpace(string(out.stdout)), nil
		}
	}
	return "", fmt.Errorf("commit %q: %w", rev, errNotFound)
}

func (g gitDir) setRef(ctx context.Context, ref, sha string) error {
	_, err := g.run(ctx, nil, "update-ref", ref, sha)
	return err
}

type gitRef struct{ name, sha string }

// refs lists the refs under a prefix such as refs/heads/, sorted by name.
func (g gitDir) refs(ctx context.Context, prefix string) ([]gitRef, error) {
	out, err := g.run(ctx, nil, "for-each-ref", "--format=%(refname) %(objectname)", prefix)
	if err != nil {
		return nil, err
	}
	var refs []gitRef
	for line := range strings.Lines(string(out)) {
		name, sha, _ := strings.Cut(strings.TrimSpace(line), " ")
		refs = append(refs, gitRef{name, sha})
	}
	return refs, nil
}

// importRefs copies all refs from a bundle or another repository.
func (g gitDir) importRefs(ctx context.Context, source string) error {
	source, err := filepath.Abs(source)
	if err != nil {
		return err
	}
	_, err = g.run(ctx, nil, "-c", "safe.directory=*", "fetch", "-q", "--update-head-ok", "--", source, "+refs/*:refs/*")
	return err
}
