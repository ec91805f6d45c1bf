package plan

import (
	"context"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/prow/pkg/config"

	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// isJobFile reports whether Prow's loader would read a path as a job file,
// .prowignore aside: by its extension, and outside of what is hidden.
func (s Settings) isJobFile(p string) bool {
	if s.JobConfig == "" || !below(p, s.JobConfig) {
		return false
	}
	return p == s.JobConfig || isYAML(p) && !hidden(p, s.JobConfig)
}

// misnames reports whether a path makes a directory of job_config, which is
// called like a file. Prow's loader looks for ignore rules for it, and panics.
func (s Settings) misnames(p string) bool {
	return isYAML(s.JobConfig) && p != s.JobConfig && below(p, s.JobConfig)
}

func isYAML(p string) bool {
	ext := filepath.Ext(p)
	return ext == ".yaml" || ext == ".yml"
}

// hidden reports whether a walk over dir leaves out a path in it: what starts
// with two dots is how Kubernetes mounts ConfigMaps.
func hidden(p, dir string) bool {
	names := strings.Split(p, "/")
	if dir != "." {
		// The directory itself is part of the walk.
		names = names[strings.Count(dir, "/"):]
	}
	return slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(name, "..") })
}

// isIgnoreFile reports whether a path decides which job files are read.
func (s Settings) isIgnoreFile(p string) bool {
	return path.Base(p) == config.ProwIgnoreFileName && below(p, s.JobConfig)
}

// isSupplemental reports whether a path is a part of Prow's configuration
// that is merged into the main file.
func (s Settings) isSupplemental(p string) bool {
	if !strings.HasSuffix(p, s.suffix()) {
		return false
	}
	for _, d := range s.SupplementalProwConfigDirs {
		if below(p, d) && !hidden(p, d) {
			return true
		}
	}
	return false
}

// belowRoot is a path relative to the root of the job files.
func (s Settings) belowRoot(p string) string {
	if p == s.JobConfig {
		return "."
	}
	return strings.TrimPrefix(p, s.JobConfig+"/")
}

// jobFiles returns the job files of a tree, links followed, and whether any
// rule or link made the answer depend on more than each file's own path.
func jobFiles(ctx context.Context, objects repo.Objects, tree string, s Settings) (files []repo.Entry, entangled bool, err error) {
	if s.JobConfig == "" {
		return nil, false, nil
	}
	entries, err := objects.List(ctx, tree, s.JobConfig)
	if err != nil {
		return nil, false, err
	}
	if slices.ContainsFunc(entries, func(e repo.Entry) bool { return s.misnames(e.Path) }) {
		return []repo.Entry{{Path: s.JobConfig, Mode: modeMisnamed}}, true, nil
	}
	entries = slices.DeleteFunc(entries, func(e repo.Entry) bool { return !s.isJobFile(e.Path) && !s.isIgnoreFile(e.Path) })
	linked := slices.ContainsFunc(entries, func(e repo.Entry) bool { return e.Mode == repo.ModeSymlink })
	if linked {
		if entries, err = resolveLinks(ctx, objects, tree, entries); err != nil {
			return nil, false, err
		}
	}
	rules, err := readIgnores(ctx, objects, s, entries)
	if err != nil {
		return nil, false, err
	}
	for _, e := range entries {
		switch {
		case !s.isJobFile(e.Path) || e.Mode == repo.ModeSubmodule:
			continue
		case e.Path == s.JobConfig && e.Mode == modeLinkedDirectory && !isYAML(e.Path):
			// Prow's walk ends at the link.
			continue
		case e.Path == s.JobConfig, e.Mode == repo.ModeSymlink:
			// Prow cannot ignore a link that leads nowhere.
		default:
			ignored, err := rules.ignored(s.belowRoot(e.Path), e.Mode == modeLinkedDirectory)
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
