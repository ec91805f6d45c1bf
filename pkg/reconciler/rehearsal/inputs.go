package rehearsal

import (
	"context"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/utils/clock"
	"knative.dev/pkg/logging"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	listers "github.com/rehearsal-dev/rehearsal/pkg/client/listers/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/prowjob"
)

const (
	// inputInterval is the time between two looks for ConfigMaps to delete.
	inputInterval = 5 * time.Minute
	// inputAge is how long one of them stays in any case: its run may not be
	// visible yet.
	inputAge = 10 * time.Minute
	// strangeInputAge is how long one stays whose Rehearsal we do not have. It may be
	// that of another installation, and no run takes as long.
	strangeInputAge = 7 * 24 * time.Hour
)

// inputSweeper deletes the ConfigMaps that were made for jobs of runs that are
// over. They are in other namespaces, where owner references do not reach.
type inputSweeper struct {
	clusters  prowjob.Clusters
	namespace string
	lister    listers.RehearsalNamespaceLister
	clock     clock.Clock
}

func (s *inputSweeper) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.clock.After(inputInterval):
		}
		if err := s.sweep(ctx); err != nil && ctx.Err() == nil {
			logging.FromContext(ctx).Warnw("Not all ConfigMaps of past runs were deleted; the next pass tries again", "error", err)
		}
	}
}

func (s *inputSweeper) sweep(ctx context.Context) error {
	list, err := s.lister.List(labels.Everything())
	if err != nil {
		return err
	}
	return prowjob.SweepInputs(ctx, s.clusters, s.namespace, inputsOver(list), s.clock.Now())
}

// inputsOver says of ConfigMaps whether nothing needs them any more. A run that
// goes on may have joined the jobs of any other of its pull request.
func inputsOver(list []*v1alpha1.Rehearsal) func(uid string, age time.Duration) bool {
	active := map[string]bool{}
	for _, rh := range list {
		active[string(rh.UID)] = slices.ContainsFunc(rh.Status.Runs, func(r v1alpha1.RunStatus) bool { return !r.State.Done() })
	}
	return func(uid string, age time.Duration) bool {
		goesOn, ours := active[uid]
		if !ours {
			return age >= strangeInputAge
		}
		return !goesOn && age >= inputAge
	}
}
