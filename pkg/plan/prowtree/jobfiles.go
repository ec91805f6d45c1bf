package prowtree

import (
	"context"
	"path"
	"slices"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/layout"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/prowignore"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// File is a job file of a tree, or an entry in the place of one.
type File struct {
	Path, Blob string
	// Err says why Prow, or this package, cannot read the file.
	Err *affected.FileError
}

// Unreadable returns a file that has an Err, in the form that it has in a revision.
func (f File) Unreadable() *affected.Loaded {
	return &affected.Loaded{Path: f.Path, Blob: f.Blob, Err: f.Err}
}

func unreadable(e repo.Entry, line int, message string) File {
	return File{Path: e.Path, Blob: e.Blob, Err: &affected.FileError{File: e.Path, Line: line, Message: message}}
}

// file returns the job file of an entry.
func (e entry) file() File {
	switch e.leads {
	case toDirectory:
		return unreadable(e.Entry, 0, "symbolic link to a directory, which Prow does not follow")
	case toNowhere:
		return unreadable(e.Entry, 0, "symbolic link to a file that does not exist in the repository")
	default:
		return File{Path: e.Path, Blob: e.Blob}
	}
}

// JobFiles returns the job files of a tree, with symbolic links followed. entangled is
// true if a rule or a link made the result depend on more than the path of each file.
func (l *Loader) JobFiles(ctx context.Context, tree string) (files []File, entangled bool, err error) {
	if l.Layout.JobConfig == "" {
		return nil, false, nil
	}
	listed, err := l.Objects.List(ctx, tree, l.Layout.JobConfig)
	if err != nil {
		return nil, false, err
	}
	if slices.ContainsFunc(listed, func(e repo.Entry) bool { return l.Layout.IsMisnamed(e.Path) }) {
		at := repo.Entry{Path: l.Layout.JobConfig}
		return []File{unreadable(at, 0, "Prow does not load a directory that is called like a YAML file")}, true, nil
	}
	listed = slices.DeleteFunc(listed, func(e repo.Entry) bool { return !l.Layout.IsJobFile(e.Path) && !l.Layout.IsIgnoreFile(e.Path) })
	linked := slices.ContainsFunc(listed, func(e repo.Entry) bool { return e.Mode == repo.ModeSymlink })
	entries := asTheyAre(listed)
	if linked {
		if entries, err = resolveLinks(ctx, l.Objects, tree, listed); err != nil {
			return nil, false, err
		}
	}
	rules, err := l.ignoreRules(ctx, entries)
	if err != nil {
		return nil, false, err
	}
	for _, e := range entries {
		loaded, err := l.isLoaded(rules, e)
		if err != nil {
			return nil, false, err
		}
		if loaded {
			files = append(files, e.file())
		}
	}
	tooMany := CheckJobFiles(len(files))
	for _, m := range rules.Mistakes() {
		files = append(files, unreadable(repo.Entry{Path: m.Path, Blob: m.Blob}, m.Line, m.Message))
	}
	return files, linked || !rules.Empty(), tooMany
}

func (l *Loader) ignoreRules(ctx context.Context, entries []entry) (*prowignore.Rules, error) {
	var files []prowignore.File
	for _, e := range entries {
		if l.Layout.IsIgnoreFile(e.Path) && e.leads == toContent {
			files = append(files, prowignore.File{Dir: l.Layout.BelowJobConfig(path.Dir(e.Path)), Path: e.Path, Blob: e.Blob})
		}
	}
	return prowignore.Read(ctx, l.Objects, files)
}

// isLoaded reports whether Prow loads an entry as a job file.
func (l *Loader) isLoaded(rules *prowignore.Rules, e entry) (bool, error) {
	switch root := e.Path == l.Layout.JobConfig; {
	case !l.Layout.IsJobFile(e.Path) || e.Mode == repo.ModeSubmodule:
		return false, nil
	case root && e.leads == toDirectory && !layout.IsYAML(e.Path):
		// Prow's walk does not follow the link.
		return false, nil
	case root, e.leads == toNowhere:
		// Prow does not ignore a dangling link.
		return true, nil
	}
	ignored, err := rules.Ignored(l.Layout.BelowJobConfig(e.Path), e.leads == toDirectory)
	return !ignored, err
}

// JobConfigExists returns a *MissingPathError if there is no file at the path of the job
// files.
func (l *Loader) JobConfigExists(ctx context.Context, tree string) error {
	files, err := l.Objects.List(ctx, tree, l.Layout.JobConfig)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return &MissingPathError{Path: l.Layout.JobConfig, Setting: "job_config"}
	}
	return nil
}
