package plan

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/gate"
	"github.com/rehearsal-dev/rehearsal/pkg/key"
	"github.com/rehearsal-dev/rehearsal/pkg/layout"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// work is one plan in the making.
type work struct {
	*Incremental
	objects repo.Objects
	layout  layout.Layout
	// watched are the files and directories that sources watch.
	watched    []string
	repository string
	head       string
	gates      gate.Config
	// changed adds up what it takes to make the jobs that differ, expected the same
	// as far as it can be told before they are read.
	changed, expected efforts
}

// state is what is known of one tree. It is not changed once it is made.
type state struct {
	// tree is the tree, or a commit with it.
	tree string
	// anchor and changed make up revision.
	anchor   *affected.Anchor
	changed  map[string]*affected.Loaded
	revision *affected.Revision
	// entangled: which job files there are depends on more than their paths.
	entangled bool

	prowListing
	prow     *prowConfig
	defaults *affected.Defaults
	problems problems
}

// broken reports whether Prow's own configuration cannot be loaded.
func (s *state) broken() bool { return s.prow.err != nil }

// compact returns the same state as an anchor of its own.
func (s *state) compact() *state {
	out := *s
	out.anchor = affected.NewAnchor(slices.Collect(s.revision.Files()))
	out.changed = map[string]*affected.Loaded{}
	out.revision = out.anchor.With(out.changed)
	return &out
}

// problemKey is a job of a file, or the file itself.
type problemKey struct {
	file, job string
}

// problems is what Prow would refuse a tree for.
type problems map[problemKey]affected.FileError

// Parts of a problemKey that are no job.
const (
	wholeFile  = ""
	clashes    = "\x00clash"
	duplicates = "\x00duplicate"
)

func (p problems) list() []affected.FileError {
	out := slices.Collect(maps.Values(p))
	affected.SortErrors(out)
	return slices.Compact(out)
}

// forgetFiles drops what was wrong with files that are looked at again. What is
// wrong with Prow's own configuration as a whole is found where it is read.
func (p problems) forgetFiles(keys map[string]bool) {
	maps.DeleteFunc(p, func(k problemKey, _ affected.FileError) bool {
		ofMain := k.job == wholeFile && k.file == affected.MainKey
		ofAll := len(k.job) > 0 && k.job[0] == 0
		return keys[k.file] && !ofMain && !ofAll
	})
}

// inLoadingOrder lists what keeps files from being loaded before what is wrong
// with what they say: Prow's loader does not get that far.
func (p problems) inLoadingOrder() []affected.FileError {
	load := problems{}
	for k, e := range p {
		if k.job == wholeFile || strings.HasPrefix(k.job, duplicates) || strings.HasPrefix(e.Message, "duplicated basename") {
			load[k] = e
		}
	}
	if len(load) > 0 {
		return load.list()
	}
	return p.list()
}

// prowListing is what a tree has of Prow's configuration, and of what sources watch.
type prowListing struct {
	files prowFiles
	// watched are blobs by path.
	watched map[string]string
	// linked says that some are symbolic links, so that their content may change
	// without them.
	linked bool
}

// listProw lists Prow's configuration, and what sources watch.
func (w *work) listProw(ctx context.Context, tree string) (prowListing, error) {
	version := w.layout.VersionFile()
	paths := slices.Concat([]string{w.layout.ProwConfig, version}, w.layout.SupplementalProwConfigDirs, w.watched)
	entries, err := w.objects.List(ctx, tree, paths...)
	if err != nil {
		return prowListing{}, err
	}
	found := prowListing{files: prowFiles{}, watched: map[string]string{}}
	found.linked = slices.ContainsFunc(entries, func(e repo.Entry) bool { return e.Mode == repo.ModeSymlink })
	if found.linked {
		if entries, err = resolveLinks(ctx, w.objects, tree, entries); err != nil {
			return prowListing{}, err
		}
	}
	present := map[string]bool{}
	for _, e := range entries {
		for _, p := range paths {
			present[p] = present[p] || layout.Below(e.Path, p)
		}
		isFile := e.Mode != repo.ModeSubmodule // of which a checkout has an empty directory
		if isFile && w.watches(e.Path) {
			found.watched[e.Path] = e.Blob
		}
		switch {
		case layout.Below(e.Path, version):
			if e.Path != version || !isFile || e.Mode == modeLinkedDirectory {
				found.files[version] = directory
			}
		case isFile && (e.Path == w.layout.ProwConfig || w.layout.IsSupplemental(e.Path)):
			found.files[e.Path] = e.Blob
		}
	}
	if len(found.files) > maxSupplemental {
		return prowListing{}, &repo.BoundError{Bound: fmt.Sprintf("has more than %d files that are merged into Prow's main file", maxSupplemental)}
	}
	return found, missing(w.layout, found.files, present)
}

// missing names the first path of a layout that is not there.
func missing(l layout.Layout, files prowFiles, present map[string]bool) error {
	if files[l.ProwConfig] == "" {
		return &MissingPathError{Path: l.ProwConfig, Setting: "prow_config"}
	}
	for _, d := range l.SupplementalProwConfigDirs {
		if !present[d] {
			return &MissingPathError{Path: d, Setting: "supplemental_prow_config_dirs"}
		}
	}
	return nil
}

func (w *work) loadProw(ctx context.Context, files prowFiles, strict bool) (*prowConfig, error) {
	id := key.Of(files.key(w.layout), strconv.FormatBool(strict))
	if known, ok := w.prow.Get(id); ok {
		return known, nil
	}
	pc, err := loadProwConfig(ctx, w.objects, files, w.layout, strict)
	if err != nil {
		return nil, err
	}
	w.prow.Add(id, pc, 1)
	return pc, nil
}
