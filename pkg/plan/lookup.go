package plan

import (
	"slices"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
)

// Located is a job after the merge and the file it is written in.
type Located struct {
	affected.Ref
	File string
	// Touched says that the file is not the same at the base.
	Touched bool
}

// Lookup lists the jobs after the merge that have one of the names, affected
// or not.
func (r *Result) Lookup(names map[string]bool) []Located {
	var found []Located
	r.eachJob(func(f *affected.Loaded, ref affected.Ref) {
		if names[ref.Name] {
			touched := slices.Contains(r.compared.files, f.Path)
			found = append(found, Located{Ref: ref, File: f.Path, Touched: touched})
		}
	})
	slices.SortFunc(found, func(a, b Located) int { return a.Ref.Compare(b.Ref) })
	return found
}

// Names are the names of all jobs after the merge, sorted.
func (r *Result) Names() []string {
	var names []string
	r.eachJob(func(_ *affected.Loaded, ref affected.Ref) { names = append(names, ref.Name) })
	slices.Sort(names)
	return slices.Compact(names)
}

func (r *Result) eachJob(do func(f *affected.Loaded, ref affected.Ref)) {
	if r.compared == nil {
		return
	}
	for f := range r.compared.delta.After.Files() {
		if f.File == nil {
			continue
		}
		for i := range f.Jobs {
			do(f, f.Jobs[i].Ref)
		}
	}
}
