// Package sweep polls GitHub for what no webhook reported, and appends it to the logs
// of the pull requests.
package sweep

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/utils/clock"
	"knative.dev/pkg/logging"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	listers "github.com/rehearsal-dev/rehearsal/pkg/client/listers/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/logbook"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
	"github.com/rehearsal-dev/rehearsal/pkg/telemetry"
)

// longestRetreat is how far back a sweep retries what could not be stored.
const longestRetreat = 6 * time.Hour

// firstSights is how many older open pull requests without commands one sweep adds. A
// newly served repository may have a thousand, and each costs calls and a comment.
const firstSights = 5

// overlap is how far a sweep reaches back before the previous one: clocks differ, and
// GitHub lists a comment with a delay.
const overlap = 2 * time.Minute

// Source is the part of GitHub's API that a sweep uses.
type Source interface {
	OpenPulls(ctx context.Context, org, repo string) ([]github.Pull, error)
	CommentsSince(ctx context.Context, org, repo string, since time.Time) ([]github.Comment, error)
	Budget(ctx context.Context, org, repo string) (github.Budget, error)
	// Skew is how far GitHub's clock is ahead of ours, if that is known.
	Skew() (ahead time.Duration, known bool)
}

// Look is one look at a repository.
type Look struct {
	At time.Time
	// Since is where the list of comments began. The next sweep asks for the same list,
	// so that GitHub can answer that nothing has changed, which is free.
	Since time.Time
}

// Memory keeps the last successful look at a repository, org/repo; the zero value if
// there was none.
type Memory interface {
	Looked(ctx context.Context, repository string) (Look, error)
	Remember(ctx context.Context, repository string, look Look) error
}

// Sweeper finds what no webhook reported: GitHub does not redeliver by itself, and
// hook forwards only once. All replicas sweep: they append the same entries, and
// duplicates are refused.
type Sweeper struct {
	GitHub     Source
	Rehearsals logbook.Rehearsals
	Lister     listers.RehearsalNamespaceLister
	Settings   func() *settings.Settings
	Memory     Memory
	// Identify checks by its ID that a name still belongs to the served repository.
	Identify func(ctx context.Context, org, repo string, id int64) error
	Clock    clock.Clock

	// skipped is until when skipping a repository is not logged again.
	skipped map[string]time.Time
	// troubled is when failing sweeps of a repository were last logged.
	troubled map[string]time.Time
}

// Run sweeps until the context ends.
func (s *Sweeper) Run(ctx context.Context) {
	for {
		for _, repository := range s.Settings().Repositories {
			s.tell(ctx, repository.Name, s.traced(ctx, repository.Name))
		}
		select {
		case <-ctx.Done():
			return
		case <-s.Clock.After(s.Settings().SweepInterval):
		}
	}
}

// traced sweeps in a span of its own.
func (s *Sweeper) traced(ctx context.Context, repository string) error {
	ctx, span := telemetry.Sweep.Start(ctx, telemetry.Repository(repository))
	err := s.sweepOrSkip(ctx, repository)
	telemetry.End(span, err)
	return err
}

// troubleInterval is how often failing sweeps of a repository are logged: an outage
// affects all repositories at each sweep.
const troubleInterval = 10 * time.Minute

// tell logs the result of a sweep: failures, but not too often, and recoveries.
func (s *Sweeper) tell(ctx context.Context, repository string, err error) {
	var limited *github.RateLimitedError
	if errors.As(err, &limited) || ctx.Err() != nil {
		return // the rate limit was logged when it began
	}
	log := logging.FromContext(ctx).With("repository", repository)
	said, before := s.troubled[repository]
	switch now := s.Clock.Now(); {
	case err == nil && before:
		delete(s.troubled, repository)
		log.Info("The sweep works again, and has found what was missed")
	case err != nil && (!before || now.Sub(said) >= troubleInterval):
		if s.troubled == nil {
			s.troubled = map[string]time.Time{}
		}
		s.troubled[repository] = now
		log.Warnw("The sweep is incomplete; the next one covers the same time again", "error", err)
	}
}

// Sweep checks one repository, org/repo, and appends what is not known yet. Comments
// from before the first sweep and any webhook are ignored: they were not meant for
// us, and another plugin may have answered them.
func (s *Sweeper) Sweep(ctx context.Context, repository string) error {
	began := s.Clock.Now()
	org, repo := settings.Split(repository)
	last, err := s.Memory.Looked(ctx, repository)
	if err != nil {
		return err
	}
	pulls, err := s.openPulls(ctx, org, repo)
	if err != nil {
		return err
	}
	// GitHub's time, from its response: what is older than a sweep could be found by it,
	// whatever our clock says.
	ahead, _ := s.GitHub.Skew()
	now := began.Add(ahead)
	since := last.At.Add(-overlap)
	if last.At.IsZero() {
		if since, err = s.servedSince(org, repo, now); err != nil {
			return err
		}
		last.Since = since
	}
	open, err := s.sweepPulls(ctx, org, repo, pulls, since, now)
	comments, listErr := s.GitHub.CommentsSince(ctx, org, repo, last.Since)
	if listErr != nil {
		return errors.Join(err, listErr)
	}
	// What cannot be stored does not block the rest. The next sweep covers the same time
	// again, but not for ever.
	err = errors.Join(err, s.sweepComments(ctx, org, repo, after(comments, since), open, now))
	if err != nil && !last.At.IsZero() && now.Sub(last.At) < longestRetreat {
		return err
	}
	return errors.Join(err, s.Memory.Remember(ctx, repository, Look{At: now, Since: nextSince(last.Since, comments)}))
}

// servedSince returns since when a repository without a sweep has been served: since its
// first relevant webhook, but at most as far back as a sweep may reach.
func (s *Sweeper) servedSince(org, repo string, now time.Time) (time.Time, error) {
	all, err := s.of(org, repo)
	since := now
	for _, rh := range all {
		if made := rh.CreationTimestamp.Add(-overlap); made.Before(since) {
			since = made
		}
	}
	if earliest := now.Add(-longestRetreat); since.Before(earliest) {
		since = earliest
	}
	return since, err
}

// of returns the Rehearsals of a repository.
func (s *Sweeper) of(org, repo string) ([]*v1alpha1.Rehearsal, error) {
	all, err := s.Lister.List(labels.Everything())
	if err != nil {
		return nil, fmt.Errorf("listing the Rehearsals: %w", err)
	}
	return slices.DeleteFunc(all, func(rh *v1alpha1.Rehearsal) bool {
		p := rh.Spec.Pull
		return !strings.EqualFold(p.Org, org) || !strings.EqualFold(p.Repo, repo)
	}), nil
}

// stride is how long the list of comments may grow before its start is moved: each
// move costs a call.
const stride = time.Hour

// nextSince is where the next list of comments begins: at the same time, until the
// list becomes long. A later start still covers comments that are listed late.
func nextSince(since time.Time, comments []github.Comment) time.Time {
	for _, c := range comments {
		if begin := c.UpdatedAt.Add(-overlap); begin.Sub(since) > stride {
			since = begin
		}
	}
	return since
}

// after returns the comments that were written or edited since a time: older ones
// were handled before.
func after(comments []github.Comment, since time.Time) []github.Comment {
	return slices.DeleteFunc(slices.Clone(comments), func(c github.Comment) bool { return c.UpdatedAt.Before(since) })
}

// hear appends entries. A full log concerns only one pull request and must not block the
// others.
func (s *Sweeper) hear(ctx context.Context, entries *event.Entries) error {
	err := logbook.Append(ctx, s.Rehearsals, entries)
	var full *logbook.FullError
	if errors.As(err, &full) {
		logging.FromContext(ctx).Warnw("A log is full", "error", err)
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s/%s#%d: %w", entries.Pull.Org, entries.Pull.Repo, entries.Pull.Number, err)
	}
	return nil
}

// openPulls lists the open pull requests of a repository, if it is the one that is
// served.
func (s *Sweeper) openPulls(ctx context.Context, org, repo string) ([]github.Pull, error) {
	pulls, err := s.GitHub.OpenPulls(ctx, org, repo)
	if err != nil {
		return nil, err
	}
	if len(pulls) > 0 {
		err = s.Identify(ctx, org, repo, pulls[0].RepoID)
	}
	return pulls, err
}

// sweepPulls wakes the Rehearsals of changed pull requests.
func (s *Sweeper) sweepPulls(ctx context.Context, org, repo string, pulls []github.Pull, since, now time.Time) (map[int]bool, error) {
	open := map[int]bool{}
	var errs []error
	quiet := 0
	for _, p := range pulls {
		open[p.Number] = true
		pull := v1alpha1.Pull{Org: org, Repo: repo, Number: p.Number}
		known, err := s.known(pull)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		entries := event.FromPull(pull, event.Pull{
			Author: p.Author, AuthorType: p.AuthorType, Body: p.Body, Head: p.Head,
			CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt,
		}, !p.CreatedAt.Before(since) && !hasBody(known), s.options(now))
		if known == nil && len(entries.Commands) == 0 && p.CreatedAt.Before(since) {
			if quiet++; quiet > firstSights {
				continue // at another look
			}
		}
		if known == nil || !sameAs(known.Status.Pull, p) || len(entries.Commands) > 0 {
			errs = append(errs, s.hear(ctx, entries))
		}
	}
	errs = append(errs, s.sweepClosed(ctx, org, repo, open, now))
	return open, errors.Join(errs...)
}

// sweepClosed wakes the Rehearsals of pull requests that are no longer open.
func (s *Sweeper) sweepClosed(ctx context.Context, org, repo string, open map[int]bool, now time.Time) error {
	all, err := s.of(org, repo)
	if err != nil {
		return err
	}
	var errs []error
	for _, rh := range all {
		if open[rh.Spec.Pull.Number] || rh.Status.Pull == nil || !rh.Status.Pull.Open {
			continue
		}
		entries := event.FromPull(rh.Spec.Pull, event.Pull{Head: rh.Status.Pull.Head, UpdatedAt: now}, false, s.options(now))
		errs = append(errs, s.hear(ctx, entries))
	}
	return errors.Join(errs...)
}

// sweepComments appends the commands in comments on pull requests that are open or
// have a Rehearsal. The list of open ones may miss some: GitHub returns it page by
// page while pull requests are being closed.
func (s *Sweeper) sweepComments(ctx context.Context, org, repo string, comments []github.Comment, open map[int]bool, now time.Time) error {
	var errs []error
	for _, c := range comments {
		pull := v1alpha1.Pull{Org: org, Repo: repo, Number: c.Number}
		entries := event.FromComment(pull, event.Comment(c), s.options(now))
		if entries == nil {
			continue
		}
		known, err := s.known(pull)
		switch {
		case err != nil:
			errs = append(errs, err)
		case known == nil && !open[c.Number], known != nil && Knows(known, entries.Commands):
		default:
			errs = append(errs, s.hear(ctx, entries))
		}
	}
	return errors.Join(errs...)
}

func (s *Sweeper) options(now time.Time) event.Options {
	return event.Options{Prefixes: s.Settings().Prefixes, Now: now}
}

// known returns the Rehearsal of a pull request, or nil.
func (s *Sweeper) known(pull v1alpha1.Pull) (*v1alpha1.Rehearsal, error) {
	rh, err := s.Lister.Get(event.Name(pull))
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	return rh, err
}
