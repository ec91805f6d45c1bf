package sweep

import (
	"context"
	"time"

	"knative.dev/pkg/logging"

	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

// sweepShare is the divisor for the fraction of GitHub's hourly calls that sweeps leave
// for commands.
const sweepShare = 5

// sweepOrSkip sweeps, unless too few calls are left of the hour.
func (s *Sweeper) sweepOrSkip(ctx context.Context, repository string) error {
	org, repo := settings.Split(repository)
	budget, err := s.GitHub.Budget(ctx, org, repo)
	if err != nil {
		return err
	}
	if budget.Remaining*sweepShare >= budget.Limit {
		return s.Sweep(ctx, repository)
	}
	if until := s.skipped[repository]; !until.Equal(budget.Reset) {
		if s.skipped == nil {
			s.skipped = map[string]time.Time{}
		}
		s.skipped[repository] = budget.Reset
		logging.FromContext(ctx).Warnw("Sweeps pause: the remaining GitHub calls are reserved for commands; webhooks still arrive",
			"repository", repository, "remaining", budget.Remaining, "limit", budget.Limit, "until", budget.Reset.UTC())
	}
	return nil
}
