package github

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// fileDiff is one changed file.
type fileDiff struct {
	path, oldPath        string // oldPath is only set for renames
	status               string // in GitHub's terms
	sha                  string // of the new blob, or the old one if removed
	additions, deletions int
	patch                string // only the hunks; empty for binary files
}

// diff compares two commits as a pull request page does, with renames.
func (g gitDir) diff(ctx context.Context, from, to string) ([]fileDiff, error) {
	raw, err := g.modestly(ctx, "diff", "--raw", "--no-abbrev", "-z", "-M", from, to)
	if errors.Is(err, errTooLarge) {
		// GitHub does not list all of them either. Here, directories stand for their
		// contents.
		raw, err = g.run(ctx, nil, "diff-tree", "--raw", "--no-abbrev", "-z", from, to)
		return parseRaw(string(raw)), err
	}
	if err != nil {
		return nil, err
	}
	files := parseRaw(string(raw))
	if len(files) == 0 {
		return nil, nil
	}
	text, err := g.run(ctx, nil, "diff", "-p", "-M", from, to)
	if err != nil {
		return nil, err
	}
	// Both list the same pairs of files in the same order.
	patches := strings.Split("\n"+string(text), "\ndiff --git ")[1:]
	for i := range files {
		n := 1
		if files[i].status == "changed" {
			n = 2 // a changed type is shown as a removal and an addition
		}
		if len(patches) < n {
			return nil, fmt.Errorf("git diff of %s and %s: no patch for %s", from, to, files[i].path)
		}
		files[i].setPatch(patches[n-1])
		patches = patches[n:]
	}
	return files, nil
}

// maxMemory is the maximum memory of git for a list of changed files, in bytes. Git holds
// the whole list before it prints anything.
const maxMemory = 512 << 20

var errTooLarge = errors.New("too many changed files")

// modestly runs a git command with at most maxMemory.
func (g gitDir) modestly(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "prlimit", append([]string{fmt.Sprintf("--as=%d", maxMemory), "git"}, args...)...)
	cmd.Dir, cmd.Env = string(g), gitEnv()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil && (strings.Contains(stderr.String(), "ut of memory") || strings.Contains(stderr.String(), "unable to create threaded") || strings.Contains(stderr.String(), "mmap failed")) {
		return nil, errTooLarge
	}
	if err != nil {
		return nil, fmt.Errorf("git %s: %w: %s", args[0], err, bytes.TrimSpace(stderr.Bytes()))
	}
	return out, nil
}

var diffStatus = map[byte]string{'A': "added", 'D': "removed", 'M': "modified", 'R': "renamed", 'C': "copied", 'T': "changed"}

// parseRaw parses git diff --raw -z: NUL separates both fields and files, and a rename has
// two paths.
func parseRaw(raw string) []fileDiff {
	fields := strings.Split(strings.TrimSuffix(raw, "\x00"), "\x00")
	var files []fileDiff
	for i := 0; i+1 < len(fields); {
		meta := strings.Fields(fields[i]) // :mode mode sha sha status
		f := fileDiff{status: diffStatus[meta[4][0]], sha: meta[3], path: fields[i+1]}
		i += 2
		if f.status == "removed" {
			f.sha = meta[2]
		}
		if f.status == "renamed" || f.status == "copied" {
			f.oldPath, f.path = f.path, fields[i]
			i++
		}
		files = append(files, f)
	}
	return files
}

func (f *fileDiff) setPatch(text string) {
	start := strings.Index(text, "\n@@ ")
	if start < 0 {
		return
	}
	f.patch = strings.TrimSuffix(text[start+1:], "\n")
	for line := range strings.Lines(f.patch) {
		switch line[0] {
		case '+':
			f.additions++
		case '-':
			f.deletions++
		}
	}
}

// stats is the part of a pull request in the REST API that is computed by git. It is kept
// with the SHAs from which it was computed.
type stats struct {
	base, head           string
	mergeBase            string
	commits              []gitCommit
	files                []fileDiff
	additions, deletions int
	mergeable            bool
}

// computed returns the statistics of the pull request at its current head and the current
// tip of its base.
func (p *pull) computed(ctx context.Context) (stats, error) {
	git := p.repo.git
	base := p.baseSHA
	if tip, err := git.resolve(ctx, p.baseRef); err == nil && p.open() {
		base = tip
	}
	if p.stats.base == base && p.stats.head == p.headSHA {
		return p.stats, nil
	}
	st := stats{base: base, head: p.headSHA}
	var err error
	if st.mergeBase, err = git.line(ctx, "merge-base", base, p.headSHA); err != nil {
		return stats{}, err
	}
	if st.files, err = git.diff(ctx, st.mergeBase, p.headSHA); err != nil {
		return stats{}, err
	}
	for _, f := range st.files {
		st.additions += f.additions
		st.deletions += f.deletions
	}
	if st.commits, err = git.log(ctx, st.mergeBase+".."+p.headSHA); err != nil {
		return stats{}, err
	}
	if _, st.mergeable, err = git.mergeTree(ctx, base, p.headSHA); err != nil {
		return stats{}, err
	}
	p.stats = st
	return st, nil
}

type gitCommit struct {
	sha, tree string
	parents   []string
	author    gitPerson
	committer gitPerson
	message   string
}

type gitPerson struct {
	name, email string
	at          time.Time
}

const logFormat = "--format=%H%x1f%T%x1f%P%x1f%an%x1f%ae%x1f%at%x1f%cn%x1f%ce%x1f%ct%x1f%B"

// log lists the commits of a range, oldest first.
func (g gitDir) log(ctx context.Context, args ...string) ([]gitCommit, error) {
	out, err := g.run(ctx, nil, append([]string{"log", "-z", "--reverse", logFormat}, args...)...)
	if err != nil {
		return nil, err
	}
	var commits []gitCommit
	for _, record := range strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		if f := strings.Split(record, "\x1f"); len(f) == 10 {
			commits = append(commits, gitCommit{
				sha: f[0], tree: f[1], parents: strings.Fields(f[2]),
				author:    gitPerson{f[3], f[4], unixTime(f[5])},
				committer: gitPerson{f[6], f[7], unixTime(f[8])},
				message:   strings.TrimSpace(f[9]),
			})
		}
	}
	return commits, nil
}

// show returns one commit, like log.
func (g gitDir) show(ctx context.Context, sha string) (gitCommit, error) {
	commits, err := g.log(ctx, "-1", sha)
	if err != nil {
		return gitCommit{}, err
	}
	if len(commits) != 1 {
		return gitCommit{}, fmt.Errorf("commit %s: %w", sha, errNotFound)
	}
	return commits[0], nil
}

// changeOf returns a commit and its changes relative to its first parent.
func (g gitDir) changeOf(ctx context.Context, rev string) (gitCommit, []fileDiff, error) {
	sha, err := g.resolve(ctx, rev)
	if err != nil {
		return gitCommit{}, nil, err
	}
	c, err := g.show(ctx, sha)
	if err != nil {
		return gitCommit{}, nil, err
	}
	from := emptyTree
	if len(c.parents) > 0 {
		from = c.parents[0]
	}
	files, err := g.diff(ctx, from, sha)
	return c, files, err
}

// emptyTree is an object that git knows without storing it.
const emptyTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"

func unixTime(seconds string) time.Time {
	n, _ := strconv.ParseInt(seconds, 10, 64) // git prints only numbers here
	return time.Unix(n, 0).UTC()
}
