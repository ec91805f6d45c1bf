package affected

import (
	"fmt"
	"iter"
	"maps"
	"path"
	"slices"
	"strings"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
)

// Loaded is one job file of a revision: its summary, or the error.
type Loaded struct {
	Path string
	Blob string
	*File
	Err *FileError
	// Main marks Prow's own configuration file, which may have jobs, too.
	Main bool
}

// MainKey is the key of Prow's own configuration file.
const MainKey = "\x00main"

// Key identifies a file in a revision. It is the path, but MainKey for the main file,
// whose path may also be that of a job file.
func (l *Loaded) Key() string {
	if l.Main {
		return MainKey
	}
	return l.Path
}

// At is the I-th job of a job file.
type At struct {
	*Loaded
	I int
}

// Entry returns the job's summary.
func (a At) Entry() *Entry { return &a.Jobs[a.I] }

// finder finds the jobs of a set of files.
type finder interface {
	// file returns a file by its key, or nil.
	file(key string) *Loaded
	// all yields all files by key, in no order.
	all() iter.Seq2[string, *Loaded]
	named(l label) []At
	// withContext returns the jobs that report to a context, except those with the context
	// as their name.
	withContext(l label) []At
	// withBase returns the keys of the job files with a base name.
	withBase(base string) []string
	withPresets() []*Loaded
	// targeting returns the files with jobs of a repository, given in lower case.
	targeting(repo string) []*Loaded
	count() int
}

// index is a finder with all files in memory.
type index struct {
	files    map[string]*Loaded
	names    map[label][]At
	contexts map[label][]At
	bases    map[string][]string
	targets  map[string][]*Loaded
	presets  []*Loaded
	jobs     int
	// crowd says that too many jobs are alike, and crowdFile in which file.
	crowd, crowdFile string
}

// maxNamesakes bounds the jobs with the same type, repository and name, and those that
// report to the same context: each pair is compared. There is one for each branch, and no
// repository has so many.
const maxNamesakes = 500

// label is a name or a status context of a job.
type label struct {
	kind prowapi.ProwJobType
	repo string
	text string
}

func (e *Entry) name() label    { return label{e.Ref.Type, e.Ref.Repo, e.Ref.Name} }
func (e *Entry) context() label { return label{e.Ref.Type, e.Ref.Repo, e.Context} }

func newIndex(files iter.Seq[*Loaded]) *index {
	ix := &index{
		files: map[string]*Loaded{}, names: map[label][]At{}, contexts: map[label][]At{}, bases: map[string][]string{},
		targets: map[string][]*Loaded{},
	}
	for f := range files {
		ix.files[f.Key()] = f
		if !f.Main {
			ix.bases[path.Base(f.Path)] = append(ix.bases[path.Base(f.Path)], f.Path)
		}
		if f.File == nil {
			continue
		}
		if len(f.Presets) > 0 {
			ix.presets = append(ix.presets, f)
		}
		ix.jobs += len(f.Jobs)
		for _, repo := range f.targets() {
			ix.targets[repo] = append(ix.targets[repo], f)
		}
		for i := range f.Jobs {
			e := &f.Jobs[i]
			ix.names[e.name()] = append(ix.names[e.name()], At{f, i})
			if e.hasOwnContext() {
				ix.contexts[e.context()] = append(ix.contexts[e.context()], At{f, i})
			}
			ix.crowded(f, e)
		}
	}
	return ix
}

// crowded records if there are too many jobs like this one.
func (ix *index) crowded(f *Loaded, e *Entry) {
	switch {
	case ix.crowd != "":
	case len(ix.names[e.name()]) > maxNamesakes:
		ix.crowd, ix.crowdFile = fmt.Sprintf("more than %d %s jobs of %s are called %s", maxNamesakes, e.Ref.Type, orDefault(e.Ref.Repo, "this file"), Shorten(e.Ref.Name)), f.Path
	case len(ix.contexts[e.context()]) > maxNamesakes:
		ix.crowd, ix.crowdFile = fmt.Sprintf("more than %d %s jobs of %s report to the context %s", maxNamesakes, e.Ref.Type, e.Ref.Repo, Shorten(e.Context)), f.Path
	}
}

func (ix *index) file(key string) *Loaded         { return ix.files[key] }
func (ix *index) all() iter.Seq2[string, *Loaded] { return maps.All(ix.files) }
func (ix *index) named(l label) []At              { return ix.names[l] }
func (ix *index) withContext(l label) []At        { return ix.contexts[l] }
func (ix *index) withBase(base string) []string   { return ix.bases[base] }
func (ix *index) withPresets() []*Loaded          { return ix.presets }
func (ix *index) targeting(repo string) []*Loaded { return ix.targets[repo] }
func (ix *index) count() int                      { return ix.jobs }

// targets returns the target repositories of a file's jobs, in lower case, because names
// on GitHub are not case-sensitive.
func (f *File) targets() []string {
	var out []string
	last := ""
	for i := range f.Jobs {
		if repo := f.Jobs[i].Ref.Repo; repo != "" && repo != last {
			last, out = repo, append(out, strings.ToLower(repo))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Anchor is a revision that has been read completely. Other revisions are stored as
// differences from it, so that they cost only what differs. It never changes and may be
// shared.
type Anchor struct {
	index finder
}

// NewAnchor indexes the job files of a revision.
func NewAnchor(files []*Loaded) *Anchor {
	return &Anchor{index: newIndex(slices.Values(files))}
}

// Revision has the job files of one tree: those of an Anchor, with some files changed.
type Revision struct {
	anchor finder
	// changed has all files that differ from the Anchor; removed ones are nil.
	changed map[string]*Loaded
	overlay *index
}

// With returns a revision, given its differences from the Anchor by key. Removed files
// are nil.
func (a *Anchor) With(changed map[string]*Loaded) *Revision {
	added := func(yield func(*Loaded) bool) {
		for _, f := range changed {
			if f != nil && !yield(f) {
				return
			}
		}
	}
	return &Revision{anchor: a.index, changed: changed, overlay: newIndex(added)}
}

// File returns a job file by its key, or nil.
func (r *Revision) File(key string) *Loaded {
	if f, ok := r.changed[key]; ok {
		return f
	}
	return r.anchor.file(key)
}

// Crowd returns an error if there are too many jobs to compare, else nil. The jobs of the
// Anchor were counted when it was created.
func (r *Revision) Crowd() *FileError {
	ix := r.overlay
	if anchor, ok := r.anchor.(*index); ok && ix.crowd == "" {
		ix = anchor
	}
	if ix.crowd == "" {
		return nil
	}
	return &FileError{File: ix.crowdFile, Message: ix.crowd}
}

// Files yields all job files, in no order.
func (r *Revision) Files() iter.Seq[*Loaded] {
	return func(yield func(*Loaded) bool) {
		for p, f := range r.anchor.all() {
			if _, replaced := r.changed[p]; !replaced && !yield(f) {
				return
			}
		}
		for _, f := range r.changed {
			if f != nil && !yield(f) {
				return
			}
		}
	}
}

// Jobs returns the number of jobs.
func (r *Revision) Jobs() int {
	n := r.anchor.count() + r.overlay.count()
	for p := range r.changed {
		if f := r.anchor.file(p); f != nil && f.File != nil {
			n -= len(f.Jobs)
		}
	}
	return n
}

// merge returns the old jobs without those in changed files, and the new ones.
func (r *Revision) merge(old, now []At) []At {
	if len(r.changed) == 0 {
		return old
	}
	var out []At
	for _, a := range old {
		if _, replaced := r.changed[a.Key()]; !replaced {
			out = append(out, a)
		}
	}
	return append(out, now...)
}

func (r *Revision) named(l label) []At { return r.merge(r.anchor.named(l), r.overlay.named(l)) }

// withContext returns the jobs that report to a context. Most contexts equal the job's
// name; these are found by name.
func (r *Revision) withContext(l label) []At {
	out := slices.Clone(r.merge(r.anchor.withContext(l), r.overlay.withContext(l)))
	for _, a := range r.named(l) {
		if a.Entry().Context == l.text {
			out = append(out, a)
		}
	}
	return out
}

// Find returns the job with an identity.
func (r *Revision) Find(ref Ref) (At, bool) {
	for _, a := range r.named(label{ref.Type, ref.Repo, ref.Name}) {
		if a.Entry().Ref.Compare(ref) == 0 {
			return a, true
		}
	}
	return At{}, false
}

// Namesakes returns the jobs with the type, repository and name of ref, whatever their
// branches, sorted.
func (r *Revision) Namesakes(ref Ref) []At {
	out := slices.Clone(r.named(label{ref.Type, ref.Repo, ref.Name}))
	slices.SortFunc(out, func(a, b At) int { return a.Entry().Ref.Compare(b.Entry().Ref) })
	return out
}

// HasName reports whether any job has the type, repository and name of ref.
func (r *Revision) HasName(ref Ref) bool {
	return len(r.named(label{ref.Type, ref.Repo, ref.Name})) > 0
}

// Targets reports whether any job has the target repository.
func (r *Revision) Targets(repo string) bool {
	repo = strings.ToLower(repo)
	return len(r.overlay.targeting(repo)) > 0 || slices.ContainsFunc(r.anchor.targeting(repo), func(f *Loaded) bool {
		_, replaced := r.changed[f.Key()]
		return !replaced
	})
}

// Presets returns all presets in the order in which Prow applies them: those of its main
// file, then those of job files in the order of a directory walk.
func (r *Revision) Presets() []PlacedPreset {
	var files []*Loaded
	for _, f := range r.anchor.withPresets() {
		if _, replaced := r.changed[f.Key()]; !replaced {
			files = append(files, f)
		}
	}
	files = append(files, r.overlay.presets...)
	slices.SortFunc(files, compareLoaded)
	var out []PlacedPreset
	for _, f := range files {
		for _, p := range f.Presets {
			out = append(out, PlacedPreset{File: f.Path, Preset: p})
		}
	}
	return out
}

func compareLoaded(a, b *Loaded) int {
	if a.Main != b.Main {
		if a.Main {
			return -1
		}
		return 1
	}
	return CompareWalk(a.Path, b.Path)
}

// CompareWalk orders paths as a directory walk visits them, name by name. Git's order
// differs: there a.yaml comes before a/.
func CompareWalk(a, b string) int {
	for {
		headA, restA, moreA := strings.Cut(a, "/")
		headB, restB, moreB := strings.Cut(b, "/")
		if c := strings.Compare(headA, headB); c != 0 {
			return c
		}
		if !moreA || !moreB {
			return firstNonZero(boolOrder(moreA), -boolOrder(moreB))
		}
		a, b = restA, restB
	}
}

func boolOrder(b bool) int {
	if b {
		return 1
	}
	return 0
}

// SortErrors sorts by file, line and message.
func SortErrors(errs []FileError) {
	slices.SortFunc(errs, func(a, b FileError) int {
		return firstNonZero(strings.Compare(a.File, b.File), a.Line-b.Line, strings.Compare(a.Message, b.Message))
	})
}
