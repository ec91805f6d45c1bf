package repo

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Clone is a person's repository with a work tree. It is only read.
type Clone struct {
	*Mirror
	// Root is the top of the work tree; "" in a bare repository.
	Root string
}

// FindClone finds the repository that a directory is in, or that gitDir names.
func FindClone(ctx context.Context, dir, gitDir string) (*Clone, error) {
	if gitDir == "" {
		// The only question that has to be asked without naming a repository.
		probe := git{}.command(ctx, "rev-parse", "--absolute-git-dir")
		probe.Args = append([]string{"git", "-c", "safe.directory=*"}, "rev-parse", "--absolute-git-dir")
		probe.Dir = dir
		out, err := probe.Output()
		if err != nil {
			return nil, fmt.Errorf("%s is not in a git repository", dir)
		}
		gitDir = strings.TrimSpace(string(out))
	}
	gitDir, err := filepath.Abs(gitDir)
	if err != nil {
		return nil, fmt.Errorf("finding repository: %w", err)
	}
	// A work tree may be named instead of its .git directory.
	if info, err := os.Stat(filepath.Join(gitDir, ".git")); err == nil && info.IsDir() {
		gitDir = filepath.Join(gitDir, ".git")
	}
	c := &Clone{Mirror: OpenClone(gitDir)}
	if _, err := c.run(ctx, "rev-parse", "--git-dir"); err != nil {
		return nil, fmt.Errorf("%s is not a git repository", gitDir)
	}
	c.Root = c.findRoot(ctx)
	return c, nil
}

func (c *Clone) findRoot(ctx context.Context) string {
	if bare, err := c.run(ctx, "rev-parse", "--is-bare-repository"); err != nil || strings.TrimSpace(string(bare)) == "true" {
		return ""
	}
	if pointer, err := os.ReadFile(filepath.Join(c.dir, "gitdir")); err == nil {
		// A linked work tree says where it is.
		return filepath.Dir(strings.TrimSpace(string(pointer)))
	}
	return filepath.Dir(c.dir)
}

// MergeWorkTree merges what the work tree holds, committed or not, into base.
// It returns the commit that stands for it: HEAD where nothing is uncommitted,
// else one that exists only as long as the result is open.
func (c *Clone) MergeWorkTree(ctx context.Context, base string) (*Merged, string, error) {
	scratch, err := c.scratch()
	if err != nil {
		return nil, "", err
	}
	head, err := c.snapshot(ctx, scratch)
	if err == nil {
		err = scratch.merge(ctx, base, head)
	}
	if err != nil {
		_ = scratch.Close()
		return nil, "", err
	}
	return scratch, head, nil
}

// snapshot commits the work tree to the scratch objects, by way of a copy of
// the index.
func (c *Clone) snapshot(ctx context.Context, scratch *Merged) (string, error) {
	head, err := c.Resolve(ctx, "HEAD")
	if err != nil || c.Root == "" {
		return head, err
	}
	index := filepath.Join(scratch.temp, "index")
	if err := copyFile(filepath.Join(c.dir, "index"), index); err != nil {
		return "", fmt.Errorf("reading index: %w", err)
	}
	with := git{dir: c.dir, env: append([]string{
		"GIT_INDEX_FILE=" + index, "GIT_WORK_TREE=" + c.Root,
		"GIT_AUTHOR_NAME=rehearse", "GIT_AUTHOR_EMAIL=rehearse@localhost",
		"GIT_COMMITTER_NAME=rehearse", "GIT_COMMITTER_EMAIL=rehearse@localhost",
		"GIT_AUTHOR_DATE=@1 +0000", "GIT_COMMITTER_DATE=@1 +0000",
	}, scratch.env...)}
	if _, err := with.run(ctx, "-C", c.Root, "add", "--all", "--", "."); err != nil {
		return "", fmt.Errorf("reading work tree: %w", err)
	}
	tree, err := with.run(ctx, "write-tree")
	if err != nil {
		return "", fmt.Errorf("reading work tree: %w", err)
	}
	committed, err := c.Tree(ctx, head)
	if err != nil {
		return "", err
	}
	written := strings.TrimSpace(string(tree))
	if written == committed {
		return head, nil
	}
	commit, err := with.run(ctx, "commit-tree", "-p", head, "-m", "work tree", written)
	if err != nil {
		return "", fmt.Errorf("reading work tree: %w", err)
	}
	return strings.TrimSpace(string(commit)), nil
}

// copyFile copies a file, or nothing where there is none.
func copyFile(from, to string) error {
	in, err := os.Open(from)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if closeErr := out.Close(); err == nil {
		err = closeErr
	}
	return err
}

// RemoteURL is the address of a remote, or "".
func (c *Clone) RemoteURL(ctx context.Context, name string) string {
	out, err := c.run(ctx, "config", "--get", "remote."+name+".url")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}
