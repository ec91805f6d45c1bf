package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/judging"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
	"github.com/rehearsal-dev/rehearsal/pkg/report/planview"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// marks maintains the labels, the reactions and the commit status of the pull request.
type marks struct{ *pass }

// seen is the reaction that shows the author of a command that it was read.
const seen = "eyes"

// react adds reactions to commands, one per text. Commands that are ignored, such as those
// of outsiders, get none.
func (t *marks) react(ctx context.Context) error {
	ctx = github.Later(ctx)
	marked := map[int64]bool{}
	var errs []error
	for i := range t.rh.Status.Commands {
		c := &t.rh.Status.Commands[i]
		if c.Seen || judging.Unheeded(c.Reason) {
			continue
		}
		// 0 stands for the description of the pull request: no comment has this id.
		comment, written := event.CommentID(c.ID)
		if !written && !event.FromDescription(c.ID) {
			c.Seen = true
			continue
		}
		if !marked[comment] {
			if err := t.reactTo(ctx, comment); err != nil && !github.Impossible(err) {
				errs = append(errs, fmt.Errorf("reacting to %s: %w", c.ID, err))
				continue
			}
			marked[comment] = true
		}
		c.Seen = true
	}
	return errors.Join(errs...)
}

func (t *marks) reactTo(ctx context.Context, comment int64) error {
	p := t.rh.Spec.Pull
	if comment == 0 {
		return t.GitHub.ReactToPull(ctx, p.Org, p.Repo, p.Number, seen)
	}
	return t.GitHub.React(ctx, p.Org, p.Repo, comment, seen)
}

// keepAcknowledged updates the acknowledgement and the network access for the current head,
// and their labels.
func (t *marks) keepAcknowledged(ctx context.Context) error {
	if !t.fresh {
		return nil
	}
	judging.Follow(t.rh, t.repo.StickyAuthors)
	return errors.Join(
		t.label(ctx, t.rh.Status.Acknowledgement, t.repo.Labels.Ack),
		t.label(ctx, t.rh.Status.NetworkAccess, t.repo.Labels.Network),
	)
}

func (t *marks) label(ctx context.Context, a *v1alpha1.Acknowledgement, label string) error {
	if a == nil || a.Labelled {
		return nil
	}
	p := t.rh.Spec.Pull
	err := t.talk.Insist("label "+label+" "+string(a.State), t.rh.Status.MarkReporting, func() error {
		if a.State != v1alpha1.StateAcknowledged {
			return t.GitHub.RemoveLabel(ctx, p.Org, p.Repo, p.Number, label)
		}
		if err := t.facts.SameHead(ctx); err != nil {
			return err
		}
		return t.GitHub.AddLabel(ctx, p.Org, p.Repo, p.Number, label)
	})
	if t.talk.IsRefused(err) {
		return nil
	}
	if err != nil {
		return t.talk.Reporting(err)
	}
	a.Labelled = true
	return nil
}

// showStatus sets the commit status of the head, if one is configured and it has changed.
func (t *marks) showStatus(ctx context.Context) error {
	pull := t.rh.Status.Pull
	if t.repo.StatusContext == "" || pull == nil || !t.fresh || !pull.Open {
		return nil
	}
	state, description := report.Status(t.statusView())
	want := v1alpha1.CommitStatus{Head: pull.Head, Context: t.repo.StatusContext, State: state, Description: description}
	if known := t.rh.Status.CommitStatus; known != nil && known.Head == want.Head {
		want.Since = known.Since
		if *known == want {
			return nil
		}
	}
	p := t.rh.Spec.Pull
	var at time.Time
	err := t.talk.Insist("status "+want.Context+" "+want.Head, t.rh.Status.MarkReporting, func() (err error) {
		at, err = t.GitHub.SetStatus(github.Later(ctx), p.Org, p.Repo, pull.Head, github.Status{
			Context: want.Context, State: state, Description: description, URL: t.planLink(),
		})
		return err
	})
	if t.talk.IsRefused(err) {
		return nil
	}
	if err != nil {
		return t.talk.Reporting(err)
	}
	if want.Since == nil && !at.IsZero() {
		want.Since = &metav1.Time{Time: at}
	}
	t.rh.Status.CommitStatus = &want
	return nil
}

func (t *marks) statusView() report.StatusView {
	var v report.StatusView
	if a := t.rh.Status.Acknowledgement; a != nil && !judging.MovedOn(a, t.rh.Status.Pull) {
		v.Acknowledgement = planview.Acknowledgement(a, t.repo.Labels.Ack)
	}
	if plan := t.rh.Status.PlanOfHead(); plan != nil {
		v.Planned, v.Problem, v.Offered = true, plan.Error != "", plan.Due
	}
	for i := range t.rh.Status.Runs {
		r := &t.rh.Status.Runs[i]
		if r.Head != t.rh.Status.Pull.Head || r.State == v1alpha1.RunRejected || r.State == v1alpha1.RunPending {
			continue
		}
		v.Run, v.RunOver = &run.Tally{
			Total: r.Total, Passed: r.Passed, Failed: r.Failed, Aborted: r.Total - r.Passed - r.Failed,
		}, r.State.Done()
		if !v.RunOver {
			v.Run.Aborted, v.Run.Running = 0, v.Run.Aborted
		}
	}
	return v
}

// planLink returns the URL of the plan comment, or of the pull request while there is none.
func (t *marks) planLink() string {
	p, id := t.rh.Spec.Pull, t.rh.Status.Comments[planComment].ID
	if id == 0 {
		return t.settings.GitHub.PullPage(p.Org, p.Repo, p.Number)
	}
	return t.settings.GitHub.CommentPage(p.Org, p.Repo, p.Number, id)
}
