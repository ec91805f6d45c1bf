package rehearsal

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clienttesting "k8s.io/client-go/testing"
	"knative.dev/pkg/controller"
	"knative.dev/pkg/logging"
	"knative.dev/pkg/reconciler"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/deadline"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/judging"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
	"github.com/rehearsal-dev/rehearsal/pkg/requeue"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

// Messages of API servers (plugin/pkg/admission/resourcequota, ValidatingAdmissionPolicies,
// and webhooks).
const (
	saysQuota   = "exceeded quota: no-runs, requested: count/pipelineruns.tekton.dev=1, used: count/pipelineruns.tekton.dev=0, limited: count/pipelineruns.tekton.dev=0"
	saysPolicy  = "ValidatingAdmissionPolicy 'no-runs' with binding 'no-runs' denied request: not today"
	saysWebhook = `admission webhook "webhook.pipeline.tekton.dev" denied the request: validation failed: invalid value: 0s`
	saysNoHook  = `failed calling webhook "webhook.pipeline.tekton.dev": failed to call webhook: no endpoints available for service "tekton-pipelines-webhook"`
)

// turns reconciles the Rehearsal of a world as the generated code does.
type turns struct {
	reconciler.LeaderAwareFuncs
	world *world
}

func (r *turns) Reconcile(ctx context.Context, _ string) error {
	w := r.world
	w.sync()
	before, rh := w.rh.DeepCopy(), w.rh.DeepCopy()
	err := w.reconciler.ReconcileKind(ctx, rh)
	reconciler.PostProcessReconcile(ctx, rh, before)
	if stored, getErr := w.rehearsals.RehearsalV1alpha1().Rehearsals(rh.Namespace).Get(context.Background(), rh.Name, metav1.GetOptions{}); getErr == nil {
		rh.Spec = stored.Spec
	}
	w.rh = rh
	return err
}

func quiet() context.Context { return logging.WithLogger(context.Background(), zap.NewNop().Sugar()) }

// persist runs passes for a while, as the work queue does.
func (w *world) persist(during time.Duration) {
	w.t.Helper()
	queue := requeue.NewRetrying(&turns{world: w})
	for end := w.clock.Now().Add(during); w.clock.Now().Before(end); {
		err := queue.Reconcile(quiet(), "rehearsals/acme-config-7")
		after := end.Sub(w.clock.Now())
		if requeue, asked := controller.IsRequeueKey(err); requeue {
			after = min(after, max(asked, time.Second))
		}
		w.clock.SetTime(w.clock.Now().Add(after))
	}
}

// refuse has an API server fail every creation of a kind.
func refuse(fake *clienttesting.Fake, resource string, err error) {
	fake.PrependReactor("create", resource, func(clienttesting.Action) (bool, runtime.Object, error) { return true, nil, err })
}

func forbidden(resource, message string) error {
	return apierrors.NewForbidden(schema.GroupResource{Resource: resource}, "acme-config-7-1-0", errors.New(message))
}

func (w *world) allComments() string {
	var all strings.Builder
	for _, c := range w.hub.comments {
		all.WriteString(c.Body + "\n")
	}
	return all.String()
}

// noPlans is a planner that always fails, or never finishes if err is nil.
type noPlans struct{ err error }

func (p noPlans) Get(string, plan.Request) (*plan.Result, error, bool) {
	return nil, p.err, p.err != nil
}
func (noPlans) Forget(plan.Request) {}

// TestARunThatCannotStart keeps a run from starting. Within minutes the comment says what
// the problem is and who can help, and later the run ends.
func TestARunThatCannotStart(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes an hour of turns, one after the other")
	}
	pipelineRuns := func(err error) func(*world) {
		return func(w *world) { refuse(&w.tekton.Fake, "pipelineruns", err) }
	}
	for name, tc := range map[string]struct {
		happens func(w *world)
		says    string
		advice  string
	}{
		"quota":            {pipelineRuns(forbidden("pipelineruns", saysQuota)), saysQuota, "quota of the namespace `rehearsals`"},
		"admission policy": {pipelineRuns(forbidden("pipelineruns", saysPolicy)), saysPolicy, "has to allow it"},
		"webhook":          {pipelineRuns(apierrors.NewBadRequest(saysWebhook)), saysWebhook, "has to allow it"},
		"webhook down":     {pipelineRuns(apierrors.NewInternalError(errors.New(saysNoHook))), saysNoHook, "has to look into it"},
		"ConfigMap refused": {func(w *world) {
			refuse(&w.kube.Fake, "configmaps", forbidden("configmaps", "exceeded quota: small"))
		}, "exceeded quota: small", "quota of the namespace `rehearsals`"},
		"ConfigMap too large": {func(w *world) {
			refuse(&w.kube.Fake, "configmaps", apierrors.NewRequestEntityTooLargeError("limit is 3145728"))
		}, "limit is 3145728", "has to look into it"},
		"head gone":             {func(w *world) { w.reconciler.Plans = noPlans{errors.New(`revision "aaaa" not found`)} }, `revision "aaaa" not found`, "has to look into it"},
		"disk full":             {func(w *world) { w.reconciler.Plans = noPlans{&repo.DiskFullError{}} }, "the disk of the mirrors is full", "free disk space for the mirrors"},
		"GitHub answers errors": {func(w *world) { w.reconciler.GitHub = noPulls{w.hub} }, "502", "has to look into it"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.reconcile()
			w.rh.Spec.Commands = append(w.rh.Spec.Commands, runCommand())
			w.rh.Generation++
			w.fold()
			tc.happens(w)
			w.persist(5 * time.Minute)
			said := w.allComments()
			for _, want := range []string{tc.says, tc.advice} {
				if !strings.Contains(said, want) {
					t.Errorf("after five minutes it does not say %q: %s", want, said)
				}
			}
			w.persist(time.Hour)
			if r := w.rh.Status.Runs[0]; r.State != v1alpha1.RunRejected {
				t.Errorf("after an hour the run is %s", r.State)
			}
			if last := w.lastComment(); !strings.Contains(last, "Not started: ") || !strings.Contains(last, tc.says) {
				t.Errorf("the last word is %q", last)
			}
			_, _, runs, _, _ := w.counts()
			if runs > 1 {
				t.Errorf("%d comments on the run", runs)
			}
		})
	}
}

// fold brings the run into status, and does nothing else.
func (w *world) fold() {
	w.rh.Status.Commands = append(w.rh.Status.Commands, v1alpha1.CommandStatus{ID: wholeRun, Verdict: v1alpha1.VerdictAccepted, Head: head, By: "bob", At: ptrTime(w.clock.Now()), Seen: true})
	judging.Fold(w.rh, w.reconciler.Settings().Prefixes)
}

func ptrTime(at time.Time) *metav1.Time { return &metav1.Time{Time: at} }

// noPulls is a GitHub that shows no pull request.
type noPulls struct{ GitHub }

func (noPulls) Pull(context.Context, string, string, int) (*github.Pull, error) {
	return nil, errors.New("reading pull request: 502")
}

// TestARunStartsAfterAll removes what kept a run from starting. The report of the problem
// must go, too.
func TestARunStartsAfterAll(t *testing.T) {
	w := newWorld(t, runCommand())
	left := true
	w.tekton.PrependReactor("create", "pipelineruns", func(clienttesting.Action) (bool, runtime.Object, error) {
		return left, nil, forbidden("pipelineruns", saysQuota)
	})
	w.persist(10 * time.Minute)
	if !strings.Contains(w.lastComment(), saysQuota) {
		t.Fatalf("it says %q", w.lastComment())
	}
	left = false
	w.persist(5 * time.Minute)
	if r := w.rh.Status.Runs[0]; r.State != v1alpha1.RunRunning || r.HinderedSince != nil {
		t.Errorf("the run is %+v", r)
	}
	w.createProwJobs()
	w.persist(2 * time.Minute)
	if strings.Contains(w.allComments(), saysQuota) {
		t.Errorf("it still says %q", w.allComments())
	}
}

// TestWaitingForOthersIsNoHindrance checks that waiting for slots, or for GitHub's rate
// limit, may take longer than any error, and that the run then has its full time to start.
func TestWaitingForOthersIsNoHindrance(t *testing.T) {
	w := newWorld(t, runCommand())
	full := busy(5)
	w.withQuotas(settings.Quotas{Jobs: 5}, full)
	for range 10 {
		w.clock.SetTime(w.clock.Now().Add(time.Hour))
		w.persist(time.Minute)
	}
	if r := w.rh.Status.Runs[0]; r.State != v1alpha1.RunPending {
		t.Fatalf("the run is %s", r.State)
	}
	w.clock.SetTime(w.clock.Now().Add(deadline.WaitTime))
	w.persist(time.Minute)
	if r := w.rh.Status.Runs[0]; r.State != v1alpha1.RunRejected || !strings.Contains(w.lastComment(), "is queued") {
		t.Errorf("the run is %s: %s", r.State, w.lastComment())
	}
}
