package plan

import (
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/prowtree"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// efforts adds up the work of applying presets and defaults to jobs.
type efforts struct {
	sum atomic.Int64
	max int64
	// what names the jobs, for the error message.
	what string
}

func (e *efforts) add(d *affected.Defaults, jobs ...affected.Raw) error {
	for _, raw := range jobs {
		if err := e.spend(d, d.Steps(raw)); err != nil {
			return err
		}
	}
	return nil
}

func (e *efforts) spend(d *affected.Defaults, steps int) error {
	if e.sum.Add(int64(steps)) <= e.max {
		return nil
	}
	return &repo.BoundError{Path: d.Heaviest(), Bound: fmt.Sprintf("adds too much to too many jobs: to put presets and defaults into %s takes more than %d steps", e.what, e.max)}
}

// spendExpected counts the least work that it takes to make jobs, so that too much of it
// is refused before any job is made.
func (w *evaluator) spendExpected(s *step, at []affected.At) error {
	for _, a := range at {
		if err := w.expected.spend(s.delta.New, s.delta.New.LeastSteps(a.Entry())); err != nil {
			return err
		}
	}
	return nil
}

// spendQuick counts the work of a source that decides about all jobs, before it looks at
// any.
func (w *evaluator) spendQuick(s *step, source candidateSource) error {
	if source.quick == nil {
		return nil
	}
	for f := range s.after.Revision.Files() {
		if f.File == nil {
			continue
		}
		for i := range f.Jobs {
			e := &f.Jobs[i]
			if !source.selects(e) {
				continue
			}
			if err := w.expected.spend(s.delta.New, source.quick.Steps(e)); err != nil {
				return err
			}
		}
	}
	return nil
}

// spend counts the work of making the jobs of a pair.
func (w *evaluator) spend(d *affected.Delta, parsed map[string]*prowtree.JobFile, p *pair) error {
	if err := w.changed.add(d.New, rawOf(parsed, p.New)); err != nil {
		return err
	}
	for _, at := range append(slices.Clip(p.Namesakes), p.Old) {
		if at.Loaded == nil {
			continue
		}
		if err := w.changed.add(d.Old, rawOf(parsed, at)); err != nil {
			return err
		}
	}
	return nil
}
