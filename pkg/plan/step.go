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
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// comparison is what one step from a known state to another tree found.
type comparison struct {
	after *state
	delta *affected.Delta
	// files are the keys of what differs.
	files []string
	// changes are the files that differ, for git.
	changes  []repo.Change
	print    fingerprint
	jobs     []affected.Job
	outlines *affected.Outlines
	gates    gates
	warnings []string
	// unknown are the job files with fields that Prow does not know.
	unknown []prowtree.Unknown
}

// readAlong is how many changed files may be read together with what they
// replace: the cache has to hold them until they are compared.
const readAlong = 40

// step reads what differs between a known state and a tree. The affected jobs
// and warnings are only worked out when wanted; validity always is.
func (w *work) step(ctx context.Context, from *state, tree string, wanted bool) (*comparison, error) {
	changes, err := w.Objects.Diff(ctx, from.tree, tree)
	if err != nil {
		return nil, err
	}
	c := &comparison{outlines: affected.NewOutlines(), gates: gates{config: w.gates}}
	c.changes = changes
	for _, change := range changes {
		c.files = append(c.files, change.Path)
	}
	to := *from
	c.after = &to
	to.tree = tree
	to.problems = maps.Clone(from.problems)
	if err := w.stepJobFiles(ctx, from, c, changes, wanted); err != nil {
		return nil, err
	}
	if err := w.stepProwConfig(ctx, from, c, wanted); err != nil {
		return nil, err
	}
	if err := checkJobs(to.revision); err != nil {
		return nil, err
	}
	if wanted {
		c.warnings = append(c.warnings, w.unknownFields(ctx, c.unknown)...)
	}
	if err := w.newDelta(ctx, c, from, from.defaults, wanted); err != nil {
		return nil, err
	}
	return c, w.evaluate(ctx, c, wanted)
}

// stepJobFiles finds out which job files the tree has, and reads those that
// differ.
func (w *work) stepJobFiles(ctx context.Context, from *state, c *comparison, changes []repo.Change, wanted bool) error {
	l, to := w.Layout, c.after
	var added []prowtree.File
	var gone []string
	isRule := func(ch repo.Change) bool {
		return l.IsIgnoreFile(ch.Path) || l.IsMisnamed(ch.Path) || l.IsJobFile(ch.Path) && ch.NewMode == repo.ModeSymlink
	}
	if from.entangled || slices.ContainsFunc(changes, isRule) {
		files, entangled, err := w.JobFiles(ctx, to.tree)
		if err != nil {
			return err
		}
		to.entangled = entangled
		added, gone = differing(from.revision, files)
		for _, e := range added {
			c.files = append(c.files, e.Path)
		}
		c.files = append(c.files, gone...)
		slices.Sort(c.files)
		c.files = slices.Compact(c.files)
	} else {
		for _, ch := range changes {
			switch {
			case !l.IsJobFile(ch.Path):
			case ch.NewBlob == "" || ch.NewMode == repo.ModeSubmodule:
				gone = append(gone, ch.Path)
			default:
				added = append(added, prowtree.File{Path: ch.Path, Blob: ch.NewBlob})
			}
		}
	}
	if len(added)+len(gone) > 0 {
		if err := w.replace(ctx, from, c, added, gone, wanted); err != nil {
			return err
		}
	}
	// A directory needs no job files to exist, but any file.
	isGone := func(ch repo.Change) bool { return ch.NewBlob == "" && layout.Below(ch.Path, l.JobConfig) }
	if slices.ContainsFunc(changes, isGone) && !hasJobFiles(to.revision) {
		return w.JobConfigExists(ctx, to.tree)
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

// replace reads the added files. What they replace is read along when the jobs
// will be compared, since one look at the repository is cheaper than two.
func (w *work) replace(ctx context.Context, from *state, c *comparison, added []prowtree.File, gone []string, wanted bool) error {
	to := c.after
	to.changed = maps.Clone(to.changed)
	if err := prowtree.CheckJobFiles(len(added)); err != nil {
		return err
	}
	replace := w.replaceFew
	if len(added) > readAlong {
		replace = w.replaceMany
	}
	if err := replace(ctx, from, c, added, wanted); err != nil {
		return err
	}
	for _, p := range gone {
		to.changed[p] = nil
	}
	to.revision = to.anchor.With(to.changed)
	return nil
}

// replaceFew reads files together with what they replace, and keeps both.
func (w *work) replaceFew(ctx context.Context, from *state, c *comparison, added []prowtree.File, wanted bool) error {
	var blobs []string
	for _, e := range added {
		if e.Err == nil {
			blobs = append(blobs, e.Blob)
		}
		if old := from.revision.File(e.Path); wanted && old != nil && old.File != nil {
			blobs = append(blobs, old.Blob)
		}
	}
	parsed, err := w.Parse(ctx, blobs)
	if err != nil {
		return err
	}
	for _, e := range added {
		c.add(e, parsed[e.Blob])
	}
	return nil
}

// replaceMany reads files of which only the summaries stay.
func (w *work) replaceMany(ctx context.Context, _ *state, c *comparison, added []prowtree.File, _ bool) error {
	places := map[string][]prowtree.File{}
	for _, e := range added {
		if e.Err == nil {
			places[e.Blob] = append(places[e.Blob], e)
		} else {
			c.add(e, nil)
		}
	}
	var mu sync.Mutex
	err := w.EachJobFile(ctx, slices.Collect(maps.Keys(places)), func(id string, p *prowtree.JobFile) error {
		mu.Lock()
		defer mu.Unlock()
		for _, e := range places[id] {
			c.add(e, p)
		}
		return nil
	})
	slices.SortFunc(c.unknown, func(a, b prowtree.Unknown) int { return strings.Compare(a.Path, b.Path) })
	return err
}

// add puts a file that was read, unless it cannot be, into the state after the change.
func (c *comparison) add(e prowtree.File, p *prowtree.JobFile) {
	if e.Err != nil {
		c.after.changed[e.Path] = e.Unreadable()
		return
	}
	c.after.changed[e.Path] = p.At(e.Path, e.Blob)
	if p.Unknown != "" {
		c.unknown = append(c.unknown, prowtree.Unknown{Path: e.Path, Blob: e.Blob, Message: p.Unknown})
	}
}

// stepProwConfig reads Prow's own configuration again when it differs, and
// puts together the defaults that result.
func (w *work) stepProwConfig(ctx context.Context, from *state, c *comparison, strict bool) error {
	l, to := w.Layout, c.after
	if from.Linked || slices.ContainsFunc(c.files, w.isProwFile) {
		var err error
		if to.Listing, err = w.List(ctx, to.tree); err != nil {
			return err
		}
	}
	if to.Config.Key(l) != from.Config.Key(l) {
		if err := w.changeProwConfig(ctx, c, strict); err != nil {
			return err
		}
	}
	if to.prow == from.prow && to.revision == from.revision {
		return nil
	}
	presets := to.revision.Presets()
	if to.prow == from.prow && samePresets(presets, from.defaults.Presets) {
		return nil
	}
	config := to.prow.Config
	if config == nil {
		config = from.defaults.Config
	}
	to.defaults = affected.NewDefaults(l.ProwConfig, config, presets)
	w.setDuplicates(to.problems, presets)
	return nil
}

// isProwFile says whether a file is of Prow's own configuration, or some source
// watches it.
func (w *work) isProwFile(p string) bool { return w.Layout.IsProwFile(p) || w.IsWatched(p) }

func (w *work) changeProwConfig(ctx context.Context, c *comparison, strict bool) error {
	to := c.after
	var err error
	load := w.ProwConfig
	if strict {
		load = w.StrictProwConfig
	}
	if to.prow, err = load(ctx, to.Config); err != nil {
		return err
	}
	if to.prow.Unknown != nil {
		c.warnings = append(c.warnings, w.unknownFields(ctx, []prowtree.Unknown{*to.prow.Unknown})...)
	}
	key := problemKey{affected.MainKey, wholeFile}
	delete(to.problems, key)
	if to.broken() {
		to.problems[key] = *to.prow.Err
		return nil
	}
	to.changed = maps.Clone(to.changed)
	to.changed[affected.MainKey] = to.prow.Main
	c.files = append(c.files, affected.MainKey)
	to.revision = to.anchor.With(to.changed)
	return nil
}

// samePresets compares by identity: unchanged files share their presets.
func samePresets(a, b []affected.PlacedPreset) bool {
	return slices.EqualFunc(a, b, func(x, y affected.PlacedPreset) bool {
		return x.File == y.File && maps.Equal(x.Labels, y.Labels) && sameSlice(x.Env, y.Env) && sameSlice(x.Volumes, y.Volumes) &&
			sameSlice(x.VolumeMounts, y.VolumeMounts) && sameSlice(x.Tolerations, y.Tolerations)
	})
}

func sameSlice[T any](a, b []T) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// setDuplicates looks again for presets that are there twice. Prow only looks
// where there are job files to merge.
func (w *work) setDuplicates(p problems, presets []affected.PlacedPreset) {
	maps.DeleteFunc(p, func(k problemKey, _ affected.FileError) bool { return strings.HasPrefix(k.job, duplicates) })
	if w.Layout.JobConfig == "" {
		return
	}
	for _, e := range affected.DuplicatePresets(presets) {
		p[problemKey{e.File, duplicates + e.Message}] = e
	}
}

// setClashes looks again at everything that a changed file, or one that
// clashed before, may clash with.
func (p problems) setClashes(ctx context.Context, r *affected.Revision, files []string) error {
	again := map[string]*affected.Loaded{}
	look := func(key string) {
		if f := r.File(key); f != nil {
			again[key] = f
		}
	}
	for _, key := range files {
		look(key)
	}
	for k := range p {
		if strings.HasPrefix(k.job, clashes) {
			// The path may be the main file's.
			look(k.file)
			look(affected.MainKey)
			delete(p, k)
		}
	}
	found, err := r.Clashes(ctx, maps.Values(again))
	for _, e := range found {
		p[problemKey{e.File, clashes + e.Message}] = e
	}
	return err
}
