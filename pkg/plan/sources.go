package plan

import (
	"context"
	"slices"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/key"
	"github.com/rehearsal-dev/rehearsal/pkg/layout"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/snapshot"
)

// keptParsed limits the parsed files of sources that are kept, in bytes of their text.
const keptParsed = 16 << 20

// watchedBy returns the files and directories that sources watch.
func watchedBy(sources []affected.Source, l layout.Layout) []string {
	var out []string
	for _, s := range sources {
		out = append(out, s.Watches(l)...)
	}
	slices.Sort(out)
	return slices.DeleteFunc(slices.Compact(out), func(p string) bool { return p == "" })
}

// missingWatched returns an error for the first path of the layout that a source watches
// and that does not exist.
func (w *work) missingWatched(s *snapshot.Snapshot) error {
	for _, p := range w.Layout.Paths() {
		there := func() bool {
			for file := range s.Watched {
				if layout.Below(file, p.Value) {
					return true
				}
			}
			return false
		}
		if slices.Contains(w.Watched, p.Value) && !there() {
			return &MissingPathError{Path: p.Value, Setting: p.Setting}
		}
	}
	return nil
}

// newDelta returns what differs between two states, as far as it is known without asking
// the sources.
func (w *evaluator) newDelta(s *step, from *snapshot.Snapshot, old *affected.Defaults) *affected.Delta {
	to := s.after
	return &affected.Delta{
		Before: from.Revision, After: to.Revision, Old: old, New: to.Defaults,
		Layout: w.Layout, Repository: w.repository, Head: w.head,
		WatchedBefore: from.Watched, WatchedAfter: to.Watched,
	}
}

// treeReader implements affected.Reader for the tree of a plan.
type treeReader struct {
	*evaluator
	tree string
}

func (r treeReader) Parsed(ctx context.Context, kind, blob string, parse func([]byte) (any, error)) (any, error) {
	id := key.Of(kind, blob)
	if known, ok := r.known.Get(id); ok {
		return known, nil
	}
	var parsed any
	err := r.Blobs(ctx, []string{blob}, func(_ string, content []byte) (err error) {
		if parsed, err = parse(content); err == nil {
			r.known.Add(id, parsed, int64(len(content)+1))
		}
		return err
	})
	return parsed, err
}

func (r treeReader) Blobs(ctx context.Context, blobs []string, each func(string, []byte) error) error {
	return r.Objects.BlobsUpTo(ctx, affected.MaxFile, blobs, each)
}

func (r treeReader) Merged(ctx context.Context, wanted func(string) bool) (map[string]string, error) {
	return r.Find(ctx, r.tree, wanted)
}

// candidateSource is a source's filter for jobs whose text has not changed.
type candidateSource struct {
	selects func(*affected.Entry) bool
	// quick is nil if the source needs the jobs themselves.
	quick affected.Quick
}

// selecting returns the sources that may affect jobs whose text has not changed.
func (s *step) selecting() []candidateSource {
	var out []candidateSource
	for _, f := range s.delta.Found {
		if selects := f.Selects(); selects != nil {
			quick, _ := f.Evidence.(affected.Quick)
			out = append(out, candidateSource{selects, quick})
		}
	}
	return out
}

// deciding reports whether a job has to be compared. Otherwise it returns the source that
// decides about the job from its summary, if any selects it.
func deciding(sources []candidateSource, e *affected.Entry) (quick affected.Quick, look bool) {
	for _, s := range sources {
		switch {
		case !s.selects(e):
		case s.quick == nil || quick != nil:
			return nil, true
		default:
			quick = s.quick
		}
	}
	return quick, false
}

// ConfigMaps implements Details.
func (l *Local) ConfigMaps(ctx context.Context, jobs []affected.Job) ([]affected.ConfigMapContent, error) {
	var feeders []affected.Feeder
	if l.compared != nil {
		for _, f := range l.compared.delta.Found {
			if feeder, ok := f.Evidence.(affected.Feeder); ok {
				feeders = append(feeders, feeder)
			}
		}
	}
	if len(feeders) == 0 {
		return nil, nil
	}
	merged, err := l.again(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = merged.Close() }()
	files := treeReader{l.planner.work(l.request, merged.Objects).evaluator, merged.Tree}
	var out []affected.ConfigMapContent
	for _, feeder := range feeders {
		contents, err := feeder.Feed(ctx, files, jobs)
		if refused, ok := boundIn(err); ok {
			return nil, refused
		}
		if err != nil {
			return nil, err
		}
		out = append(out, contents...)
	}
	return out, nil
}
