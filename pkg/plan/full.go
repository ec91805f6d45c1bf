package plan

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/prow/pkg/config"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/layout"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// FullLoad reads the whole configuration of a tree with Prow's own loader. It
// costs what the repository weighs: it is the definition of what is right, for
// tests and benchmarks, not the way plans are made.
func FullLoad(ctx context.Context, objects repo.Objects, tree string, l layout.Layout) (*config.Config, error) {
	dir, err := os.MkdirTemp("", "rehearsal-load-")
	if err != nil {
		return nil, fmt.Errorf("creating directory: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	entries, err := objects.List(ctx, tree)
	if err != nil {
		return nil, err
	}
	wanted, err := follow(ctx, objects, entries, l.IsLoaded)
	if err != nil {
		return nil, err
	}
	if err := objects.Materialise(ctx, wanted, dir); err != nil {
		return nil, err
	}
	jobConfig := ""
	if l.JobConfig != "" {
		jobConfig = filepath.Join(dir, l.JobConfig)
	}
	var supplemental []string
	for _, d := range l.SupplementalProwConfigDirs {
		supplemental = append(supplemental, filepath.Join(dir, d))
	}
	c, err := config.Load(filepath.Join(dir, l.ProwConfig), jobConfig, supplemental, l.Suffix())
	if err != nil {
		return nil, &RefusedError{Reason: strings.ReplaceAll(err.Error(), dir+"/", "")}
	}
	trimSourcePaths(c, dir+"/")
	return c, nil
}

func trimSourcePaths(c *config.Config, prefix string) {
	for _, jobs := range c.PresubmitsStatic {
		for i := range jobs {
			jobs[i].SourcePath = strings.TrimPrefix(jobs[i].SourcePath, prefix)
		}
	}
	for _, jobs := range c.PostsubmitsStatic {
		for i := range jobs {
			jobs[i].SourcePath = strings.TrimPrefix(jobs[i].SourcePath, prefix)
		}
	}
	for i := range c.Periodics {
		c.Periodics[i].SourcePath = strings.TrimPrefix(c.Periodics[i].SourcePath, prefix)
	}
}

// Full plans by loading the whole configuration twice.
type Full struct {
	// Mirror returns the mirror that has the commits of a request.
	Mirror func(ctx context.Context, req Request) (*repo.Mirror, error)
}

// Plan implements Planner.
func (f Full) Plan(ctx context.Context, req Request) (*Result, error) {
	mirror, err := f.Mirror(ctx, req)
	if err != nil {
		return nil, err
	}
	merged, err := mirror.Merge(ctx, req.Base, req.Head)
	if err != nil {
		return nil, conflictFrom(err)
	}
	defer func() { _ = merged.Close() }()
	before, baseErr := FullLoad(ctx, merged.Objects, req.Base, req.Layout)
	after, err := FullLoad(ctx, merged.Objects, merged.Tree, req.Layout)
	if err != nil {
		return nil, err
	}
	if baseErr != nil {
		return nil, baseErr
	}
	result := affected.Configs(before, after)
	result.Base, result.Head, result.Tree = req.Base, req.Head, merged.Tree
	return &Result{Result: *result}, nil
}
