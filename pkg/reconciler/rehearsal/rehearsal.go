// Package rehearsal reconciles Rehearsals: it reads the pull request, decides on commands,
// plans, answers, and has package runs take runs to their ends. Decisions are made in
// package judging, which is pure; the files here carry them out.
//
// Every write can be repeated: names are deterministic, comments are found by their
// markers, and status contains only what has been done.
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

// GitHub is the part of GitHub's API that the controller uses. Errors are those of
// pkg/github.
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

	// Conversations remembers comments and refusals of all pull requests.
	Conversations conversation.Memory
	// Lookups remembers what GitHub said about other repositories.
	Lookups lookup.Memory

	GitHub   GitHub
	Plans    planning.Planner
	Settings func() *settings.Settings
	Clock    clock.PassiveClock
	// LeadsSince returns when this controller became the leader; nil if no other can lead.
	LeadsSince func() time.Time
}

var (
	_ reconcilerv1alpha1.Interface = (*Reconciler)(nil)
	_ reconcilerv1alpha1.Finalizer = (*Reconciler)(nil)
)

// pass is one reconcile of one Rehearsal, with what its phases share.
type pass struct {
	*Reconciler
	rh       *v1alpha1.Rehearsal
	settings *settings.Settings
	repo     settings.Repository
	now      time.Time

	// talk is the conversation on the pull request.
	talk *conversation.Conversation
	// fresh says that the pull request was read in this pass, or did not have to be.
	fresh bool
	// facts are looked up for the policy.
	facts *facts.Facts
	// plan is the plan of the head.
	plan *planning.Plan
	// runs are the runs of the pull request.
	runs *runs.Runner
	// aborted counts the runs that each abort command found, by its id.
	aborted map[string]int
	// later are the times when something is due.
	later []error
}

// reconcile runs the phases. An error in one does not stop the later ones: runs must be
// aborted even while GitHub is down.
func (r *Reconciler) reconcile(ctx context.Context, rh *v1alpha1.Rehearsal) reconciler.Event {
	if gone, err := r.refresh(ctx, rh); gone || err != nil {
		return err
	}
	t, served := r.newPass(rh)
	defer boundStatus(rh)
	switch name := event.Name(rh.Spec.Pull); {
	case rh.Name != name:
		// Nobody knows where its command log and its status come from.
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
		// The problem may be fixed without a change to the Rehearsal.
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

// newPass returns a pass over a Rehearsal in its current state. served says whether the
// settings list its repository.
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

// hindering records the error of a phase that runs need before they can start.
func (t *pass) hindering(phase func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		err := phase(ctx)
		t.runs.Hindrances = append(t.runs.Hindrances, err)
		return err
	}
}

// phases returns the phases after the pull request was read, or could not be read.
func (t *pass) phases() []phase {
	planner, marks := &planner{t}, &marks{t}
	answers := &answers{pass: t, planner: planner}
	decisions := &decisions{t, answers}
	return []phase{
		{"readLinkKey", t.hindering(t.readLinkKey)},
		{"judgeCommands", t.hindering(decisions.decideOnCommands)},
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

// removeDoubles removes duplicate comments. There are none in a dry run.
func (t *pass) removeDoubles(ctx context.Context) error {
	if t.settings.DryRun {
		return nil
	}
	return t.talk.RemoveDoubles(ctx)
}

// settle returns the result of the pass for the work queue, with the times when something
// is due.
func (t *pass) settle(errs ...error) error {
	return requeue.Settle(slices.Concat(errs, t.later, t.runs.Later), t.now)
}

// refresh replaces the informer's copy of a Rehearsal with the API server's. An event
// during a pass starts the next one right after it, when the informer may not have the
// status which that pass wrote. A status made from an older one would lose decisions and
// runs. gone says that there is nothing left to reconcile.
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

// finalize ends what the Rehearsal has started in other namespaces, where owner references
// do not work. A Prow that does not respond cannot block the deletion forever.
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

// letGo reports that a Rehearsal is deleted although something that it started may still
// run.
func (r *Reconciler) letGo(ctx context.Context, rh *v1alpha1.Rehearsal, left int, err error) {
	message := fmt.Sprintf("%s after its deletion, not everything that it started has ended (%d known); it is deleted anyway", deadline.Lasts[deadline.Deleting], left)
	if err != nil {
		message += ": " + err.Error()
	}
	logging.FromContext(ctx).Errorw("A Rehearsal is deleted although not everything that it started has ended", "left", left, "error", err)
	warningEvent(ctx, rh, "LetGo", message)
}

// readLinkKey sets the URL and the key of the links to pages.
func (t *pass) readLinkKey(ctx context.Context) error {
	t.runs.Links.URL = t.settings.PageURL
	if t.runs.Links.URL != "" {
		t.runs.Links.Key, t.runs.Links.Err = pages.EnsureLinkKey(ctx, t.Kube.CoreV1().Secrets(t.rh.Namespace))
	}
	return t.runs.Links.Err
}
