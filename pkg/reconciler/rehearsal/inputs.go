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
	// inputInterval is the time between two sweeps of ConfigMaps.
	inputInterval = 5 * time.Minute
	// inputAge is the least age of a ConfigMap that is deleted: its run may not be visible
	// yet.
	inputAge = 10 * time.Minute
	// strangeInputAge is the least age of a deleted ConfigMap whose Rehearsal is unknown
	// here. It may belong to another installation, and no run takes that long.
	strangeInputAge = 7 * 24 * time.Hour
)

// inputSweeper deletes the ConfigMaps that were made for jobs of runs that are over. They
// are in other namespaces, where owner references do not work.
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

// inputsOver returns a function that reports whether a ConfigMap is no longer needed. An
// active run may share the jobs of any other run of its pull request.
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
