package plan

import (
	"context"
	"fmt"

	"sigs.k8s.io/prow/pkg/config"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// Local is a plan together with the data that it was made from, in the process that made
// it. It is its own Details.
type Local struct {
	Result

	// BaseConfig and HeadConfig are Prow's configuration before and after the
	// merge, validated and defaulted, without any jobs.
	BaseConfig *config.Config
	HeadConfig *config.Config

	planner  *Incremental
	request  Request
	compared *comparison
	again    reopen
}

// reopen makes the merge of a plan available again.
type reopen func(context.Context) (*repo.Merged, error)

// Effective implements Details. It makes the effective jobs that the plan did not keep.
func (l *Local) Effective(ctx context.Context, jobs []affected.Job) ([]affected.Job, error) {
	out := append([]affected.Job{}, jobs...)
	var at []affected.At
	var index []int
	for i, j := range out {
		if !j.Outline {
			continue
		}
		found, ok := l.compared.delta.After.Find(j.Ref)
		if !ok {
			return nil, fmt.Errorf("job %s is not in the plan", j.Name)
		}
		at, index = append(at, found), append(index, i)
	}
	if len(at) == 0 {
		return out, nil
	}
	merged, err := l.again(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = merged.Close() }()
	w := l.planner.work(l.request, merged.Objects)
	pairs := pairUp(l.compared.delta, at)
	parsed, err := w.parsePairs(ctx, pairs)
	if err != nil {
		return nil, err
	}
	if err := w.apply(ctx, l.compared.delta, parsed, pairs); err != nil {
		return nil, err
	}
	for i, pair := range pairs {
		if pair.err != nil {
			return nil, fmt.Errorf("job %s: %w", out[index[i]].Name, pair.err)
		}
		j := &out[index[i]]
		j.Effective, j.Before, j.Baseline, j.Outline = pair.After, pair.Before, pair.Baseline, false
	}
	return out, nil
}
