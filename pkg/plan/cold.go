package plan

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// cold reads the whole configuration of a tree once, file by file, and keeps
// summaries only. Presets come first: no job can be validated without them.
func (w *work) cold(ctx context.Context, tree string) (*state, error) {
	found, err := w.listProw(ctx, tree)
	if err != nil {
		return nil, err
	}
	s := &state{tree: tree, changed: map[string]*affected.Loaded{}, prowListing: found}
	if s.prow, err = w.loadProw(ctx, s.files, false); err != nil {
		return nil, err
	}
	entries, entangled, err := jobFiles(ctx, w.objects, tree, w.layout)
	if err != nil {
		return nil, err
	}
	if len(entries) == 0 && w.layout.JobConfig != "" {
		if err := w.jobConfigExists(ctx, tree); err != nil {
			return nil, err
		}
	}
	s.entangled = entangled
	withPresets, err := w.presetFiles(ctx, entries)
	if err != nil {
		return nil, err
	}
	presets := affected.NewAnchor(append(withPresets, s.prow.main)).With(nil).Presets()
	if err := w.loadWith(ctx, s, entries, presets); err != nil {
		return nil, err
	}
	if all := s.revision.Presets(); len(all) != len(presets) {
		// YAML can write the word in ways that a search does not find.
		return s, w.loadWith(ctx, s, entries, all)
	}
	return s, nil
}

// loadWith loads and validates all jobs, given all presets.
func (w *work) loadWith(ctx context.Context, s *state, entries []repo.Entry, presets []affected.PlacedPreset) error {
	s.problems = problems{}
	if err := checkPresets(presets); err != nil {
		return err
	}
	if s.broken() {
		s.problems[problemKey{affected.MainKey, wholeFile}] = *s.prow.err
	} else {
		s.defaults = affected.NewDefaults(w.layout.ProwConfig, s.prow.config, presets)
	}
	loaded, err := w.loadAll(ctx, s, entries)
	if err != nil {
		return err
	}
	s.anchor = affected.NewAnchor(loaded)
	s.revision = s.anchor.With(s.changed)
	if err := checkJobs(s.revision); err != nil {
		return err
	}
	w.setDuplicates(s.problems, presets)
	return s.problems.setClashes(ctx, s.revision, keysOf(loaded))
}

func keysOf(files []*affected.Loaded) []string {
	out := make([]string, len(files))
	for i, f := range files {
		out[i] = f.Key()
	}
	return out
}

func (w *work) jobConfigExists(ctx context.Context, tree string) error {
	any, err := w.objects.List(ctx, tree, w.layout.JobConfig)
	if err != nil {
		return err
	}
	if len(any) == 0 {
		return &MissingPathError{Path: w.layout.JobConfig, Setting: "job_config"}
	}
	return nil
}

var gzipHeader = []byte("\x1F\x8B")

// presetFiles returns the job files that have presets. Most files do not even
// have the word, and are not parsed for it.
func (w *work) presetFiles(ctx context.Context, entries []repo.Entry) ([]*affected.Loaded, error) {
	var mu sync.Mutex
	with := map[string]*affected.File{}
	err := w.eachBlob(ctx, blobsOf(entries), func(id string, content []byte) {
		if !bytes.HasPrefix(content, gzipHeader) && !bytes.Contains(bytes.ToLower(content), []byte("presets")) {
			return
		}
		if p := parseFile(content); p.err == nil && len(p.file.Presets) > 0 {
			mu.Lock()
			defer mu.Unlock()
			with[id] = p.file
		}
	})
	var out []*affected.Loaded
	for _, e := range entries {
		if f := with[e.Blob]; f != nil {
			out = append(out, &affected.Loaded{Path: e.Path, Blob: e.Blob, File: f})
		}
	}
	return out, err
}

func blobsOf(entries []repo.Entry) []string {
	seen := map[string]bool{}
	for _, e := range entries {
		if readable(e) {
			seen[e.Blob] = true
		}
	}
	return slices.Collect(maps.Keys(seen))
}

// loadAll summarises and validates all job files, and the jobs of the main
// file.
func (w *work) loadAll(ctx context.Context, s *state, entries []repo.Entry) ([]*affected.Loaded, error) {
	places := map[string][]repo.Entry{}
	var loaded []*affected.Loaded
	for _, e := range entries {
		if !readable(e) {
			loaded = append(loaded, unreadable(e))
			s.problems[problemKey{e.Path, wholeFile}] = *unreadable(e).Err
			continue
		}
		places[e.Blob] = append(places[e.Blob], e)
	}
	if len(s.prow.main.Jobs) > 0 {
		main := s.files[w.layout.ProwConfig]
		places[main] = append(places[main], repo.Entry{Path: affected.MainKey, Blob: main})
	} else {
		loaded = append(loaded, s.prow.main)
	}
	var mu sync.Mutex
	all := efforts{max: maxSteps, what: "all jobs"}
	err := w.eachJobFile(ctx, slices.Collect(maps.Keys(places)), func(id string, parsed *parsedFile) error {
		invalid, err := validate(s.defaults, parsed, &all)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		for _, e := range places[id] {
			l := parsed.loaded(e, false)
			if e.Path == affected.MainKey {
				e.Path = w.layout.ProwConfig
				l = parsed.loaded(e, true)
			}
			loaded = append(loaded, l)
			if l.Err != nil {
				s.problems[problemKey{l.Key(), wholeFile}] = *l.Err
			}
			for job, message := range invalid {
				s.problems[problemKey{l.Key(), job}] = affected.FileError{File: l.Path, Message: message}
			}
		}
		return nil
	})
	return loaded, err
}

// validate returns Prow's reasons to refuse jobs of a file, by their keys. It
// spends the jobs; the summary does not share what defaulting changes.
func validate(d *affected.Defaults, p *parsedFile, all *efforts) (map[string]string, error) {
	if d == nil || p.err != nil {
		return nil, nil
	}
	var invalid map[string]string
	for i, raw := range p.raws {
		if err := all.add(d, raw); err != nil {
			return nil, err
		}
		if err := d.Check(raw); err != nil {
			if invalid == nil {
				invalid = map[string]string{}
			}
			invalid[p.file.Jobs[i].Ref.Key()] = cut(err.Error())
		}
	}
	return invalid, nil
}
