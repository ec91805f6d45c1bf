// Package rehearsal reconciles Rehearsals: it reads the pull request, judges
// what was commanded, plans, and carries runs to their end. What to do is
// decided in package judging and in step.go, which are pure; the other files do it.
//
// Every write can be repeated: names are deterministic, comments are found by
// their markers, and status says only what has been done.
package rehearsal

import (
	"context"
	"fmt"
	"time"

	tektonclient "github.com/tektoncd/pipeline/pkg/client/clientset/versioned"
	pipelinelisters "github.com/tektoncd/pipeline/pkg/client/listers/pipeline/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/utils/clock"
	"knative.dev/pkg/controller"
	"knative.dev/pkg/logging"
	"knative.dev/pkg/reconciler"
	prowclient "sigs.k8s.io/prow/pkg/client/clientset/versioned"
	prowlisters "sigs.k8s.io/prow/pkg/client/listers/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	clientset "github.com/rehearsal-dev/rehearsal/pkg/client/clientset/versioned"
	reconcilerv1alpha1 "github.com/rehearsal-dev/rehearsal/pkg/client/injection/reconciler/rehearsal/v1alpha1/rehearsal"
	listers "github.com/rehearsal-dev/rehearsal/pkg/client/listers/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/conversation"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/lookup"
	"github.com/rehearsal-dev/rehearsal/pkg/pages"
	"github.com/rehearsal-dev/rehearsal/pkg/prowjob"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/deadline"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/facts"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/judging"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/planning"
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
	Kube       kubernetes.Interface
	Tekton     tektonclient.Interface
	Prow       prowclient.Interface
	Rehearsals clientset.Interface

	PipelineRuns pipelinelisters.PipelineRunLister
	// TaskRuns has the index byPipelineRun.
	TaskRuns cache.Indexer
	ProwJobs prowlisters.ProwJobLister
	// Lister knows all Rehearsals, and Ledger which of their runs were let in since:
	// for the quotas.
	Lister listers.RehearsalLister
	Ledger ledger
	// Manifests are those of the runs that were looked at last.
	Manifests manifests
	// Conversations is what is remembered of those on pull requests.
	Conversations conversation.Memory
	// Lookups are what is known of other repositories.
	Lookups lookup.Memory

	GitHub   GitHub
	Plans    planning.Planner
	Logs     *prowjob.Logs
	Settings func() *settings.Settings
	Clock    clock.PassiveClock
	// LeadsSince is when this controller came to lead; nil when nobody else could.
	LeadsSince func() time.Time
}

var (
	_ reconcilerv1alpha1.Interface = (*Reconciler)(nil)
	_ reconcilerv1alpha1.Finalizer = (*Reconciler)(nil)
)

// turn is one reconciliation of one Rehearsal.
type turn struct {
	*Reconciler
	rh       *v1alpha1.Rehearsal
	settings *settings.Settings
	repo     settings.Repository
	now      time.Time

	// talk is the conversation with people.
	talk *conversation.Conversation
	// fresh says that GitHub was asked in this turn, or need not be.
	fresh bool
	// facts are what is found out for the policy.
	facts *facts.Facts
	// plan is the plan of the head.
	plan *planning.Plan
	// aborted counts the runs that each abort command found.
	aborted map[string]int
	// named are the aborts of jobs of each run, once they were looked up.
	named map[string][]judging.JobAbort
	// told are the texts on other pull requests that had an answer, with or without
	// those that have one due, once that was found out.
	told map[bool]map[string]map[string]answered
	// needed are the ProwJobs that runs which go on need, once that was found out.
	needed map[string]need
	// endings are those of runs that will not start, for the answers to say.
	endings map[string]ending
	// ended are the runs that were over when the turn began; uncleaned is what status
	// said then.
	ended     []string
	uncleaned bool
	// hindrances are what the phases failed with that a run needs to start.
	hindrances []error
	// later are the times when runs are due, or may be cleaned up.
	later []error
	// attended are the runs whose jobs were looked at for those to abort.
	attended map[string]bool
	// waits are why runs that wait for room still do, by their ids.
	waits map[string]string
	// links are those to pages.
	links pages.Links
}

// ReconcileKind implements the generated reconciler's Interface. A phase that
// fails does not keep the later ones from their work: runs must be aborted
// while GitHub is away.
func (r *Reconciler) ReconcileKind(ctx context.Context, rh *v1alpha1.Rehearsal) reconciler.Event {
	if gone, err := r.refresh(ctx, rh); gone || err != nil {
		return err
	}
	t := &turn{
		Reconciler: r, rh: rh, settings: r.Settings(), now: r.Clock.Now(),
		attended: map[string]bool{}, endings: map[string]ending{}, ended: endedRuns(rh), uncleaned: rh.Status.Uncleaned, waits: map[string]string{},
	}
	t.plan = &planning.Plan{
		Rehearsal: rh, Settings: t.settings, Now: t.now, Planner: r.Plans, GitHub: r.GitHub, Lookups: &r.Lookups,
	}
	t.talk = &conversation.Conversation{
		GitHub: r.GitHub, Memory: &r.Conversations, Rehearsal: rh, Now: t.now,
		NewLeader: r.LeadsSince != nil && r.Clock.Since(r.LeadsSince()) < conversation.DoubtTime,
	}
	t.facts = facts.New(facts.Facts{GitHub: r.GitHub, Rehearsal: rh, Settings: t.settings, Insister: t.talk, Now: t.now})
	defer boundStatus(rh)
	var served bool
	t.repo, served = t.settings.Repository(rh.Spec.Pull.Org, rh.Spec.Pull.Repo)
	switch name := event.Name(rh.Spec.Pull); {
	case rh.Name != name:
		// Nothing tells what is in its log or its status.
		rh.Status.MarkNotPulled("OtherName", fmt.Sprintf("the Rehearsal of this pull request is named %s: delete this one", name))
		return nil
	case !served:
		return t.settle(append([]error{t.clean(ctx)}, t.leaveUnserved(ctx)...)...)
	}
	t.plan.Repository, t.facts.Repository = t.repo, t.repo
	rh.Status.UnservedSince = nil
	t.noteDryRun()
	err := t.hindering(t.readPull)(ctx)
	if isForeign(err) {
		rh.Status.AbortRuns("its name leads to another repository now", func(*v1alpha1.RunStatus) bool { return true })
		// Whoever can help need not touch the Rehearsal.
		return t.settle(&requeue.Later{After: gonePause, Reason: err.Error()}, t.advanceRuns(ctx), t.clean(ctx))
	}
	errs := []error{err}
	for _, phase := range []func(context.Context) error{
		t.hindering(t.readLinkKey), t.hindering(t.judgeCommands), t.react, t.hindering(t.makePlan), t.keepAcknowledged, t.showPlan,
		t.advanceRuns, t.answerCommands, t.tellRefused, t.showStatus, t.removeDoubles, t.clean, t.tidy,
	} {
		errs = append(errs, phase(ctx))
	}
	t.showLimit(errs)
	summarise(rh)
	errs = t.spread(errs)
	if !t.talk.Refused && requeue.Settle(errs, t.now) == nil {
		rh.Status.MarkReported()
	}
	return t.settle(append(errs, t.lookAgainLater())...)
}

// removeDoubles removes comments that were written twice. In a dry run none were.
func (t *turn) removeDoubles(ctx context.Context) error {
	if t.settings.DryRun {
		return nil
	}
	return t.talk.RemoveDoubles(ctx)
}

// settle is what the work queue is told, with the times when something is due.
func (t *turn) settle(errs ...error) error { return requeue.Settle(append(errs, t.later...), t.now) }

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
	return false, nil
}

// FinalizeKind ends what the Rehearsal has started in other namespaces, where
// owner references do not reach. A Prow that does not answer does not keep it for
// ever.
func (r *Reconciler) FinalizeKind(ctx context.Context, rh *v1alpha1.Rehearsal) reconciler.Event {
	left, err := r.endAll(ctx, rh, "the Rehearsal was deleted")
	switch {
	case err == nil && left == 0:
		return nil
	case !r.Clock.Now().Before(deadline.EndOf(deadline.Deleting, rh.DeletionTimestamp)):
		r.letGo(ctx, rh, left, err)
		return nil
	case err != nil:
		return err
	}
	return controller.NewRequeueAfter(abortPause)
}

// letGo says that a Rehearsal goes although something of it may still run.
func (r *Reconciler) letGo(ctx context.Context, rh *v1alpha1.Rehearsal, left int, err error) {
	message := fmt.Sprintf("%s after its deletion not all that it has started has ended (%d that are known); it is let go", deadline.Lasts[deadline.Deleting], left)
	if err != nil {
		message += ": " + err.Error()
	}
	logging.FromContext(ctx).Errorw("A deleted Rehearsal is let go", "left", left, "error", err)
	warningEvent(ctx, rh, "LetGo", message)
}
