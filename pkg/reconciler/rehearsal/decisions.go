package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/policy"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/judging"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/runs"
	"github.com/rehearsal-dev/rehearsal/pkg/requeue"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// decisions decides which commands are carried out.
type decisions struct {
	*pass
	answers *answers
}

// decideOnCommands decides on every command that has no decision, and turns the accepted ones
// into runs. If the rights of an author cannot be read, that command and all later ones
// wait, because their order matters.
func (t *decisions) decideOnCommands(ctx context.Context) error {
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
	err := t.decideOnAll(ctx)
	var wait *requeue.Later
	if err != nil && !errors.As(err, &wait) {
		t.rh.Status.MarkPulling("Retrying", err.Error())
	}
	t.aborted = judging.Fold(t.rh, t.settings.Prefixes)
	judging.Outdate(t.rh)
	return errors.Join(err, trust)
}

func (t *decisions) decideOnAll(ctx context.Context) error {
	ahead, known := t.runsAhead(), judging.DeniedSince(t.rh)
	for _, c := range judging.Unjudged(t.rh) {
		said := event.ParseStored(c.Text, t.settings.Prefixes)
		login, mapped := t.facts.Person(c)
		in := judging.Circumstances{Pull: t.rh.Status.Pull, Unmapped: !mapped, Plan: t.shownPlan(), Runs: ahead, Now: t.facts.TheirTime(), Overlooked: c.At.Time.Before(known)}
		status, because, err := t.decideOn(ctx, c, said, login, &in)
		if err != nil {
			return fmt.Errorf("deciding on %s: %w", c.ID, err)
		}
		if status.Verdict == v1alpha1.VerdictAccepted {
			byLogin := c
			byLogin.By, byLogin.At = login, *status.At
			judging.Acknowledge(t.rh, byLogin, said.Verb, said.Jobs...)
			if said.Kind().Effect == event.Starts {
				ahead++
			}
		}
		t.rh.Status.Commands = append(t.rh.Status.Commands, t.explained(c, said, login, status, because))
	}
	return nil
}

func (t *decisions) decideOn(ctx context.Context, c v1alpha1.Command, said event.Command, login string, in *judging.Circumstances) (v1alpha1.CommandStatus, []string, error) {
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

// begun returns the stored manifest of the run of a command without a decision; nil if
// there is none. The command was accepted in a pass whose status was lost. Later events may
// end the run, but must not deny the command: somebody has to end the run.
func (t *decisions) begun(ctx context.Context, c v1alpha1.Command, said event.Command) (*run.Manifest, error) {
	if said.Kind().Effect != event.Starts {
		return nil, nil
	}
	m, err := t.runs.StoredManifest(ctx, c.ID)
	if runs.IsLost(err) || errors.Is(err, runs.ErrEarlier) {
		return nil, nil
	}
	return &m, err
}

// explained adds to a decision what the pull request does not show.
func (t *decisions) explained(c v1alpha1.Command, said event.Command, login string, status v1alpha1.CommandStatus, because []string) v1alpha1.CommandStatus {
	if status.Verdict != v1alpha1.VerdictAccepted {
		status.Message = strings.Join(because, " ")
	}
	status.By = login
	if event.FromCommandLine(c.ID) {
		status.Message = t.answers.sentence(commandVerdict{c, &status, said})
	}
	return status
}

// look gathers what a decision depends on, as far as it is needed. It returns the reasons
// why the policy could not know more.
func (t *decisions) look(ctx context.Context, c v1alpha1.Command, said event.Command, login string, in *judging.Circumstances) ([]string, error) {
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
		// The comment has the id of its author, whose login may have changed.
		if q.ByID = t.facts.AuthorID(c); q.ByID != 0 {
			if because, err := t.facts.Permit(ctx, q, in); err != nil || !in.Allowed {
				return because, err
			}
		}
	}
	if kind.IsQuestion() {
		left, _, err := t.answers.left(ctx, login, event.TextID(c.ID), judging.BoundTime(c, in.Now).Time, true)
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

// planAltered reports whether somebody else edited or deleted the comment with the affected
// jobs. Everybody with write access to the repository can do that, and then nobody knows
// what people have seen in it. The comment is written again, and counts as showing nothing
// until then.
func (t *decisions) planAltered(ctx context.Context) (bool, error) {
	known := t.rh.Status.Comments[planComment]
	if known.ID == 0 || t.rh.Status.Plan == nil {
		return false, nil // there is no comment
	}
	p := t.rh.Spec.Pull
	comment, err := t.GitHub.Comment(ctx, p.Org, p.Repo, known.ID)
	var gone *github.NotFoundError
	switch {
	case errors.As(err, &gone):
	case err != nil:
		return false, err
	case known.At != nil && !comment.UpdatedAt.Truncate(time.Second).After(known.At.Time):
		return false, nil
	}
	known.Hash = ""
	t.rh.Status.Comments[planComment] = known
	t.rh.Status.Plan.AsksSince, t.rh.Status.Plan.Noted = nil, ""
	return true, nil
}

// runsAhead counts the runs that are not over, and the runs of commands that this pass
// accepted.
func (t *decisions) runsAhead() int {
	n, on, runs := len(t.rh.Status.ActiveRuns()), t.rh.Status.Verdicts(), t.rh.Status.RunsByID()
	for _, c := range t.rh.Spec.Commands {
		v := on[c.ID]
		if v != nil && v.Verdict == v1alpha1.VerdictAccepted && !v.Over && runs[c.ID] == nil && event.ParseStored(c.Text, t.settings.Prefixes).Kind().Effect == event.Starts {
			n++
		}
	}
	return n
}
