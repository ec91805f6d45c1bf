package rehearsal

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/utils/clock"
	"knative.dev/pkg/logging"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	listers "github.com/rehearsal-dev/rehearsal/pkg/client/listers/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

// mirrorInterval is the time between two sweeps of the mirrors.
const mirrorInterval = 10 * time.Minute

// Mirrors keep the commits that open pull requests need, see mirrors.Mirrors.
type Mirrors interface {
	Keep(ctx context.Context, org, name string, commits []string) error
}

// mirrorSweeper tells the mirrors which commits are needed, when it starts and then at
// intervals. Every replica has its own mirrors.
type mirrorSweeper struct {
	mirrors  Mirrors
	lister   listers.RehearsalNamespaceLister
	settings func() *settings.Settings
	clock    clock.Clock
}

func (s *mirrorSweeper) run(ctx context.Context) {
	for {
		s.sweep(ctx)
		select {
		case <-ctx.Done():
			return
		case <-s.clock.After(mirrorInterval):
		}
	}
}

func (s *mirrorSweeper) sweep(ctx context.Context) {
	logger := logging.FromContext(ctx)
	list, err := s.lister.List(labels.Everything())
	if err != nil {
		logger.Warnw("Mirrors were not cleaned up; the next pass tries again", "error", err)
		return
	}
	for _, repository := range s.settings().Repositories {
		org, name := settings.Split(repository.Name)
		if err := s.mirrors.Keep(ctx, org, name, commitsNeeded(list, org, name)); err != nil && ctx.Err() == nil {
			logger.Warnw("A mirror was not cleaned up; the next pass tries again", "repository", repository.Name, "error", err)
		}
	}
}

// commitsNeeded returns the heads and bases of the pull requests of a repository that are
// open, or have active runs; sorted.
func commitsNeeded(list []*v1alpha1.Rehearsal, org, name string) []string {
	var commits []string
	for _, rh := range list {
		p, status := rh.Spec.Pull, rh.Status
		if !strings.EqualFold(p.Org, org) || !strings.EqualFold(p.Repo, name) {
			continue
		}
		if status.Pull != nil && status.Pull.Open {
			commits = append(commits, status.Pull.Head, status.Pull.Base)
			if status.Plan != nil {
				commits = append(commits, status.Plan.Head, status.Plan.Base)
			}
		}
		for _, r := range status.Runs {
			if !r.State.Done() {
				commits = append(commits, r.Head, r.Base)
			}
		}
	}
	slices.Sort(commits)
	return slices.DeleteFunc(slices.Compact(commits), func(sha string) bool { return sha == "" })
}

// whyNotYet returns the reason of a condition for a planning error that may be temporary.
func whyNotYet(err error) string {
	var full *repo.DiskFullError
	var refused *repo.AccessError
	var slow *repo.SlowError
	switch {
	case errors.As(err, &full):
		return "DiskFull"
	case errors.As(err, &refused):
		return "AccessRefused"
	case errors.As(err, &slow):
		return "FetchTooSlow"
	}
	return "Retrying"
}
