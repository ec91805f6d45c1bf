package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/facts"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/judging"
	"github.com/rehearsal-dev/rehearsal/pkg/requeue"
)

// gonePause is the time between two looks for a pull request that GitHub does not show.
const gonePause = 2 * time.Minute

// pullReader reads the pull request from GitHub.
type pullReader struct{ *pass }

// read reads the pull request after every change of the spec, and whenever there are
// commands to decide.
func (t *pullReader) read(ctx context.Context) error {
	known := t.rh.Status.Pull
	if known != nil && known.SpecGeneration == t.rh.Generation && len(judging.Unjudged(t.rh)) == 0 {
		t.fresh = true
		judging.Outdate(t.rh)
		return nil
	}
	p := t.rh.Spec.Pull
	pull, err := t.GitHub.Pull(ctx, p.Org, p.Repo, p.Number)
	var gone *github.NotFoundError
	switch {
	case isMoved(err):
		return t.foreign(fmt.Sprintf("%s/%s was renamed or moved: use its new name in the settings", p.Org, p.Repo))
	case errors.As(err, &gone):
		t.rh.Status.MarkNotPulled("NotFound", gone.Error())
		if len(judging.Unjudged(t.rh)) > 0 || len(t.rh.Status.ActiveRuns()) > 0 {
			// GitHub also answers this while it denies us access.
			return &requeue.Later{After: gonePause, Reason: "GitHub does not show the pull request"}
		}
		return nil
	case err != nil:
		t.rh.Status.MarkPulling("Retrying", err.Error())
		return err
	}
	if err := t.identify(ctx, pull); err != nil {
		return err
	}
	base, err := t.GitHub.BranchTip(ctx, p.Org, p.Repo, pull.BaseRef)
	if errors.As(err, &gone) {
		// The branch may be gone once the pull request is merged or closed.
		base, err = pull.Base, nil
	}
	if err != nil {
		t.rh.Status.MarkPulling("Retrying", err.Error())
		return err
	}
	if t.staysOnBase(pull) {
		base = known.Base
	}
	served, err := t.servesBase(ctx, pull.BaseRef)
	if err != nil {
		t.rh.Status.MarkPulling("Retrying", err.Error())
		return err
	}
	t.rh.Status.Pull = newPullStatus(t.rh, pull, base, t.repo.Labels.Untrusted, t.now)
	t.rh.Status.Pull.OtherBase = !served
	t.rh.Status.MarkPulled()
	t.fresh, t.facts.Pull = true, pull
	judging.Lapse(t.rh)
	forgetDenials(t.rh)
	judging.Outdate(t.rh)
	if lagging(t.rh, t.facts.TheirTime()) {
		t.rh.Status.Pull.Invalidate()
		t.fresh = false
		return &requeue.Later{After: facts.LagPause, Reason: "GitHub does not show the latest push yet"}
	}
	return nil
}

// maxRestarts is how often a run that is about to start is planned again because the base
// has moved. Without a limit, a run would never start where planning takes longer than the
// time between two merges.
const maxRestarts = 3

// staysOnBase reports whether the base of the existing plan is good enough for the pull
// request as it is now.
func (t *pullReader) staysOnBase(now *github.Pull) bool {
	known := t.rh.Status.Pull
	if known == nil || known.Base == "" || known.Head != now.Head || known.BaseRef != now.BaseRef {
		return false
	}
	return slices.ContainsFunc(t.rh.Status.ActiveRuns(), func(r *v1alpha1.RunStatus) bool {
		return r.State == v1alpha1.RunPending && r.Restarts >= maxRestarts
	})
}

// servesBase reports whether pull requests into a branch are rehearsed. If anybody could
// push to the branch, they could grant themselves everything.
func (t *pullReader) servesBase(ctx context.Context, branch string) (bool, error) {
	if serves, known := t.repo.ServesBranch(branch); known {
		return serves, nil
	}
	p := t.rh.Spec.Pull
	main, err := t.GitHub.DefaultBranch(ctx, p.Org, p.Repo)
	return err == nil && main == branch, err
}

func newPullStatus(rh *v1alpha1.Rehearsal, pull *github.Pull, base, untrusted string, now time.Time) *v1alpha1.PullStatus {
	status := &v1alpha1.PullStatus{
		Head: pull.Head, BaseRef: pull.BaseRef, Base: base,
		HeadRef: pull.HeadRef, Author: pull.Author, Title: pull.Title, Open: pull.Open,
		RepositoryID: pull.RepoID, AuthorID: pull.AuthorID,
		Untrusted: slices.ContainsFunc(pull.Labels, func(l string) bool { return strings.EqualFold(l, untrusted) }),
		ReadAt:    metav1.NewTime(now), SpecGeneration: rh.Generation,
	}
	before, observed := rh.Status.Pull, rh.Spec.Observed
	if before != nil {
		status.Contributors = before.Contributors
	}
	reported := func(event string) bool {
		return observed != nil && observed.Event == event && observed.Head == pull.Head
	}
	switch {
	case reported("synchronize"):
		status.HeadTold, status.HeadSince = true, observed.At.DeepCopy()
	case before != nil && before.Head == pull.Head:
		status.HeadTold, status.HeadSince = before.HeadTold, before.HeadSince
	case before == nil && openedWith(rh.Spec, pull):
		status.HeadTold = true
	}
	return status
}

// openingTime is the largest difference between the creation of a pull request and the time
// of its opening event.
const openingTime = 5 * time.Second

// openedWith reports whether events say that the pull request was opened with its head when
// it was created, and report no push since. A later event with the head of that time would
// make the head look older than it is.
func openedWith(spec v1alpha1.RehearsalSpec, pull *github.Pull) bool {
	heard := slices.Collect(maps.Values(spec.Pushes))
	if o := spec.Observed; o != nil && o.Event != "sweep" && o.Event != "edited" {
		heard = append(heard, v1alpha1.Push{Event: o.Event, Head: o.Head, At: o.At})
	}
	for _, p := range heard {
		if p.Event != judging.EventOpened || p.Head != pull.Head || p.At.Sub(pull.CreatedAt).Abs() > openingTime {
			return false
		}
	}
	return len(heard) > 0 && !pull.CreatedAt.IsZero()
}

// lagging reports whether a recent event has another head than the API shows. An event from
// the distant future does not count: it would hold up everything until then.
func lagging(rh *v1alpha1.Rehearsal, now time.Time) bool {
	observed := rh.Spec.Observed
	return observed != nil && observed.Head != "" && observed.Head != rh.Status.Pull.Head &&
		rh.Status.Pull.Open && now.Sub(observed.At.Time).Abs() < facts.Lag
}

// shownPlan returns the plan of the head if the comment with the affected jobs exists.
func (t *pass) shownPlan() *v1alpha1.PlanStatus {
	plan := t.rh.Status.PlanOfHead()
	if plan == nil || plan.Error != "" || t.rh.Status.Comments[planComment].ID == 0 {
		return nil
	}
	return plan
}
