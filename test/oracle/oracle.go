// Package oracle finds the affected jobs the slow way: Prow's own loader reads both
// revisions completely, and each job is compared. It defines the correct result, with which
// plans must agree.
package oracle

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/prow/pkg/config"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/key"
	"github.com/rehearsal-dev/rehearsal/pkg/layout"
)

// Load loads a checkout with Prow's loader.
func Load(dir string, l layout.Layout) (*config.Config, error) {
	jobConfig := ""
	if l.JobConfig != "" {
		jobConfig = filepath.Join(dir, l.JobConfig)
	}
	var supplemental []string
	for _, d := range l.SupplementalProwConfigDirs {
		supplemental = append(supplemental, filepath.Join(dir, d))
	}
	return config.Load(filepath.Join(dir, l.ProwConfig), jobConfig, supplemental, l.Suffix())
}

// CheckOut writes the files of a repository's tree to a directory.
func CheckOut(repository, tree, dir string) error {
	archive := exec.Command("sh", "-c", `git archive "$1" | tar -xf - -C "$2"`, "sh", tree, dir)
	archive.Dir = repository
	if out, err := archive.CombinedOutput(); err != nil {
		return fmt.Errorf("git archive: %w\n%s", err, out)
	}
	return nil
}

// Merge merges two commits of a repository, and returns the tree.
func Merge(repository, base, head string) (string, error) {
	merge := exec.Command("git", "-c", "merge.directoryRenames=false", "merge-tree", "--write-tree", base, head)
	merge.Dir = repository
	out, err := merge.Output()
	if err != nil {
		return "", fmt.Errorf("git merge-tree: %w\n%s", err, out)
	}
	return strings.TrimSpace(string(out)), nil
}

// Plan loads two revisions of a repository completely, and compares them.
func Plan(repository, before, after string, l layout.Layout) (*affected.Result, error) {
	var loaded []*config.Config
	for _, tree := range []string{before, after} {
		dir, err := os.MkdirTemp("", "rehearsal-oracle-")
		if err != nil {
			return nil, err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		if err := CheckOut(repository, tree, dir); err != nil {
			return nil, err
		}
		c, err := Load(dir, l)
		if err != nil {
			return nil, err
		}
		loaded = append(loaded, c)
	}
	return Compare(loaded[0], loaded[1]), nil
}

// Compare compares two configurations, job by job.
func Compare(before, after *config.Config) *affected.Result {
	old, now := index(before), index(after)
	namesakes := map[string][]affected.Effective{}
	for _, id := range slices.Sorted(maps.Keys(old)) {
		namesakes[nameOf(old[id].ref)] = append(namesakes[nameOf(old[id].ref)], old[id].Effective)
	}
	result := &affected.Result{Jobs: len(now), Removed: []affected.Ref{}, Affected: []affected.Job{}}
	for id, j := range now {
		same := namesakes[nameOf(j.ref)]
		job, ok := affected.Decide(j.ref, old[id].Effective, j.Effective, len(same) > 0)
		if !ok {
			continue
		}
		if job.Before.IsZero() {
			job.Baseline = same
		}
		job.Reasons = []affected.Reason{{Source: affected.SourceJobConfig, Path: string(job.Change)}}
		result.Affected = append(result.Affected, job)
	}
	for id, j := range old {
		if _, still := now[id]; !still {
			result.Removed = append(result.Removed, j.ref)
		}
	}
	result.Sort()
	return result
}

type indexed struct {
	ref affected.Ref
	affected.Effective
}

func nameOf(r affected.Ref) string { return key.Of(string(r.Type), r.Repo, r.Name) }

func index(c *config.Config) map[string]indexed {
	out := map[string]indexed{}
	add := func(repo string, e affected.Effective) {
		ref := e.Identify(repo)
		out[ref.Key()] = indexed{ref, e}
	}
	for repo, jobs := range c.PresubmitsStatic {
		for i := range jobs {
			add(repo, affected.Effective{Presubmit: &jobs[i]})
		}
	}
	for repo, jobs := range c.PostsubmitsStatic {
		for i := range jobs {
			add(repo, affected.Effective{Postsubmit: &jobs[i]})
		}
	}
	for i := range c.Periodics {
		add("", affected.Effective{Periodic: &c.Periodics[i]})
	}
	return out
}
