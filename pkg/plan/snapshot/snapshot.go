// Package snapshot is what is known of one tree of a config repository: its job files in
// summary, Prow's own configuration, and what Prow would refuse it for. It can be kept
// on disk.
package snapshot

import (
	"maps"
	"slices"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/prowtree"
)

// Snapshot is what is known of one tree. It is not changed once it is made.
type Snapshot struct {
	// Tree is the tree, or a commit with it.
	Tree string
	// Revision is its job files: an anchor, and how they differ from it.
	Revision *affected.Revision
	anchor   *affected.Anchor
	changed  map[string]*affected.Loaded
	// Entangled says that which job files there are depends on more than their paths.
	Entangled bool

	prowtree.Listing
	Prow     *prowtree.ProwConfig
	Defaults *affected.Defaults
	Problems Problems
}

// Broken reports whether Prow's own configuration cannot be loaded.
func (s *Snapshot) Broken() bool { return s.Prow.Err != nil }

// Index sets the job files of a new snapshot, by which others are described.
func (s *Snapshot) Index(files []*affected.Loaded) {
	s.anchor, s.changed = affected.NewAnchor(files), map[string]*affected.Loaded{}
	s.Revision = s.anchor.With(s.changed)
}

// Next is the beginning of a snapshot of another tree: all that is not changed is as it
// was.
func (s *Snapshot) Next(tree string) *Snapshot {
	next := *s
	next.Tree, next.Problems = tree, maps.Clone(s.Problems)
	return &next
}

// Replace replaces job files of a snapshot in the making, by their keys. Those that are
// gone are nil.
func (s *Snapshot) Replace(files map[string]*affected.Loaded) {
	s.changed = maps.Clone(s.changed)
	maps.Copy(s.changed, files)
	s.Revision = s.anchor.With(s.changed)
}

// Distance is how many job files are not as they were when all of them were read.
func (s *Snapshot) Distance() int { return len(s.changed) }

// Compact returns the same snapshot with no distance.
func (s *Snapshot) Compact() *Snapshot {
	out := *s
	out.Index(slices.Collect(s.Revision.Files()))
	return &out
}
