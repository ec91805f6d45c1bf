package plan

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/prowtree"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/snapshot"
)

// cold reads the whole configuration of a tree once, file by file, and keeps only
// summaries. Presets come first, because no job can be validated without them.
func (w *work) cold(ctx context.Context, tree string) (*snapshot.Snapshot, error) {
	found, err := w.List(ctx, tree)
	if err != nil {
		return nil, err
	}
	s := &snapshot.Snapshot{Tree: tree, Listing: found}
	if s.Prow, err = w.ProwConfig(ctx, s.Config); err != nil {
		return nil, err
	}
	entries, entangled, err := w.JobFiles(ctx, tree)
	if err != nil {
		return nil, err
	}
	if len(entries) == 0 && w.Layout.JobConfig != "" {
		if err := w.JobConfigExists(ctx, tree); err != nil {
			return nil, err
		}
	}
	s.Entangled = entangled
	withPresets, err := w.PresetFiles(ctx, entries)
	if err != nil {
		return nil, err
	}
	presets := affected.NewAnchor(append(withPresets, s.Prow.Main)).With(nil).Presets()
	if err := w.loadWith(ctx, s, entries, presets); err != nil {
		return nil, err
	}
	if all := s.Revision.Presets(); len(all) != len(presets) {
		// YAML can spell the word in ways that a text search does not find.
		return s, w.loadWith(ctx, s, entries, all)
	}
	return s, nil
}

// loadWith loads and validates all jobs, given all presets.
func (w *work) loadWith(ctx context.Context, s *snapshot.Snapshot, entries []prowtree.File, presets []affected.PlacedPreset) error {
	s.Problems = snapshot.Problems{}
	if err := checkPresets(presets); err != nil {
		return err
	}
	if s.Broken() {
		s.Problems[snapshot.OfFile(affected.MainKey)] = *s.Prow.Err
	} else {
		s.Defaults = affected.NewDefaults(w.Layout.ProwConfig, s.Prow.Config, presets)
	}
	loaded, err := w.loadAll(ctx, s, entries)
	if err != nil {
		return err
	}
	s.Index(loaded)
	if err := checkJobs(s.Revision); err != nil {
		return err
	}
	w.setDuplicates(s.Problems, presets)
	return s.Problems.SetClashes(ctx, s.Revision, keysOf(loaded))
}

func keysOf(files []*affected.Loaded) []string {
	out := make([]string, len(files))
	for i, f := range files {
		out[i] = f.Key()
	}
	return out
}

// loadAll summarises and validates all job files, and the jobs of the main
// file.
func (w *work) loadAll(ctx context.Context, s *snapshot.Snapshot, entries []prowtree.File) ([]*affected.Loaded, error) {
	places := map[string][]*affected.Loaded{}
	var loaded []*affected.Loaded
	for _, e := range entries {
		if e.Err != nil {
			loaded = append(loaded, e.Unreadable())
			s.Problems[snapshot.OfFile(e.Path)] = *e.Err
			continue
		}
		places[e.Blob] = append(places[e.Blob], &affected.Loaded{Path: e.Path})
	}
	if len(s.Prow.Main.Jobs) > 0 {
		main := s.Prow.Main
		places[main.Blob] = append(places[main.Blob], &affected.Loaded{Path: main.Path, Main: true})
	} else {
		loaded = append(loaded, s.Prow.Main)
	}
	var mu sync.Mutex
	all := efforts{max: maxSteps, what: "all jobs"}
	err := w.EachJobFile(ctx, slices.Collect(maps.Keys(places)), func(id string, parsed *prowtree.JobFile) error {
		invalid, err := validate(s.Defaults, parsed, &all)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		for _, at := range places[id] {
			l := parsed.At(at.Path, id)
			l.Main = at.Main
			loaded = append(loaded, l)
			if l.Err != nil {
				s.Problems[snapshot.OfFile(l.Key())] = *l.Err
			}
			for job, message := range invalid {
				s.Problems[snapshot.Key{File: l.Key(), About: snapshot.OneJob, Text: job}] = affected.FileError{File: l.Path, Message: message}
			}
		}
		return nil
	})
	return loaded, err
}

// validate returns the reasons why Prow refuses jobs of a file, by the keys of the jobs.
// The jobs cannot be used afterwards; the summary does not share what defaulting changes.
func validate(d *affected.Defaults, p *prowtree.JobFile, all *efforts) (map[string]string, error) {
	if d == nil || p.Err != nil {
		return nil, nil
	}
	var invalid map[string]string
	for i, raw := range p.Raws {
		if err := all.add(d, raw); err != nil {
			return nil, err
		}
		if err := d.Check(raw); err != nil {
			if invalid == nil {
				invalid = map[string]string{}
			}
			invalid[p.File.Jobs[i].Ref.Key()] = prowtree.Cut(err.Error())
		}
	}
	return invalid, nil
}
