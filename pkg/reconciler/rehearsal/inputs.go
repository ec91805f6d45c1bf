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
	// inputAge is how long one of them stays in any case.
	inputAge = 10 * time.Minute
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
			logging.FromContext(ctx).Warnw("ConfigMaps of past runs were not all deleted, the next look tries again", "error", err)
		}
	}
}

func (s *inputSweeper) sweep(ctx context.Context) error {
	list, err := s.lister.List(labels.Everything())
	if err != nil {
		return err
	}
	active := map[string]bool{}
	for _, rh := range list {
		if slices.ContainsFunc(rh.Status.Runs, func(r v1alpha1.RunStatus) bool { return !r.State.Done() }) {
			active[string(rh.UID)] = true
		}
	}
	// A run that goes on may have joined the jobs of any other of its pull
	// request.
	gone := func(uid, _ string) bool { return !active[uid] }
	return prowjob.SweepInputs(ctx, s.clusters, s.namespace, gone, inputAge, s.clock.Now())
}
