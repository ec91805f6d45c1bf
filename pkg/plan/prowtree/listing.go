package prowtree

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/rehearsal-dev/rehearsal/pkg/key"
	"github.com/rehearsal-dev/rehearsal/pkg/layout"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// Listing is the files of Prow's configuration in a tree, and the watched files.
type Listing struct {
	Config ConfigFiles
	// Watched are the blobs of watched files, by path.
	Watched map[string]string
	// Linked says that some files are symbolic links, so that their content can change
	// while the links stay the same.
	Linked bool
}

// ConfigFiles are the files that make up Prow's configuration.
type ConfigFiles struct {
	// Blobs are the blobs of the files, by path.
	Blobs map[string]string
	// VersionIsDirectory says that there is a directory where Prow looks for its version
	// file.
	VersionIsDirectory bool
}

// Key returns the same text for equal files.
func (f ConfigFiles) Key(l layout.Layout) string {
	parts := []string{l.Key(), strconv.FormatBool(f.VersionIsDirectory)}
	for _, p := range slices.Sorted(maps.Keys(f.Blobs)) {
		parts = append(parts, p, f.Blobs[p])
	}
	return key.Of(parts...)
}

// paths returns the paths about which Prow may report an error.
func (f ConfigFiles) paths(l layout.Layout) []string {
	out := slices.Sorted(maps.Keys(f.Blobs))
	if f.VersionIsDirectory {
		out = append(out, l.VersionFile())
	}
	return out
}

// List returns the files of Prow's configuration, and those that sources watch.
func (l *Loader) List(ctx context.Context, tree string) (Listing, error) {
	version := l.Layout.VersionFile()
	paths := slices.Concat([]string{l.Layout.ProwConfig, version}, l.Layout.SupplementalProwConfigDirs, l.Watched)
	listed, err := l.Objects.List(ctx, tree, paths...)
	if err != nil {
		return Listing{}, err
	}
	found := Listing{Config: ConfigFiles{Blobs: map[string]string{}}, Watched: map[string]string{}}
	found.Linked = slices.ContainsFunc(listed, func(e repo.Entry) bool { return e.Mode == repo.ModeSymlink })
	entries := asTheyAre(listed)
	if found.Linked {
		if entries, err = resolveLinks(ctx, l.Objects, tree, listed); err != nil {
			return Listing{}, err
		}
	}
	present := map[string]bool{}
	for _, e := range entries {
		for _, p := range paths {
			present[p] = present[p] || layout.Below(e.Path, p)
		}
		isFile := e.Mode != repo.ModeSubmodule // of which a checkout has an empty directory
		if isFile && l.IsWatched(e.Path) {
			found.Watched[e.Path] = e.Blob
		}
		switch {
		case layout.Below(e.Path, version):
			if e.Path != version || !isFile || e.leads == toDirectory {
				found.Config.VersionIsDirectory = true
			}
		case isFile && (e.Path == l.Layout.ProwConfig || l.Layout.IsSupplemental(e.Path)):
			found.Config.Blobs[e.Path] = e.Blob
		}
	}
	if len(found.Config.Blobs) > maxSupplemental {
		return Listing{}, &repo.BoundError{Bound: fmt.Sprintf("has more than %d files that are merged into Prow's main file", maxSupplemental)}
	}
	return found, missing(l.Layout, found.Config, present)
}

// missing returns an error for the first path of a layout that does not exist.
func missing(l layout.Layout, files ConfigFiles, present map[string]bool) error {
	if files.Blobs[l.ProwConfig] == "" {
		return &MissingPathError{Path: l.ProwConfig, Setting: "prow_config"}
	}
	for _, d := range l.SupplementalProwConfigDirs {
		if !present[d] {
			return &MissingPathError{Path: d, Setting: "supplemental_prow_config_dirs"}
		}
	}
	return nil
}

// IsWatched reports whether a file is watched.
func (l *Loader) IsWatched(p string) bool {
	return slices.ContainsFunc(l.Watched, func(dir string) bool { return layout.Below(p, dir) })
}
