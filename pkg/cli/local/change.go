package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/cli/screen"
	"github.com/rehearsal-dev/rehearsal/pkg/layout"
	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// change is a merge with its plan.
type change struct {
	request plan.Request
	result  *plan.Local
	merged  *repo.Merged
	// base is the name of the merge's base, as the user knows it.
	base string
	// refused is Prow's error if it would refuse the configuration. The result then has
	// the jobs that could be read.
	refused error
}

func (c *change) Close() { _ = c.merged.Close() }

// plan merges and plans. A configuration that Prow would refuse still gives a change,
// which callers show before they fail.
func (o *Options) plan(ctx context.Context, errOut io.Writer) (*change, error) {
	progress := screen.StartProgress(errOut)
	defer progress.Stop()
	clone, err := o.FindClone(ctx)
	if err != nil {
		return nil, err
	}
	base, err := o.FindBase(ctx, clone)
	if err != nil {
		return nil, err
	}
	merged, head, err := o.merge(ctx, clone, base.Commit)
	if err != nil {
		return nil, advised(err, clone, base)
	}
	c := &change{merged: merged, base: ShortRef(base.Name)}
	found, err := findSettings(ctx, merged, base.Commit, clone.Root, o.Layout)
	if err != nil {
		c.Close()
		return nil, err
	}
	c.request = plan.Request{Layout: found, Base: base.Commit, Head: head, BaseRef: branchName(base.Name, clone.Remotes)}
	if c.request.Org, c.request.Repo, err = o.Identity(clone); err != nil {
		c.Close()
		return nil, err
	}
	planner := plan.NewPlanner(plan.Options{CacheDir: o.cacheDir, Progress: progress.Show})
	c.result, err = safely(func() (*plan.Local, error) { return planner.PlanMerged(ctx, c.request, merged) })
	var refused *plan.RefusedError
	if errors.As(err, &refused) && c.result != nil {
		c.refused = fmt.Errorf("Prow would refuse this configuration: %w", err) //nolint:staticcheck // Prow is a name.
		return c, nil
	}
	if err != nil {
		c.Close()
		return nil, advised(withFlag(err), clone, base)
	}
	if c.result.Jobs == 0 && found.JobConfig == "" {
		c.result.Warnings = append(c.result.Warnings, found.ProwConfig+" has no jobs; name their path with --job-config")
	}
	return c, nil
}

// safely turns a panic into an error: the planner reads arbitrary files.
func safely(do func() (*plan.Local, error)) (result *plan.Local, err error) {
	defer func() {
		if r := recover(); r != nil {
			result, err = nil, fmt.Errorf("the planner crashed on this change, which is a bug: %.200s", strings.SplitN(fmt.Sprint(r), "\n", 2)[0])
		}
	}()
	return do()
}

// FindClone returns the clone given by --git-dir, else the one around the current
// directory.
func (o *Options) FindClone(ctx context.Context) (*repo.Clone, error) {
	dir := o.GitDir
	if dir == "" {
		dir = "."
	}
	clone, err := repo.FindClone(ctx, dir)
	switch {
	case err == nil:
		return clone, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case o.GitDir != "":
		return nil, fmt.Errorf("--git-dir: %w", err)
	case os.Getenv("GIT_DIR") != "":
		return nil, errors.New("the current directory is not in a git repository, and GIT_DIR is ignored: name the repository with --git-dir")
	}
	return nil, errors.New("the current directory is not in a git repository: go to a clone of the config repository, or name one with --git-dir")
}

func (o *Options) merge(ctx context.Context, clone *repo.Clone, base string) (*repo.Merged, string, error) {
	if o.head == "" {
		return clone.MergeWorkTree(ctx, base)
	}
	head, err := clone.Resolve(ctx, o.head)
	if err != nil {
		return nil, "", fmt.Errorf("--head: %w; `git fetch` what is not in the clone yet", err)
	}
	merged, err := clone.Merge(ctx, base, head)
	return merged, head, err
}

// advised adds advice to errors whose text alone does not help.
func advised(err error, clone *repo.Clone, base repo.Ref) error {
	text := err.Error()
	var conflict *repo.ConflictError
	switch {
	case errors.As(err, &conflict) && conflict.Unresolved:
		return fmt.Errorf("%w: resolve it and try again", err)
	case errors.As(err, &conflict):
		return fmt.Errorf("%w: rebase the branch onto %s, or merge that into it, and try again", err, ShortRef(base.Name))
	case strings.Contains(text, "unrelated histories") && clone.Shallow():
		return fmt.Errorf("the clone is shallow, and does not reach back to where the branch left %s: run `git fetch --unshallow`, and try again", ShortRef(base.Name))
	case strings.Contains(text, "unrelated histories"):
		return fmt.Errorf("the branch and %s have no commit in common: is --base right?", ShortRef(base.Name))
	case strings.Contains(text, "usage: git merge-tree"):
		return errors.New("git 2.38 or newer is needed, which can merge without a work tree")
	case clone.Partial() && repo.Corrupt(err):
		return fmt.Errorf("the clone is partial, and lacks files that are needed: run `git fetch --refetch --no-filter`, and try again (%w)", err)
	}
	return err
}

// withFlag adds the flag that corrects a missing path.
func withFlag(err error) error {
	var missing *plan.MissingPathError
	if !errors.As(err, &missing) {
		return err
	}
	field, _ := layout.FieldOf(missing.Setting)
	return fmt.Errorf("%w; set --%s, or %s in %s (paths are from the root of the repository)", err, field.Flag, missing.Setting, settingsFile)
}

// mainBranches are the usual names of the branch to merge into, best first.
var mainBranches = []string{"HEAD", "main", "master"}

// FindBase finds the commit to merge into. Of the remotes, upstream comes first: in the
// clone of a fork it is the config repository.
func (o *Options) FindBase(ctx context.Context, clone *repo.Clone) (repo.Ref, error) {
	if o.Base != "" {
		sha, err := clone.Resolve(ctx, o.Base)
		if err != nil {
			return repo.Ref{}, fmt.Errorf("--base: %w; `git fetch` what is not in the clone yet", err)
		}
		return repo.Ref{Name: o.Base, Commit: sha}, nil
	}
	var names []string
	for _, remote := range remotesByRank(clone.Remotes) {
		for _, b := range mainBranches {
			names = append(names, "refs/remotes/"+remote+"/"+b)
		}
	}
	names = append(names, "refs/heads/main", "refs/heads/master")
	found, ok, err := clone.FirstRef(ctx, names)
	if err == nil && !ok {
		err = errors.New("no branch main or master of a remote found to merge into: `git fetch` the config repository, or name a branch with --base")
	}
	return found, err
}

func remotesByRank(remotes []string) []string {
	ranked := []string{"upstream", "origin"}
	for _, r := range remotes {
		if !slices.Contains(ranked, r) {
			ranked = append(ranked, r)
		}
	}
	return ranked
}

// ShortRef returns the name of a ref without its prefix.
func ShortRef(name string) string {
	return strings.TrimPrefix(strings.TrimPrefix(name, "refs/heads/"), "refs/remotes/")
}

// branchName returns the name of the base branch in the config repository.
func branchName(ref string, remotes []string) string {
	name := ShortRef(ref)
	for _, r := range remotesByRank(remotes) {
		if branch, ok := strings.CutPrefix(name, r+"/"); ok && branch != "HEAD" {
			return branch
		}
	}
	if !strings.Contains(ref, "refs/heads/") && (strings.ContainsAny(name, "~^@:") || isHex(name)) {
		// A commit is not a branch name; main is the most common name.
		return "main"
	}
	return name
}

func isHex(s string) bool { return len(s) >= 7 && strings.Trim(s, "0123456789abcdef") == "" }
