package plan

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/layout"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/prowtree"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/snapshot"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// step leads from a known state to another tree. Only what differs is read.
type step struct {
	after *snapshot.Snapshot
	delta *affected.Delta
	// files are the keys of the files that differ.
	files []string
	// changes are the files that differ, according to Git.
	changes []repo.Change
	// added are the job files that have to be read, gone those that no longer exist.
	added []prowtree.File
	gone  []string
	// read are the job files that were read.
	read map[string]*affected.Loaded
	// unknown are the job files with fields that Prow does not know.
	unknown []prowtree.Unknown
}

// comparison is the result of a step to the tree of a pull request.
type comparison struct {
	step
	print    fingerprint
	jobs     []affected.Job
	outlines *affected.Outlines
	gates    gates
	warnings []string
}

// readAlong is how many changed files may be read together with their previous versions.
// The cache has to keep them until they are compared.
const readAlong = 40

// advance returns the state of another tree. It does not determine which jobs differ,
// only which are valid.
func (w *stepper) advance(ctx context.Context, from *snapshot.Snapshot, tree string) (*snapshot.Snapshot, error) {
	s, err := w.begin(ctx, from, tree)
	if err != nil {
		return nil, err
	}
	if err := w.readJobFiles(ctx, s, nil); err != nil {
		return nil, err
	}
	if err := w.stepProwConfig(ctx, from, s, w.ProwConfig); err != nil {
		return nil, err
	}
	if err := checkJobs(s.after.Revision); err != nil {
		return nil, err
	}
	s.delta = w.newDelta(s, from, from.Defaults)
	s.delta.ValidityOnly = true
	if err := s.delta.Compare(ctx, w.options.Sources, treeReader{w.evaluator, tree}); err != nil {
		return nil, err
	}
	return s.after, w.validate(ctx, s)
}

// compare compares a known state with another tree.
func (w *stepper) compare(ctx context.Context, from *snapshot.Snapshot, tree string) (*comparison, error) {
	s, err := w.begin(ctx, from, tree)
	if err != nil {
		return nil, err
	}
	c := &comparison{step: *s, outlines: affected.NewOutlines(), gates: gates{config: w.gates}}
	// Reading both at once is cheaper than reading twice.
	if err := w.readJobFiles(ctx, &c.step, c.replaced(from)); err != nil {
		return nil, err
	}
	if err := w.stepProwConfig(ctx, from, &c.step, w.StrictProwConfig); err != nil {
		return nil, err
	}
	if err := checkJobs(c.after.Revision); err != nil {
		return nil, err
	}
	if u := c.after.Prow.Unknown; u != nil {
		c.warnings = w.unknownFields(ctx, []prowtree.Unknown{*u})
	}
	c.warnings = append(c.warnings, w.unknownFields(ctx, c.unknown)...)
	return c, w.evaluate(ctx, c, from, from.Defaults)
}

// begin determines what differs.
func (w *stepper) begin(ctx context.Context, from *snapshot.Snapshot, tree string) (*step, error) {
	changes, err := w.Objects.Diff(ctx, from.Tree, tree)
	if err != nil {
		return nil, err
	}
	s := &step{after: from.Next(tree), changes: changes, files: pathsOf(changes)}
	return s, w.findJobFiles(ctx, from, s)
}

func pathsOf(changes []repo.Change) []string {
	var out []string
	for _, ch := range changes {
		out = append(out, ch.Path)
	}
	return out
}

// findJobFiles determines which job files the tree has.
func (w *stepper) findJobFiles(ctx context.Context, from *snapshot.Snapshot, s *step) error {
	l, to := w.Layout, s.after
	isRule := func(ch repo.Change) bool {
		return l.IsIgnoreFile(ch.Path) || l.IsMisnamed(ch.Path) || l.IsJobFile(ch.Path) && ch.NewMode == repo.ModeSymlink
	}
	if !from.Entangled && !slices.ContainsFunc(s.changes, isRule) {
		for _, ch := range s.changes {
			switch {
			case !l.IsJobFile(ch.Path):
			case ch.NewBlob == "" || ch.NewMode == repo.ModeSubmodule:
				s.gone = append(s.gone, ch.Path)
			default:
				s.added = append(s.added, prowtree.File{Path: ch.Path, Blob: ch.NewBlob})
			}
		}
		return nil
	}
	files, entangled, err := w.JobFiles(ctx, to.Tree)
	if err != nil {
		return err
	}
	to.Entangled = entangled
	s.added, s.gone = differing(from.Revision, files)
	for _, f := range s.added {
		s.files = append(s.files, f.Path)
	}
	s.files = append(s.files, s.gone...)
	slices.Sort(s.files)
	s.files = slices.Compact(s.files)
	return nil
}

// replaced returns the blobs that the added files replace.
func (s *step) replaced(from *snapshot.Snapshot) []string {
	var blobs []string
	for _, f := range s.added {
		if old := from.Revision.File(f.Path); old != nil && old.File != nil {
			blobs = append(blobs, old.Blob)
		}
	}
	return blobs
}

// readJobFiles reads the job files that differ, together with some other blobs if these
// are few.
func (w *stepper) readJobFiles(ctx context.Context, s *step, along []string) error {
	to := s.after
	if len(s.added)+len(s.gone) > 0 {
		s.read = make(map[string]*affected.Loaded, len(s.added)+len(s.gone))
		if err := w.readAdded(ctx, s, along); err != nil {
			return err
		}
		for _, p := range s.gone {
			s.read[p] = nil
		}
		to.Replace(s.read)
	}
	// A directory exists if it has any file, even without job files.
	isGone := func(ch repo.Change) bool { return ch.NewBlob == "" && layout.Below(ch.Path, w.Layout.JobConfig) }
	if slices.ContainsFunc(s.changes, isGone) && !hasJobFiles(to.Revision) {
		return w.JobConfigExists(ctx, to.Tree)
	}
	return nil
}

func hasJobFiles(r *affected.Revision) bool {
	for f := range r.Files() {
		if !f.Main {
			return true
		}
	}
	return false
}

// differing compares a revision's job files with a list.
func differing(r *affected.Revision, files []prowtree.File) (added []prowtree.File, gone []string) {
	now := make(map[string]bool, len(files))
	for _, e := range files {
		now[e.Path] = true
		f := r.File(e.Path)
		if f == nil || f.Blob != e.Blob || e.Err != nil && (f.Err == nil || *f.Err != *e.Err) {
			added = append(added, e)
		}
	}
	for f := range r.Files() {
		if !f.Main && !now[f.Path] {
			gone = append(gone, f.Path)
		}
	}
	return added, gone
}

// readAdded reads the added files.
func (w *stepper) readAdded(ctx context.Context, s *step, along []string) error {
	if err := prowtree.CheckJobFiles(len(s.added)); err != nil {
		return err
	}
	if len(s.added) > readAlong {
		return w.readMany(ctx, s)
	}
	blobs := slices.Clone(along)
	for _, f := range s.added {
		if f.Err == nil {
			blobs = append(blobs, f.Blob)
		}
	}
	parsed, err := w.Parse(ctx, blobs)
	if err != nil {
		return err
	}
	for _, f := range s.added {
		s.add(f, parsed[f.Blob])
	}
	return nil
}

// readMany reads files and keeps only their summaries.
func (w *stepper) readMany(ctx context.Context, s *step) error {
	places := map[string][]prowtree.File{}
	for _, e := range s.added {
		if e.Err == nil {
			places[e.Blob] = append(places[e.Blob], e)
		} else {
			s.add(e, nil)
		}
	}
	var mu sync.Mutex
	err := w.EachJobFile(ctx, slices.Collect(maps.Keys(places)), func(id string, p *prowtree.JobFile) error {
		mu.Lock()
		defer mu.Unlock()
		for _, e := range places[id] {
			s.add(e, p)
		}
		return nil
	})
	slices.SortFunc(s.unknown, func(a, b prowtree.Unknown) int { return strings.Compare(a.Path, b.Path) })
	return err
}

// add adds a file to the state after the change, unless it could not be read.
func (s *step) add(e prowtree.File, p *prowtree.JobFile) {
	if e.Err != nil {
		s.read[e.Path] = e.Unreadable()
		return
	}
	s.read[e.Path] = p.At(e.Path, e.Blob)
	if p.Unknown != "" {
		s.unknown = append(s.unknown, prowtree.Unknown{Path: e.Path, Blob: e.Blob, Message: p.Unknown})
	}
}

// stepProwConfig loads Prow's own configuration again when it differs, and derives the
// defaults from it.
func (w *stepper) stepProwConfig(ctx context.Context, from *snapshot.Snapshot, s *step, load loadConfig) error {
	to := s.after
	if from.Linked || slices.ContainsFunc(s.files, w.isProwFile) {
		var err error
		if to.Listing, err = w.List(ctx, to.Tree); err != nil {
			return err
		}
	}
	if to.Config.Key(w.Layout) != from.Config.Key(w.Layout) {
		prow, err := load(ctx, to.Config)
		if err != nil {
			return err
		}
		s.changeProwConfig(prow)
	}
	if to.Prow == from.Prow && to.Revision == from.Revision {
		return nil
	}
	presets := to.Revision.Presets()
	if to.Prow == from.Prow && samePresets(presets, from.Defaults.Presets) {
		return nil
	}
	config := to.Prow.Config
	if config == nil {
		config = from.Defaults.Config
	}
	to.Defaults = affected.NewDefaults(w.Layout.ProwConfig, config, presets)
	w.setDuplicates(to.Problems, presets)
	return nil
}

// loadConfig is one of the ways to load Prow's configuration.
type loadConfig func(context.Context, prowtree.ConfigFiles) (*prowtree.ProwConfig, error)

// isProwFile reports whether a file belongs to Prow's own configuration, or a source
// watches it.
func (w *stepper) isProwFile(p string) bool { return w.Layout.IsProwFile(p) || w.IsWatched(p) }

func (s *step) changeProwConfig(prow *prowtree.ProwConfig) {
	to := s.after
	to.Prow = prow
	key := snapshot.OfFile(affected.MainKey)
	delete(to.Problems, key)
	if to.Broken() {
		to.Problems[key] = *prow.Err
		return
	}
	to.Replace(map[string]*affected.Loaded{affected.MainKey: prow.Main})
	s.files = append(s.files, affected.MainKey)
}

// setDuplicates looks again for duplicate presets. Prow only checks this if there are job
// files to merge.
func (w *stepper) setDuplicates(p snapshot.Problems, presets []affected.PlacedPreset) {
	if w.Layout.JobConfig == "" {
		presets = nil
	}
	p.SetDuplicates(presets)
}

// samePresets compares by identity, because unchanged files share their presets.
func samePresets(a, b []affected.PlacedPreset) bool {
	return slices.EqualFunc(a, b, func(x, y affected.PlacedPreset) bool {
		return x.File == y.File && maps.Equal(x.Labels, y.Labels) && sameSlice(x.Env, y.Env) && sameSlice(x.Volumes, y.Volumes) &&
			sameSlice(x.VolumeMounts, y.VolumeMounts) && sameSlice(x.Tolerations, y.Tolerations)
	})
}

func sameSlice[T any](a, b []T) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}
