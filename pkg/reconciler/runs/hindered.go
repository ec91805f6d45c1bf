package runs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/conversation"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/deadline"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/trouble"
	"github.com/rehearsal-dev/rehearsal/pkg/requeue"
)

// TellAfter is how long errors may last before they are reported on the pull request. Most
// do not last that long.
const TellAfter = 2 * time.Minute

// pending handles what keeps a run from starting, after an attempt to advance it: the error
// is reported, and the run ends when it is due.
func (t *Runner) pending(ctx context.Context, r *v1alpha1.RunStatus, err error) error {
	if _, ends := t.Endings[r.ID]; ends {
		r.MarkHindered(t.Now) // until the end is reported
	}
	errs := append(slices.Clone(t.Hindrances), err)
	failed := requeue.Failures(errs...)
	_, limited := requeue.LimitedUntil(errs)
	switch {
	case len(failed) > 0:
		r.MarkHindered(t.Now)
		r.Message = trouble.Because(failed[0], t.Rehearsal.Namespace, t.Secrets())
	case limited:
		r.HinderedSince = nil
	}
	if !t.Now.Before(deadline.Due(r)) {
		return t.endLate(ctx, r)
	}
	if len(failed) == 0 || t.Now.Sub(r.HinderedSince.Time) < TellAfter {
		return err
	}
	return errors.Join(err, t.reporter.tellHindrance(ctx, r))
}

// tellHindrance reports what keeps a run from starting, and what to do about it.
func (t *reporter) tellHindrance(ctx context.Context, r *v1alpha1.RunStatus) error {
	sentence := "This run has not started yet: " + r.Message + " This is retried until " + deadline.Due(r).UTC().Format("15:04 MST") + "."
	news := conversation.Hash(withoutNumbers(sentence))
	if r.Progress == news || r.ProgressAt != nil && t.Now.Sub(r.ProgressAt.Time) < min(t.Settings.ProgressInterval, obstacleInterval) {
		return nil
	}
	if err := t.sayOfUnstarted(ctx, r, sentence); err != nil {
		return err
	}
	r.Progress, r.ProgressAt = news, &metav1.Time{Time: t.Now}
	return nil
}

// endLate ends a run that has not started in time. If that cannot be reported, it is
// reported later.
func (t *Runner) endLate(ctx context.Context, r *v1alpha1.RunStatus) error {
	sentence := fmt.Sprintf("Not started: it waited for %s, which is the limit. %s", lasting(t.Now.Sub(r.Since.Time)), r.Message)
	if r.HinderedSince != nil && r.Message != "" {
		sentence = fmt.Sprintf("Not started: %s This was retried for %s. Write the command again when the problem is fixed.", r.Message, lasting(t.Now.Sub(r.HinderedSince.Time)))
	}
	e := t.Endings[r.ID]
	if e.State == "" {
		e = Ending{v1alpha1.RunRejected, []string{sentence}}
	}
	if r.AbortReason != "" {
		e = Ending{v1alpha1.RunAborted, []string{"Not started: " + r.AbortReason + "."}}
	}
	delete(t.Endings, r.ID)
	err := t.reporter.sayUnstarted(ctx, r, e.Sentences...)
	if err != nil {
		r.MarkUnreported(e.State, t.Now)
		r.Message = e.Sentences[0] // in full, to be reported later
		return err
	}
	t.Over(r, e)
	return nil
}

// lasting returns a duration in words.
func lasting(d time.Duration) string {
	if d < 2*time.Hour {
		return plural(int(d.Round(time.Minute)/time.Minute), "minute")
	}
	return plural(int(d.Round(time.Hour)/time.Hour), "hour")
}
