package plan

import (
	"context"
	"slices"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
)

// Located is a job after the merge and the file it is written in.
type Located struct {
	affected.Ref
	File string
	// Touched says that the file differs from the base.
	Touched bool
}

// Lookup implements Details.
func (l *Local) Lookup(_ context.Context, names []string) ([]Located, error) {
	var found []Located
	l.eachJob(func(f *affected.Loaded, ref affected.Ref) {
		if slices.Contains(names, ref.Name) {
			touched := slices.Contains(l.compared.files, f.Path)
			found = append(found, Located{Ref: ref, File: f.Path, Touched: touched})
		}
	})
	slices.SortFunc(found, func(a, b Located) int { return a.Ref.Compare(b.Ref) })
	return found, nil
}

// Names returns the names of all jobs after the merge, sorted.
func (l *Local) Names() []string {
	var names []string
	l.eachJob(func(_ *affected.Loaded, ref affected.Ref) { names = append(names, ref.Name) })
	slices.Sort(names)
	return slices.Compact(names)
}

func (l *Local) eachJob(do func(f *affected.Loaded, ref affected.Ref)) {
	if l.compared == nil {
		return
	}
	for f := range l.compared.delta.After.Files() {
		if f.File == nil {
			continue
		}
		for i := range f.Jobs {
			do(f, f.Jobs[i].Ref)
		}
	}
}
