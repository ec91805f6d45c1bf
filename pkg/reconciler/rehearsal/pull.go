package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
)

const (
	// lag is how long GitHub's API may still tell the head before a push that
	// its webhook has told already.
	lag = time.Minute
	// gonePause is the time between two looks for a pull request that is gone.
	gonePause = 2 * time.Minute
	// lagPause is the time between two looks while it lags.
	lagPause = 5 * time.Second
)

// readPull asks GitHub for the truth, once for every change of the spec.
func (t *turn) readPull(ctx context.Context) error {
	known := t.rh.Status.Pull
	if known != nil && known.SpecGeneration == t.rh.Generation {
		t.fresh = true
		outdate(t.rh)
		return nil
	}
	p := t.rh.Spec.Pull
	pull, err := t.GitHub.Pull(ctx, p.Org, p.Repo, p.Number)
	var gone *github.NotFoundError
	switch {
	case errors.As(err, &gone):
		t.rh.Status.MarkNotPulled("NotFound", gone.Error())
		if len(unjudged(t.rh)) > 0 || len(t.activeRuns()) > 0 {
			// GitHub also says so while it denies us access.
			return &waiting{after: gonePause, reason: "GitHub does not show the pull request"}
		}
		return nil
	case err != nil:
		t.rh.Status.MarkPulling("Retrying", err.Error())
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
	t.rh.Status.Pull = newPullStatus(t.rh, pull, base, t.repo.Labels.Untrusted, t.now)
	t.rh.Status.MarkPulled()
	t.fresh = true
	outdate(t.rh)
	if lagging(t.rh, t.now) {
		t.rh.Status.Pull.SpecGeneration = 0
		t.fresh = false
		return &waiting{after: lagPause, reason: "GitHub does not show the latest push yet"}
	}
	return nil
}

func newPullStatus(rh *v1alpha1.Rehearsal, pull *github.Pull, base, untrusted string, now time.Time) *v1alpha1.PullStatus {
	status := &v1alpha1.PullStatus{
		Head: pull.Head, BaseRef: pull.BaseRef, Base: base,
		HeadRef: pull.HeadRef, Author: pull.Author, Title: pull.Title, Open: pull.Open,
		Untrusted: slices.ContainsFunc(pull.Labels, func(l string) bool { return strings.EqualFold(l, untrusted) }),
		ReadAt:    metav1.NewTime(now), SpecGeneration: rh.Generation,
	}
	before, observed := rh.Status.Pull, rh.Spec.Observed
	told := func(event string) bool {
		return observed != nil && observed.Event == event && observed.Head == pull.Head
	}
	switch {
	case told("synchronize"):
		status.HeadTold, status.HeadSince = true, observed.At.DeepCopy()
	case before != nil && before.Head == pull.Head:
		status.HeadTold, status.HeadSince = before.HeadTold, before.HeadSince
	case before == nil && told("opened"):
		status.HeadTold = true
	}
	return status
}

// lagging says that a recent event told another head than the API does.
func lagging(rh *v1alpha1.Rehearsal, now time.Time) bool {
	observed := rh.Spec.Observed
	return observed != nil && observed.Head != "" && observed.Head != rh.Status.Pull.Head &&
		rh.Status.Pull.Open && now.Sub(observed.At.Time) < lag
}

// judgeCommands gives a verdict on every command that has none, and folds the
// accepted ones into runs. A command whose author's rights cannot be read keeps
// waiting, and so do those after it: their order matters.
func (t *turn) judgeCommands(ctx context.Context) error {
	if t.rh.Status.Pull == nil || !t.fresh {
		return nil
	}
	err := t.judgeAll(ctx)
	t.aborted = fold(t.rh, t.settings.Prefixes)
	outdate(t.rh)
	return err
}

func (t *turn) judgeAll(ctx context.Context) error {
	writers := map[string]bool{}
	for _, c := range unjudged(t.rh) {
		writer, asked := writers[c.By]
		if !asked {
			var err error
			if writer, err = t.mayWrite(ctx, c.By); err != nil {
				return fmt.Errorf("judging %s: %w", c.ID, err)
			}
			writers[c.By] = writer
		}
		verb := event.Parse(c.Text, t.settings.Prefixes).Verb
		pushed, err := t.pushedSince(ctx, c, writer && bindsToHead(verb))
		if err != nil {
			return fmt.Errorf("judging %s: %w", c.ID, err)
		}
		verdict := judge(c, verb, circumstances{pull: t.rh.Status.Pull, writer: writer, pushed: pushed, now: t.now})
		t.rh.Status.Commands = append(t.rh.Status.Commands, verdict)
		if verdict.Verdict == v1alpha1.VerdictAccepted {
			vouch(t.rh, c, verb)
		}
	}
	return nil
}

// pushedSince says whether the head may have been pushed after a command was
// written: then its author has not seen what would run. Where no event told of
// the head, the pull request's timeline knows what came before what; what was
// not written in a comment is not on it. GitHub's times are whole seconds, so a
// push in the same second counts as later.
func (t *turn) pushedSince(ctx context.Context, c v1alpha1.Command, matters bool) (bool, error) {
	pull := t.rh.Status.Pull
	if !matters || !pull.Open {
		return false, nil
	}
	if pull.HeadTold {
		return pull.HeadSince != nil && !c.At.After(pull.HeadSince.Time), nil
	}
	id, ok := event.CommentID(c.ID)
	if !ok {
		return true, nil
	}
	return t.GitHub.PushedAfter(ctx, t.rh.Spec.Pull.Org, t.rh.Spec.Pull.Repo, t.rh.Spec.Pull.Number, id)
}

// mayWrite says whether somebody has write access to the config repository. A
// login that GitHub does not know has none; any other failure is no answer.
func (t *turn) mayWrite(ctx context.Context, login string) (bool, error) {
	permission, err := t.GitHub.Permission(ctx, t.rh.Spec.Pull.Org, t.rh.Spec.Pull.Repo, login)
	var gone *github.NotFoundError
	if errors.As(err, &gone) {
		return false, nil
	}
	return err == nil && permission.CanWrite(), err
}
