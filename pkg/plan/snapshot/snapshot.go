// Package snapshot describes one tree of a config repository: its job files in summary,
// Prow's own configuration, and why Prow would refuse it. A snapshot can be kept on disk.
package snapshot

import (
	"maps"
	"slices"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/prowtree"
)

// Snapshot describes one tree. It is immutable once it is complete.
type Snapshot struct {
	// Tree is the tree, or a commit with it.
	Tree string
	// Revision is its job files: an anchor, and the differences from it.
	Revision *affected.Revision
	anchor   *affected.Anchor
	changed  map[string]*affected.Loaded
	// Entangled says that the list of job files depends on more than their paths.
	Entangled bool

	prowtree.Listing
	Prow     *prowtree.ProwConfig
	Defaults *affected.Defaults
	Problems Problems
}

// Broken reports whether Prow's own configuration cannot be loaded.
func (s *Snapshot) Broken() bool { return s.Prow.Err != nil }

// Index sets the job files of a new snapshot, which becomes an anchor for others.
func (s *Snapshot) Index(files []*affected.Loaded) {
	s.anchor, s.changed = affected.NewAnchor(files), map[string]*affected.Loaded{}
	s.Revision = s.anchor.With(s.changed)
}

// Next returns a new snapshot of another tree, with everything copied from this one. Call
// Replace for the differences.
func (s *Snapshot) Next(tree string) *Snapshot {
	next := *s
	next.Tree, next.Problems = tree, maps.Clone(s.Problems)
	return &next
}

// Replace replaces job files of an incomplete snapshot, by their keys. Removed files are
// nil.
func (s *Snapshot) Replace(files map[string]*affected.Loaded) {
	s.changed = maps.Clone(s.changed)
	maps.Copy(s.changed, files)
	s.Revision = s.anchor.With(s.changed)
}

// Distance returns the number of job files that differ from the anchor.
func (s *Snapshot) Distance() int { return len(s.changed) }

// Compact returns the same snapshot as an anchor, with distance 0.
func (s *Snapshot) Compact() *Snapshot {
	out := *s
	out.Index(slices.Collect(s.Revision.Files()))
	return &out
}
