package repo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// MergeWorkTree merges the content of the work tree, committed or not, into base. It also
// returns the commit of that content: HEAD if nothing is uncommitted, else a commit that
// exists until the result is closed.
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

// snapshot commits the work tree to the scratch repository, using a copy of the index.
func (c *Clone) snapshot(ctx context.Context, scratch *Merged) (string, error) {
	out, err := c.run(ctx, "rev-parse", "HEAD^{commit}", "HEAD^{tree}")
	lines := strings.Fields(string(out))
	if err != nil || len(lines) != 2 {
		return "", errors.New("the current branch has no commit yet")
	}
	head, committed := lines[0], lines[1]
	if c.Root == "" {
		return head, nil
	}
	if err := c.copyIndex(scratch.temp.path); err != nil {
		return "", fmt.Errorf("reading index: %w", err)
	}
	with := git{dir: scratch.temp.path, env: append(environment(personal[:1]),
		"GIT_WORK_TREE="+c.Root,
		"GIT_AUTHOR_NAME=rehearse", "GIT_AUTHOR_EMAIL=rehearse@localhost",
		"GIT_COMMITTER_NAME=rehearse", "GIT_COMMITTER_EMAIL=rehearse@localhost",
		"GIT_AUTHOR_DATE=@1 +0000", "GIT_COMMITTER_DATE=@1 +0000",
	)}
	if err := c.addUncommitted(ctx, with); err != nil {
		return "", err
	}
	tree, err := with.run(ctx, "write-tree")
	if err != nil {
		return "", fmt.Errorf("reading work tree: %w", err)
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

// obeyed are the settings of a clone that control the conversion between files and blobs,
// and which files git ignores.
var obeyed = []string{
	"core.autocrlf", "core.eol", "core.filemode", "core.symlinks", "core.ignorecase", "core.precomposeunicode",
	"core.checkstat", "core.trustctime", "core.excludesfile",
}

// largestFile is the size, in bytes, above which an untracked file is taken for build
// output and left out.
const largestFile = 256 << 20

// addUncommitted adds the files that differ from the index to it. It avoids `git add`,
// which would look into submodules, and their configuration may name programs.
func (c *Clone) addUncommitted(ctx context.Context, with git) error {
	config := []string{"-C", c.Root}
	for _, key := range obeyed {
		if value, ok := c.config[key]; ok {
			config = append(config, "-c", key+"="+value)
		}
	}
	out, err := with.run(ctx, append(config, "ls-files", "-z", "-t", "--modified", "--deleted", "--others", "--exclude-standard")...)
	if err != nil {
		return fmt.Errorf("reading work tree: %w", err)
	}
	found := c.sortOut(records(out))
	if len(found.conflicts) > 0 {
		return &ConflictError{Files: found.conflicts, Unresolved: true}
	}
	for _, step := range []struct {
		paths []string
		flags []string
	}{{found.gone, []string{"--force-remove"}}, {found.changed, []string{"--add", "--remove", "--replace"}}} {
		if len(step.paths) == 0 {
			continue
		}
		args := append(slices.Clone(config), "update-index")
		args = append(append(args, step.flags...), "-z", "--stdin")
		if _, err := with.runWith(ctx, strings.NewReader(strings.Join(step.paths, "\x00")+"\x00"), args...); err != nil {
			return fmt.Errorf("reading work tree: %w", err)
		}
	}
	return nil
}

// uncommitted lists the paths that differ from the index.
type uncommitted struct {
	// changed are files, including deleted ones; gone are files that became directories.
	changed, gone []string
	// conflicts are files with unresolved merge conflicts.
	conflicts []string
}

// sortOut sorts the paths that git lists as changed (C), removed (R) or untracked (?).
func (c *Clone) sortOut(records []string) uncommitted {
	var out uncommitted
	seen := map[string]string{}
	for _, record := range records {
		tag, path, _ := strings.Cut(record, " ")
		full := filepath.Join(c.Root, path)
		if last, again := seen[path]; again {
			// Git lists a file with a merge conflict once for each version.
			if tag == "C" && last == "C" && hasConflict(full) && !slices.Contains(out.conflicts, path) {
				out.conflicts = append(out.conflicts, path)
			}
			seen[path] = tag
			continue
		}
		seen[path] = tag
		info, err := os.Lstat(full)
		switch {
		case strings.HasSuffix(path, "/"):
			// A nested repository.
		case err == nil && tag == "?" && info.Size() > largestFile:
		case err == nil && info.IsDir() && !isRepository(full):
			out.gone = append(out.gone, path)
		default:
			out.changed = append(out.changed, path)
		}
	}
	return out
}

func isRepository(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, ".git"))
	return err == nil
}

// hasConflict reports whether a file still has conflict markers.
func hasConflict(file string) bool {
	content, err := os.ReadFile(file)
	return err == nil && bytes.Contains(append([]byte("\n"), content...), []byte("\n<<<<<<< "))
}

// copyIndex copies the index, its shared part and the list of ignored files to another
// git directory. The index keeps its modification time: git checks the content of files
// that changed after it.
func (c *Clone) copyIndex(to string) error {
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return err
	}
	files := map[string]string{
		filepath.Join(c.dir, "index"):                   "index",
		filepath.Join(c.commonDir(), "info", "exclude"): "info/exclude",
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "sharedindex.") {
			files[filepath.Join(c.dir, e.Name())] = e.Name()
		}
	}
	for from, name := range files {
		if err := copyFile(from, filepath.Join(to, name)); err != nil {
			return err
		}
	}
	info, err := os.Stat(filepath.Join(c.dir, "index"))
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return os.Chtimes(filepath.Join(to, "index"), info.ModTime(), info.ModTime())
}

// copyFile copies a file; it does nothing if the file does not exist.
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
