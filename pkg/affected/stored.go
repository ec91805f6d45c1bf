package affected

import (
	"hash/fnv"
	"iter"
	"path"
	"slices"
	"sync"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
)

// Stored is a revision that is stored elsewhere. Its files are read on demand. All fields
// must be safe for concurrent use.
type Stored struct {
	// Keys are the keys of all files, sorted.
	Keys []string
	// Load reads the file with the key Keys[i]. It returns the same result for every call.
	Load func(i int) *Loaded
	// Having returns the files that have a hash, and possibly others.
	Having func(hash uint64) []int
	// Presets are the files with presets.
	Presets []int
	// Jobs is the number of jobs in all files.
	Jobs int
}

// NewStoredAnchor returns a revision that is stored elsewhere. It costs only what is read
// later.
func NewStoredAnchor(s Stored) *Anchor { return &Anchor{index: &storedIndex{Stored: s}} }

// Hashes returns the hashes under which a file is found: those of its jobs' names and
// status contexts, and of their target repositories. They never change, so they can be
// stored.
func (f *File) Hashes() []uint64 {
	var out []uint64
	for _, repo := range f.targets() {
		out = append(out, targetLabel(repo).hash())
	}
	for i := range f.Jobs {
		e := &f.Jobs[i]
		out = append(out, e.name().hash())
		if e.hasOwnContext() {
			out = append(out, e.context().hash())
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// targetLabel returns a label for a repository; it has no type, so it is not that of a
// job.
func targetLabel(repo string) label { return label{repo: repo} }

func (l label) hash() uint64 {
	h := fnv.New64a()
	for _, part := range []string{string(l.kind), l.repo, l.text} {
		_, _ = h.Write([]byte(part + "\x00"))
	}
	return h.Sum64()
}

// hasOwnContext reports whether the job's context differs from its name.
func (e *Entry) hasOwnContext() bool {
	return e.Ref.Type != prowapi.PeriodicJob && e.Context != e.Ref.Name
}

// storedIndex finds the jobs of a Stored revision.
type storedIndex struct {
	Stored
	once  sync.Once
	bases map[string][]string
}

func (ix *storedIndex) file(key string) *Loaded {
	if i, ok := slices.BinarySearch(ix.Keys, key); ok {
		return ix.Load(i)
	}
	return nil
}

func (ix *storedIndex) all() iter.Seq2[string, *Loaded] {
	return func(yield func(string, *Loaded) bool) {
		for i, key := range ix.Keys {
			if !yield(key, ix.Load(i)) {
				return
			}
		}
	}
}

func (ix *storedIndex) named(l label) []At {
	return ix.having(l, func(e *Entry) bool { return e.name() == l })
}

func (ix *storedIndex) withContext(l label) []At {
	return ix.having(l, func(e *Entry) bool { return e.hasOwnContext() && e.context() == l })
}

func (ix *storedIndex) having(l label, is func(*Entry) bool) []At {
	var out []At
	for _, i := range ix.Having(l.hash()) {
		f := ix.Load(i)
		if f.File == nil {
			continue
		}
		for j := range f.Jobs {
			if is(&f.Jobs[j]) {
				out = append(out, At{f, j})
			}
		}
	}
	return out
}

func (ix *storedIndex) withBase(base string) []string {
	ix.once.Do(func() {
		ix.bases = make(map[string][]string, len(ix.Keys))
		for _, key := range ix.Keys {
			ix.bases[path.Base(key)] = append(ix.bases[path.Base(key)], key)
		}
	})
	return ix.bases[base]
}

func (ix *storedIndex) withPresets() []*Loaded {
	var out []*Loaded
	for _, i := range ix.Presets {
		out = append(out, ix.Load(i))
	}
	return out
}

func (ix *storedIndex) targeting(repo string) []*Loaded {
	var out []*Loaded
	for _, i := range ix.Having(targetLabel(repo).hash()) {
		if f := ix.Load(i); f.File != nil && slices.Contains(f.targets(), repo) {
			out = append(out, f)
		}
	}
	return out
}

func (ix *storedIndex) count() int { return ix.Jobs }
