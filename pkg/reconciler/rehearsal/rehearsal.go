// Package rehearsal reconciles Rehearsals: it reads the pull request, judges
// what was commanded, plans, answers, and has package runs carry runs to their ends. What to do is
// decided in package judging, which is pure; the other files do it.
//
// Every write can be repeated: names are deterministic, comments are found by
// their markers, and status says only what has been done.
package rehearsal

import (
	"context"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	"knative.dev/pkg/controller"
	"knative.dev/pkg/logging"
	"knative.dev/pkg/reconciler"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	clientset "github.com/rehearsal-dev/rehearsal/pkg/client/clientset/versioned"
	reconcilerv1alpha1 "github.com/rehearsal-dev/rehearsal/pkg/client/injection/reconciler/rehearsal/v1alpha1/rehearsal"
	"github.com/rehearsal-dev/rehearsal/pkg/conversation"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/lookup"
	"github.com/rehearsal-dev/rehearsal/pkg/pages"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/deadline"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/facts"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/planning"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/runs"
	"github.com/rehearsal-dev/rehearsal/pkg/requeue"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
	"github.com/rehearsal-dev/rehearsal/pkg/sweep"
)

// GitHub is what the controller asks of GitHub. Errors are those of pkg/github.
type GitHub interface {
	conversation.GitHub
	BranchTip(ctx context.Context, org, repo, branch string) (string, error)
	DefaultBranch(ctx context.Context, org, repo string) (string, error)
	PublicBranchTip(ctx context.Context, org, repo, branch string) (string, error)
	PublicDefaultBranch(ctx context.Context, org, repo string) (string, error)
	facts.GitHub
	sweep.Source
}

// Reconciler implements the generated reconciler's Interface.
type Reconciler struct {
	*runs.Clients
	Rehearsals clientset.Interface

	// Conversations is what is remembered of those on pull requests.
	Conversations conversation.Memory
	// Lookups are what is known of other repositories.
	Lookups lookup.Memory

	GitHub   GitHub
	Plans    planning.Planner
	Settings func() *settings.Settings
	Clock    clock.PassiveClock
	// LeadsSince is when this controller came to lead; nil when nobody else could.
	LeadsSince func() time.Time
}

var (
	_ reconcilerv1alpha1.Interface = (*Reconciler)(nil)
	_ reconcilerv1alpha1.Finalizer = (*Reconciler)(nil)
)

// pass is one reconcile of one Rehearsal: what its phases share.
type pass struct {
	*Reconciler
	rh       *v1alpha1.Rehearsal
	settings *settings.Settings
	repo     settings.Repository
	now      time.Time

	// talk is the conversation with people.
	talk *conversation.Conversation
	// fresh says that GitHub was asked in this pass, or need not be.
	fresh bool
	// facts are what is found out for the policy.
	facts *facts.Facts
	// plan is the plan of the head.
	plan *planning.Plan
	// runs are those of the pull request.
	runs *runs.Runner
	// aborted counts the runs that each abort command found.
	aborted map[string]int
	// later are the times when something is due.
	later []error
}

// reconcile goes through the phases. One that fails does not keep the later ones
// from their work: runs must be aborted while GitHub is away.
func (r *Reconciler) reconcile(ctx context.Context, rh *v1alpha1.Rehearsal) reconciler.Event {
	if gone, err := r.refresh(ctx, rh); gone || err != nil {
		return err
	}
	t, served := r.newPass(rh)
	defer boundStatus(rh)
	switch name := event.Name(rh.Spec.Pull); {
	case rh.Name != name:
		// Nothing tells what is in its log or its status.
		rh.Status.MarkNotPulled("OtherName", fmt.Sprintf("the Rehearsal of this pull request is named %s: delete this one", name))
		return nil
	case !served:
		return t.settle(append([]error{t.runs.Cleaner.Clean(ctx)}, (&tidier{t}).leaveUnserved(ctx)...)...)
	}
	rh.Status.UnservedSince = nil
	t.noteDryRun()
	err := phase{"readPull", t.hindering((&pullReader{t}).read)}.run(ctx)
	if isForeign(err) {
		rh.Status.AbortRuns("its name now belongs to another repository", func(*v1alpha1.RunStatus) bool { return true })
		// Whoever can help need not touch the Rehearsal.
		return t.settle(&requeue.Later{After: gonePause, Reason: err.Error()}, t.runs.Advance(ctx), t.runs.Cleaner.Clean(ctx))
	}
	errs := []error{err}
	for _, p := range t.phases() {
		errs = append(errs, p.run(ctx))
	}
	t.showLimit(errs)
	summarise(rh)
	errs = t.spread(errs)
	if !t.talk.Refused && requeue.Settle(errs, t.now) == nil {
		rh.Status.MarkReported()
	}
	return t.settle(append(errs, t.lookAgainLater())...)
}

// newPass is for a Rehearsal as it is now. served says whether the settings list its
// repository.
func (r *Reconciler) newPass(rh *v1alpha1.Rehearsal) (t *pass, served bool) {
	t = &pass{Reconciler: r, rh: rh, settings: r.Settings(), now: r.Clock.Now()}
	t.repo, served = t.settings.Repository(rh.Spec.Pull.Org, rh.Spec.Pull.Repo)
	t.talk = &conversation.Conversation{
		GitHub: r.GitHub, Memory: &r.Conversations, Rehearsal: rh, Now: t.now,
		NewLeader: r.LeadsSince != nil && r.Clock.Since(r.LeadsSince()) < conversation.DoubtTime,
	}
	t.facts = facts.New(facts.Facts{
		GitHub: r.GitHub, Rehearsal: rh, Settings: t.settings, Repository: t.repo, Insister: t.talk, Now: t.now,
	})
	t.plan = &planning.Plan{
		Rehearsal: rh, Settings: t.settings, Repository: t.repo, Now: t.now, Planner: r.Plans, GitHub: r.GitHub, Lookups: &r.Lookups,
	}
	t.runs = runs.NewRunner(runs.Pass{
		Clients: r.Clients, GitHub: r.GitHub, Rehearsal: rh, Settings: t.settings, Repository: t.repo, Now: t.now, Plan: t.plan, Talk: t.talk,
	})
	return t, served
}

// hindering keeps what a phase fails with: a run needs it to start.
func (t *pass) hindering(phase func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		err := phase(ctx)
		t.runs.Hindrances = append(t.runs.Hindrances, err)
		return err
	}
}

// phases are what follows once the pull request was read, or could not be.
func (t *pass) phases() []phase {
	planner, marks := &planner{t}, &marks{t}
	answers := &answers{pass: t, planner: planner}
	verdicts := &verdicts{t, answers}
	return []phase{
		{"readLinkKey", t.hindering(t.readLinkKey)},
		{"judgeCommands", t.hindering(verdicts.judgeCommands)},
		{"react", marks.react},
		{"makePlan", t.hindering(planner.prepare)},
		{"keepAcknowledged", marks.keepAcknowledged},
		{"showPlan", planner.show},
		{"advanceRuns", t.runs.Advance},
		{"answerCommands", answers.answerCommands},
		{"tellRefused", marks.tellRefused},
		{"showStatus", marks.showStatus},
		{"removeDoubles", t.removeDoubles},
		{"clean", t.runs.Cleaner.Clean},
		{"tidy", (&tidier{t}).tidy},
	}
}

// removeDoubles removes comments that were written twice. In a dry run none were.
func (t *pass) removeDoubles(ctx context.Context) error {
	if t.settings.DryRun {
		return nil
	}
	return t.talk.RemoveDoubles(ctx)
}

// settle is what the work queue is told, with the times when something is due.
func (t *pass) settle(errs ...error) error {
	return requeue.Settle(slices.Concat(errs, t.later, t.runs.Later), t.now)
}

// refresh replaces what the informer knew of a Rehearsal by what the API server
// has. What is heard during a turn starts the next one at its end, when the
// informer has not seen yet which status it wrote: made from an older one, the
// next status would forget verdicts and runs. gone says that there is nothing to
// reconcile any more.
func (r *Reconciler) refresh(ctx context.Context, rh *v1alpha1.Rehearsal) (gone bool, err error) {
	latest, err := r.Rehearsals.RehearsalV1alpha1().Rehearsals(rh.Namespace).Get(ctx, rh.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return true, nil
	case err != nil:
		return false, fmt.Errorf("reading the Rehearsal: %w", err)
	case latest.UID != rh.UID, !latest.DeletionTimestamp.IsZero():
		return true, nil
	}
	latest.DeepCopyInto(rh)
	reconciler.PreProcessReconcile(ctx, rh)
	rh.Status.InitializeConditions()
	return false, nil
}

// finalize ends what the Rehearsal has started in other namespaces, where
// owner references do not reach. A Prow that does not answer does not keep it for
// ever.
func (r *Reconciler) finalize(ctx context.Context, rh *v1alpha1.Rehearsal) reconciler.Event {
	left, err := r.EndAll(ctx, rh, r.Settings().Prow.ProwJobNamespace, "the Rehearsal was deleted")
	switch {
	case err == nil && left == 0:
		return nil
	case !r.Clock.Now().Before(deadline.EndOf(deadline.Deleting, rh.DeletionTimestamp)):
		r.letGo(ctx, rh, left, err)
		return nil
	case err != nil:
		return err
	}
	return controller.NewRequeueAfter(runs.AbortPause)
}

// letGo says that a Rehearsal goes although something of it may still run.
func (r *Reconciler) letGo(ctx context.Context, rh *v1alpha1.Rehearsal, left int, err error) {
	message := fmt.Sprintf("%s after its deletion, not everything that it started has ended (%d known); it is deleted anyway", deadline.Lasts[deadline.Deleting], left)
	if err != nil {
		message += ": " + err.Error()
	}
	logging.FromContext(ctx).Errorw("A Rehearsal is deleted although not everything that it started has ended", "left", left, "error", err)
	warningEvent(ctx, rh, "LetGo", message)
}

// readLinkKey is for a turn that may give out links.
func (t *pass) readLinkKey(ctx context.Context) error {
	t.runs.Links.URL = t.settings.PageURL
	if t.runs.Links.URL != "" {
		t.runs.Links.Key, t.runs.Links.Err = pages.EnsureLinkKey(ctx, t.Kube.CoreV1().Secrets(t.rh.Namespace))
	}
	return t.runs.Links.Err
}
