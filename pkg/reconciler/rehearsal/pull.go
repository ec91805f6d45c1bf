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
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/policy"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/facts"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/judging"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/runs"
	"github.com/rehearsal-dev/rehearsal/pkg/requeue"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// gonePause is the time between two looks for a pull request that is gone.
const gonePause = 2 * time.Minute

// readPull asks GitHub for the truth, once for every change of the spec, and
// whenever somebody is to be judged.
func (t *turn) readPull(ctx context.Context) error {
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
			// GitHub also says so while it denies us access.
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

// maxRestarts is how often a run that is about to start is planned anew because the
// base has moved meanwhile. Where planning takes longer than that takes, it would
// never start otherwise.
const maxRestarts = 3

// staysOnBase says that the base which was planned on is good enough for the pull
// request as it is now.
func (t *turn) staysOnBase(now *github.Pull) bool {
	known := t.rh.Status.Pull
	if known == nil || known.Base == "" || known.Head != now.Head || known.BaseRef != now.BaseRef {
		return false
	}
	return slices.ContainsFunc(t.rh.Status.ActiveRuns(), func(r *v1alpha1.RunStatus) bool {
		return r.State == v1alpha1.RunPending && r.Restarts >= maxRestarts
	})
}

// servesBase says whether pull requests into a branch are rehearsed: a branch that
// anybody may push to could grant them anything.
func (t *turn) servesBase(ctx context.Context, branch string) (bool, error) {
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
	told := func(event string) bool {
		return observed != nil && observed.Event == event && observed.Head == pull.Head
	}
	switch {
	case told("synchronize"):
		status.HeadTold, status.HeadSince = true, observed.At.DeepCopy()
	case before != nil && before.Head == pull.Head:
		status.HeadTold, status.HeadSince = before.HeadTold, before.HeadSince
	case before == nil && openedWith(rh.Spec, pull):
		status.HeadTold = true
	}
	return status
}

// openingTime is how far from a pull request's creation the event that tells of it
// may be dated.
const openingTime = 5 * time.Second

// openedWith says that it was heard that the pull request was opened with its head,
// when it was created, and of no push since: told again later, with the head of that
// time, it would give that an age which it does not have.
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

// lagging says that a recent event told another head than the API does. One that is
// dated later than now by as much as that is no reason to wait either: it would be
// one until then.
func lagging(rh *v1alpha1.Rehearsal, now time.Time) bool {
	observed := rh.Spec.Observed
	return observed != nil && observed.Head != "" && observed.Head != rh.Status.Pull.Head &&
		rh.Status.Pull.Open && now.Sub(observed.At.Time).Abs() < facts.Lag
}

// judgeCommands gives a verdict on every command that has none, and folds the
// accepted ones into runs. A command whose author's rights cannot be read keeps
// waiting, and so do those after it: their order matters.
func (t *turn) judgeCommands(ctx context.Context) error {
	if t.rh.Status.Pull == nil || !t.fresh {
		return nil
	}
	if err := t.facts.ClockIsRight(); err != nil {
		t.rh.Status.MarkPulling("ClockBehind", err.Error())
		return err
	}
	trust := t.facts.ReadTrust(ctx)
	if trust != nil {
		t.rh.Status.MarkPulling("Retrying", trust.Error())
	}
	err := t.judgeAll(ctx)
	var wait *requeue.Later
	if err != nil && !errors.As(err, &wait) {
		t.rh.Status.MarkPulling("Retrying", err.Error())
	}
	t.aborted = judging.Fold(t.rh, t.settings.Prefixes)
	judging.Outdate(t.rh)
	return errors.Join(err, trust)
}

func (t *turn) judgeAll(ctx context.Context) error {
	ahead, known := t.runsAhead(), judging.DeniedSince(t.rh)
	for _, c := range judging.Unjudged(t.rh) {
		said := event.ParseStored(c.Text, t.settings.Prefixes)
		login, mapped := t.facts.Person(c)
		in := judging.Circumstances{Pull: t.rh.Status.Pull, Unmapped: !mapped, Plan: t.shownPlan(), Runs: ahead, Now: t.facts.TheirTime(), Overlooked: c.At.Time.Before(known)}
		status, because, err := t.judgeOne(ctx, c, said, login, &in)
		if err != nil {
			return fmt.Errorf("deciding on %s: %w", c.ID, err)
		}
		if status.Verdict == v1alpha1.VerdictAccepted {
			byLogin := c
			byLogin.By, byLogin.At = login, *status.At
			judging.Vouch(t.rh, byLogin, said.Verb, said.Jobs...)
			if said.Kind().Effect == event.Starts {
				ahead++
			}
		}
		t.rh.Status.Commands = append(t.rh.Status.Commands, t.explained(c, said, login, status, because))
	}
	return nil
}

func (t *turn) judgeOne(ctx context.Context, c v1alpha1.Command, said event.Command, login string, in *judging.Circumstances) (v1alpha1.CommandStatus, []string, error) {
	begun, err := t.begun(ctx, c, said)
	if err != nil {
		return v1alpha1.CommandStatus{}, nil, err
	}
	if begun != nil {
		r := v1alpha1.RunStatus{ID: c.ID, Head: begun.Head, BaseRef: begun.BaseRef, By: login, State: v1alpha1.RunPending}
		t.rh.Status.Runs = append(t.rh.Status.Runs, r)
		return judging.AcceptedBefore(c, r.Head, in.Now), nil, nil
	}
	because, err := t.look(ctx, c, said, login, in)
	return judging.Judge(c, said, *in), because, err
}

// begun is what is stored of the run of a command that has no verdict; nil if nothing is.
// It was accepted in a turn whose status was lost. What has come since then may end the
// run, but must not deny it: somebody has to end it.
func (t *turn) begun(ctx context.Context, c v1alpha1.Command, said event.Command) (*run.Manifest, error) {
	if said.Kind().Effect != event.Starts {
		return nil, nil
	}
	m, err := t.runs.StoredManifest(ctx, c.ID)
	if runs.IsLost(err) || errors.Is(err, runs.ErrEarlier) {
		return nil, nil
	}
	return &m, err
}

// runsAhead counts the runs that are not over, and those that were accepted in
// this turn and have not begun to be.
func (t *turn) runsAhead() int {
	n, on, runs := len(t.rh.Status.ActiveRuns()), t.rh.Status.Verdicts(), t.rh.Status.RunsByID()
	for _, c := range t.rh.Spec.Commands {
		v := on[c.ID]
		if v != nil && v.Verdict == v1alpha1.VerdictAccepted && !v.Over && runs[c.ID] == nil && event.ParseStored(c.Text, t.settings.Prefixes).Kind().Effect == event.Starts {
			n++
		}
	}
	return n
}

// look finds out what a verdict depends on, as far as it does. It returns what
// kept the policy from knowing more.
func (t *turn) look(ctx context.Context, c v1alpha1.Command, said event.Command, login string, in *judging.Circumstances) ([]string, error) {
	kind := said.Kind()
	if in.Unmapped || in.Overlooked || judging.Expired(c, in.Now) {
		return nil, nil
	}
	q := t.facts.Question()
	q.Command, q.By = policy.CommandOf(said), login
	because, err := t.facts.Permit(ctx, q, in)
	if err != nil || !in.Allowed {
		return because, err
	}
	if kind.MustBeVerified() {
		d, err := t.facts.Verify(ctx, c)
		if in.Doubt = d.Reason; err != nil || in.Doubt != "" {
			return []string{d.Because}, err
		}
		// The comment tells the id of its author, who may have another login now.
		if q.ByID = t.facts.AuthorID(c); q.ByID != 0 {
			if because, err := t.facts.Permit(ctx, q, in); err != nil || !in.Allowed {
				return because, err
			}
		}
	}
	if kind.IsQuestion() {
		left, _, err := t.answersLeft(ctx, login, event.TextID(c.ID), judging.BoundTime(c, in.Now).Time, true)
		in.Flooded = left <= 0
		return nil, err
	}
	if !in.Pull.Open || !kind.BindsToHead() {
		return nil, nil
	}
	if kind.NeedsTrust() && !t.facts.TrustKnown {
		return nil, &requeue.Later{After: time.Second, Reason: "it is not known whether the author is trusted"}
	}
	in.Approved = in.Pull.AuthorTrusted || t.rh.Status.HeadApproval.Holds(t.rh.Status.Pull)
	if in.Unseen, err = t.facts.AboutHead(ctx, c, said); err == nil && said.Verb == event.AllowPrivileges {
		in.Altered, err = t.planAltered(ctx)
	}
	return nil, err
}

// shownPlan is the plan of the head whose list of affected jobs there is to see.
func (t *turn) shownPlan() *v1alpha1.PlanStatus {
	plan := t.rh.Status.PlanOfHead()
	if plan == nil || plan.Error != "" || t.rh.Status.Comments[planComment].ID == 0 {
		return nil
	}
	return plan
}

// explained adds to a verdict what is not told on the pull request.
func (t *turn) explained(c v1alpha1.Command, said event.Command, login string, status v1alpha1.CommandStatus, because []string) v1alpha1.CommandStatus {
	if status.Verdict != v1alpha1.VerdictAccepted {
		status.Message = strings.Join(because, " ")
	}
	status.By = login
	if event.FromCommandLine(c.ID) {
		status.Message = t.sentence(commandVerdict{c, &status, said})
	}
	return status
}
