package github

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Change is the change that a commit makes to the tree of its parent.
type Change struct {
	// Files maps paths to their new content.
	Files map[string]string `json:"files,omitempty"`
	// Symlinks maps paths to their targets.
	Symlinks map[string]string `json:"symlinks,omitempty"`
	// Vast maps paths to an exponent n: such a directory has ten to the power of n files.
	// Each level is one tree, ten times.
	Vast map[string]int `json:"vast,omitempty"`
	// Remove lists files or directories to remove.
	Remove []string `json:"remove,omitempty"`
}

type commitSpec struct {
	parent    string // SHA; empty for a first commit
	author    string // a login, or an e-mail address
	committer string // the author if empty
	at        time.Time
	message   string
	change    Change
}

// commit writes a commit on top of its parent and points ref at it, whatever ref pointed at
// before.
func (g gitDir) commit(ctx context.Context, ref string, c commitSpec) (string, error) {
	vast := map[string]string{}
	for path, power := range c.change.Vast {
		tree, err := g.vastTree(ctx, power)
		if err != nil {
			return "", err
		}
		vast[path] = tree
	}
	out, err := g.run(ctx, c.stream(ref, vast), "fast-import", "--quiet", "--force", "--done")
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(string(out)), nil
}

// vastTree creates a tree of ten to the power of power files, with few objects.
func (g gitDir) vastTree(ctx context.Context, power int) (string, error) {
	out, err := g.run(ctx, []byte("x\n"), "hash-object", "-w", "--stdin")
	entry := "100644 blob " + strings.TrimSpace(string(out))
	for range power {
		if err != nil {
			return "", err
		}
		var list strings.Builder
		for i := range 10 {
			fmt.Fprintf(&list, "%s\tf%d\n", entry, i)
		}
		out, err = g.run(ctx, []byte(list.String()), "mktree")
		entry = "040000 tree " + strings.TrimSpace(string(out))
	}
	return strings.Fields(entry)[2], err
}

// stream writes the commit in the input format of git fast-import. vast are the trees of
// the vast directories.
func (c commitSpec) stream(ref string, vast map[string]string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "commit %s\nmark :1\nauthor %s\ncommitter %s\n", ref, c.signature(c.author), c.signature(cmp.Or(c.committer, c.author)))
	data(&b, c.message)
	if c.parent != "" {
		fmt.Fprintf(&b, "from %s\n", c.parent)
	}
	for _, path := range c.change.Remove {
		fmt.Fprintf(&b, "D %s\n", quotePath(path))
	}
	for _, path := range slices.Sorted(maps.Keys(c.change.Files)) {
		fmt.Fprintf(&b, "M 100644 inline %s\n", quotePath(path))
		data(&b, c.change.Files[path])
	}
	for _, path := range slices.Sorted(maps.Keys(c.change.Symlinks)) {
		fmt.Fprintf(&b, "M 120000 inline %s\n", quotePath(path))
		data(&b, c.change.Symlinks[path])
	}
	for _, path := range slices.Sorted(maps.Keys(vast)) {
		fmt.Fprintf(&b, "M 040000 %s %s\n", vast[path], quotePath(path))
	}
	b.WriteString("get-mark :1\ndone\n")
	return b.Bytes()
}

// signature returns a person as written in a commit.
func (c commitSpec) signature(who string) string {
	name, isAddress := who, strings.Contains(who, "@")
	if isAddress {
		name, _, _ = strings.Cut(who, "@")
	} else {
		who += "@users.noreply.github.invalid"
	}
	return fmt.Sprintf("%s <%s> %d +0000", name, who, c.at.Unix())
}

func data(b *bytes.Buffer, text string) {
	fmt.Fprintf(b, "data %d\n%s\n", len(text), text)
}

// quotePath quotes as in C, which fast-import requires for unusual paths.
func quotePath(path string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(path) + `"`
}

// merge merges head into base without a work tree. It returns the merge commit; ok is false
// if they conflict.
func (g gitDir) merge(ctx context.Context, base, head string, c commitSpec) (sha string, ok bool, err error) {
	tree, ok, err := g.mergeTree(ctx, base, head)
	if err != nil || !ok {
		return "", false, err
	}
	author := c.signature(c.author)
	commit := fmt.Sprintf("tree %s\nparent %s\nparent %s\nauthor %s\ncommitter %s\n\n%s\n",
		tree, base, head, author, author, c.message)
	out, err := g.run(ctx, []byte(commit), "hash-object", "-t", "commit", "-w", "--stdin")
	return strings.TrimSpace(string(out)), true, err
}

func (g gitDir) mergeTree(ctx context.Context, base, head string) (tree string, ok bool, err error) {
	out, code, err := g.exitCode(ctx, nil, "merge-tree", "--write-tree", "--allow-unrelated-histories", base, head)
	switch {
	case err != nil:
		return "", false, err
	case code > 1:
		return "", false, fmt.Errorf("git merge-tree: exit status %d: %s", code, bytes.TrimSpace(out.stderr))
	}
	tree, _, _ = strings.Cut(string(out.stdout), "\n")
	return tree, code == 0, nil
}
