package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// options are what both commands need to find and plan a change.
type options struct {
	gitDir, base, head string
	repository         string
	cacheDir           string
	settings           plan.Settings
}

func (o *options) add(flags *pflag.FlagSet) {
	flags.StringVar(&o.gitDir, "git-dir", "", "the config repository (default: the one around the current directory)")
	flags.StringVar(&o.base, "base", "", "branch or commit to merge into (default: the upstream's main branch)")
	flags.StringVar(&o.head, "head", "", "branch or commit to try (default: the current branch with uncommitted changes)")
	flags.StringVar(&o.repository, "repository", "", "org/repo of the config repository (default: from the remote's address)")
	flags.StringVar(&o.settings.ProwConfig, "prow-config", "", "path of Prow's config.yaml in the repository")
	flags.StringSliceVar(&o.settings.SupplementalProwConfigDirs, "supplemental-prow-config-dir", nil, "directory with further parts of it; may be repeated")
	flags.StringVar(&o.settings.JobConfig, "job-config", "", "path of the job file or directory in the repository")
	flags.StringVar(&o.settings.PluginConfig, "plugin-config", "", "path of plugins.yaml in the repository")
	flags.StringVar(&o.cacheDir, "cache-dir", defaultCache(), "where to keep what was learned of the base branch; empty keeps nothing")
}

func defaultCache() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "rehearse")
}

// change is a merge that has been planned.
type change struct {
	request plan.Request
	result  *plan.Result
	merged  *repo.Merged
	// refused is Prow's reason to refuse the configuration; the result then
	// lists what could be read.
	refused error
}

func (c *change) Close() { _ = c.merged.Close() }

// plan merges and plans. What is refused is a change too, which callers show
// before they fail.
func (o *options) plan(ctx context.Context, errOut io.Writer) (*change, error) {
	progress := startProgress(errOut)
	defer progress.stop()
	clone, err := repo.FindClone(ctx, ".", o.gitDir)
	if err != nil {
		return nil, err
	}
	base, err := o.findBase(ctx, clone)
	if err != nil {
		return nil, err
	}
	merged, head, err := o.merge(ctx, clone, base)
	var conflict *repo.ConflictError
	if errors.As(err, &conflict) {
		return nil, &plan.ConflictError{Files: conflict.Files}
	}
	if err != nil {
		return nil, err
	}
	c := &change{merged: merged}
	if o.settings, err = findSettings(ctx, merged, o.settings); err != nil {
		c.Close()
		return nil, err
	}
	c.request = plan.Request{Settings: o.settings, Base: base, Head: head}
	c.request.Org, c.request.Repo = o.identity(ctx, clone)
	planner := plan.NewPlanner(plan.Options{CacheDir: o.cacheDir, Progress: progress.show})
	c.result, err = planner.PlanMerged(ctx, c.request, merged)
	var refused *plan.RefusedError
	if errors.As(err, &refused) && c.result != nil {
		c.refused = err
		return c, nil
	}
	if err != nil {
		c.Close()
		return nil, withFlag(err)
	}
	return c, nil
}

// withFlag tells which flag corrects a path.
func withFlag(err error) error {
	var missing *plan.MissingPathError
	if !errors.As(err, &missing) {
		return err
	}
	flags := map[string]string{
		"prow_config": "--prow-config", "job_config": "--job-config", "plugin_config": "--plugin-config",
		"supplemental_prow_config_dirs": "--supplemental-prow-config-dir",
	}
	return fmt.Errorf("%w; set %s, or %s in %s", err, flags[missing.Setting], missing.Setting, settingsFile)
}

func (o *options) merge(ctx context.Context, clone *repo.Clone, base string) (*repo.Merged, string, error) {
	if o.head == "" {
		return clone.MergeWorkTree(ctx, base)
	}
	head, err := clone.Resolve(ctx, o.head)
	if err != nil {
		return nil, "", fmt.Errorf("--head: %w", err)
	}
	merged, err := clone.Merge(ctx, base, head)
	return merged, head, err
}

// bases are where the branch to merge into usually is: a fork's clone has the
// config repository itself as upstream.
var bases = []string{
	"refs/remotes/upstream/HEAD", "refs/remotes/upstream/main", "refs/remotes/upstream/master",
	"refs/remotes/origin/HEAD", "refs/remotes/origin/main", "refs/remotes/origin/master",
	"refs/heads/main", "refs/heads/master",
}

func (o *options) findBase(ctx context.Context, clone *repo.Clone) (string, error) {
	if o.base != "" {
		sha, err := clone.Resolve(ctx, o.base)
		if err != nil {
			return "", fmt.Errorf("--base: %w", err)
		}
		return sha, nil
	}
	for _, ref := range bases {
		if sha, err := clone.Resolve(ctx, ref); err == nil {
			return sha, nil
		}
	}
	return "", errors.New("no upstream branch found: say what to merge into with --base")
}
