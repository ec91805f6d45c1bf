package plan

import (
	"context"
	"slices"

	"github.com/rehearsal-dev/rehearsal/pkg/layout"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// jobFiles returns the job files of a tree, links followed, and whether any
// rule or link made the answer depend on more than each file's own path.
func jobFiles(ctx context.Context, objects repo.Objects, tree string, l layout.Layout) (files []repo.Entry, entangled bool, err error) {
	if l.JobConfig == "" {
		return nil, false, nil
	}
	entries, err := objects.List(ctx, tree, l.JobConfig)
	if err != nil {
		return nil, false, err
	}
	if slices.ContainsFunc(entries, func(e repo.Entry) bool { return l.IsMisnamed(e.Path) }) {
		return []repo.Entry{{Path: l.JobConfig, Mode: modeMisnamed}}, true, nil
	}
	entries = slices.DeleteFunc(entries, func(e repo.Entry) bool { return !l.IsJobFile(e.Path) && !l.IsIgnoreFile(e.Path) })
	linked := slices.ContainsFunc(entries, func(e repo.Entry) bool { return e.Mode == repo.ModeSymlink })
	if linked {
		if entries, err = resolveLinks(ctx, objects, tree, entries); err != nil {
			return nil, false, err
		}
	}
	rules, err := readIgnores(ctx, objects, l, entries)
	if err != nil {
		return nil, false, err
	}
	for _, e := range entries {
		switch {
		case !l.IsJobFile(e.Path) || e.Mode == repo.ModeSubmodule:
			continue
		case e.Path == l.JobConfig && e.Mode == modeLinkedDirectory && !layout.IsYAML(e.Path):
			// Prow's walk ends at the link.
			continue
		case e.Path == l.JobConfig, e.Mode == repo.ModeSymlink:
			// Prow cannot ignore a link that leads nowhere.
		default:
			ignored, err := rules.ignored(l.BelowJobConfig(e.Path), e.Mode == modeLinkedDirectory)
			if err != nil {
				return nil, false, err
			}
			if ignored {
				continue
			}
		}
		files = append(files, e)
	}
	return append(files, rules.bad...), linked || len(rules.files) > 0, tooManyJobFiles(len(files))
}
