package plan

import (
	"context"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/crew"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/prowtree"
)

// pair is a job before and after the change, or the reason why Prow refuses it after the
// change.
type pair struct {
	affected.Pair
	err error
}

// pairUp finds jobs before and after the change.
func pairUp(d *affected.Delta, at []affected.At) []pair {
	pairs := make([]pair, len(at))
	for i, a := range at {
		pairs[i].New = a
		if old, ok := d.Before.Find(a.Entry().Ref); ok {
			pairs[i].Old = old
		} else {
			pairs[i].Namesakes = standIns(d, a.Entry())
		}
	}
	return pairs
}

// parsePairs reads the files of jobs.
func (w *evaluator) parsePairs(ctx context.Context, pairs []pair) (map[string]*prowtree.JobFile, error) {
	var blobs []string
	for i := range pairs {
		blobs = append(blobs, pairs[i].New.Blob)
		if old := pairs[i].Old; old.Loaded != nil {
			blobs = append(blobs, old.Blob)
		}
		blobs = append(blobs, jobBlobs(pairs[i].Namesakes)...)
	}
	return w.Parse(ctx, blobs)
}

// apply makes the effective jobs.
func (w *evaluator) apply(ctx context.Context, d *affected.Delta, parsed map[string]*prowtree.JobFile, pairs []pair) error {
	for i := range pairs {
		if err := w.spend(d, parsed, &pairs[i]); err != nil {
			return err
		}
	}
	return crew.Each(ctx, w.options.Workers, len(pairs), func(i int) {
		p := &pairs[i]
		p.NewRaw = rawOf(parsed, p.New)
		if p.Old.Loaded != nil {
			p.OldRaw = rawOf(parsed, p.Old)
		}
		for _, at := range p.Namesakes {
			p.NamesakesRaw = append(p.NamesakesRaw, rawOf(parsed, at))
		}
		p.apply(d)
	})
}

func (p *pair) apply(d *affected.Delta) {
	p.After, p.err = d.New.Apply(p.NewRaw)
	p.After.Base().SourcePath = p.New.Path
	for _, raw := range p.NamesakesRaw {
		before, _ := d.Old.Apply(raw)
		p.Baseline = append(p.Baseline, before)
	}
	if p.Old.Loaded == nil {
		return
	}
	// A job that was invalid before is compared as far as Prow could process it.
	p.Before, _ = d.Old.Apply(p.OldRaw)
	p.Before.Base().SourcePath = p.Old.Path
	p.Baseline = []affected.Effective{p.Before}
}
