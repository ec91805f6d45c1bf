package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/client-go/tools/record"
	"knative.dev/pkg/controller"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/conversation"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/policy"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/deadline"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/facts"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/judging"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/runs"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

// elapse runs passes for a duration, when they are due, and at least this often.
func (w *world) elapse(d, atLeast time.Duration) {
	w.t.Helper()
	for end := w.clock.Now().Add(d); w.clock.Now().Before(end); {
		after, err := w.oneTurn()
		w.check(err)
		if after == 0 {
			after = atLeast
		}
		w.clock.SetTime(w.clock.Now().Add(min(max(after, time.Second), atLeast)))
	}
}

// refusingHub refuses calls for a while, as GitHub does during outages.
type refusingHub struct {
	GitHub
	err                     error
	labels, comments, reads int
}

func (r *refusingHub) AddLabel(ctx context.Context, org, repo string, number int, label string) error {
	r.labels++
	if r.err != nil {
		return r.err
	}
	return r.GitHub.AddLabel(ctx, org, repo, number, label)
}

func (r *refusingHub) CreateComment(ctx context.Context, org, repo string, number int, body string) (*github.Comment, error) {
	r.comments++
	if r.err != nil {
		return nil, r.err
	}
	return r.GitHub.CreateComment(ctx, org, repo, number, body)
}

func (r *refusingHub) Comment(ctx context.Context, org, repo string, id int64) (*github.Comment, error) {
	r.reads++
	if r.err != nil {
		return nil, r.err
	}
	return r.GitHub.Comment(ctx, org, repo, id)
}

var passing403 = &github.RefusedError{Op: "calling", Status: 403, Reason: "Resource protected by organization SAML enforcement"}

// TestARefusalThatPassesRejectsNothing checks that no run is rejected, and no command lost,
// because GitHub answers 404 or 403 for some minutes.
func TestARefusalThatPassesRejectsNothing(t *testing.T) {
	for name, refusal := range map[string]error{"404": &github.NotFoundError{Op: "calling"}, "403": passing403} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, runCommand())
			hub := &refusingHub{GitHub: w.hub, err: refusal}
			w.reconciler.GitHub = hub
			w.elapse(conversation.Belief-time.Minute, 10*time.Second)
			waits := w.rh.Status.GetCondition(v1alpha1.ConditionReported).GetReason() == "Doubted" || w.rh.Status.GetCondition(v1alpha1.ConditionPulled).GetReason() == "Doubted"
			if !waits {
				t.Errorf("nothing tells of it: %+v", w.rh.Status.Conditions)
			}
			if n := hub.comments + hub.reads; n > 40 {
				t.Errorf("GitHub is asked %d times in four minutes", n)
			}
			hub.err = nil
			w.elapse(2*time.Minute, 10*time.Second)
			if n := len(w.rh.Status.Runs); n != 1 || w.rh.Status.Runs[0].State != v1alpha1.RunRunning {
				t.Errorf("the runs are %+v, the verdicts %+v", w.rh.Status.Runs, w.rh.Status.Commands)
			}
		})
	}
}

// TestARefusalThatLastsIsBelieved checks that a comment which stays away counts as deleted.
func TestARefusalThatLastsIsBelieved(t *testing.T) {
	w := newWorld(t, runCommand())
	w.reconciler.GitHub = &refusingHub{GitHub: w.hub, err: &github.NotFoundError{Op: "calling"}}
	w.elapse(conversation.Belief+time.Minute, 10*time.Second)
	if v := w.rh.Status.VerdictOn(wholeRun); v == nil || v.Reason != v1alpha1.ReasonDeleted {
		t.Errorf("the verdict is %+v", v)
	}
}

// TestARefusedLabelIsNotTriedAtEveryTurn checks that a refused label is not retried in
// every pass: each change of a ProwJob causes one.
func TestARefusedLabelIsNotTriedAtEveryTurn(t *testing.T) {
	w := newWorld(t, command("comment-0-0", "/pj-rehearse ack", -2), runCommand())
	w.hub.noLabels = true
	w.elapse(2*conversation.Belief, 10*time.Second)
	w.createProwJobs()
	hub := &refusingHub{GitHub: w.hub}
	w.reconciler.GitHub = hub
	for range 100 {
		_, err := w.oneTurn()
		w.check(err)
	}
	if hub.labels > 1 {
		t.Errorf("100 turns: %d refused calls to set a label", hub.labels)
	}
	if c := w.rh.Status.GetCondition(v1alpha1.ConditionReported); !c.IsFalse() {
		t.Errorf("the refusal is forgotten: %+v", c)
	}
}

// slowPlans takes a while to plan on a new base or head.
type slowPlans struct {
	twoJobs
	world *world
	takes time.Duration
	ready map[string]time.Time
}

func (s *slowPlans) Get(key string, req plan.Request) (*plan.Result, error, bool) {
	at, known := s.ready[req.Base+req.Head]
	if !known {
		s.ready[req.Base+req.Head] = s.world.clock.Now().Add(s.takes)
	}
	if !known || s.world.clock.Now().Before(at) {
		return nil, nil, false
	}
	return s.twoJobs.Get(key, req)
}

// movingBase is a busy repository, whose base branch has moved at every read.
type movingBase struct {
	GitHub
	n int
}

func (m *movingBase) BranchTip(context.Context, string, string, string) (string, error) {
	m.n++
	return fmt.Sprintf("%040x", m.n), nil
}

func TestARunStartsThoughPlanningTakesAMinute(t *testing.T) {
	w := newWorld(t, runCommand())
	plans := &slowPlans{world: w, takes: facts.Lag + 10*time.Second, ready: map[string]time.Time{}}
	w.reconciler.Plans, w.reconciler.GitHub = plans, &movingBase{GitHub: w.hub}
	w.elapse(10*time.Minute, 5*time.Second)
	if len(w.rh.Status.Runs) != 1 || w.rh.Status.Runs[0].State != v1alpha1.RunRunning {
		t.Fatalf("after ten minutes and %d plans the runs are %+v", len(plans.ready), w.rh.Status.Runs)
	}
	if n := len(plans.ready); n > maxRestarts+2 {
		t.Errorf("%d plans were made", n)
	}
}

// TestWaitingRunsNeedNoPlan checks that waiting runs do not ask for a plan. More runs can
// wait than plans are kept in memory.
func TestWaitingRunsNeedNoPlan(t *testing.T) {
	w := newWorld(t, runCommand())
	counted := &countedPlans{}
	w.reconciler.Plans = counted
	full := &quotaLister{jobs: 10}
	w.reconciler.Lister = full
	chosen := w.reconciler.Settings
	w.reconciler.Settings = func() *settings.Settings { s := chosen(); s.Quotas = settings.Quotas{Jobs: 10}; return s }
	w.elapse(2*time.Minute, runs.QuotaPause)
	counted.n = 0
	w.elapse(10*time.Minute, runs.QuotaPause)
	if r := w.rh.Status.Runs[0]; r.State != v1alpha1.RunPending || !strings.Contains(r.Message, "is queued") {
		t.Fatalf("the run is %+v", r)
	}
	if counted.n > 0 {
		t.Errorf("the plan was asked for %d times while the run waited", counted.n)
	}
	full.jobs = 0
	w.elapse(2*time.Minute, runs.QuotaPause)
	if r := w.rh.Status.Runs[0]; r.State != v1alpha1.RunRunning {
		t.Errorf("once there is room the run is %+v", r)
	}
}

type countedPlans struct {
	twoJobs
	n int
}

func (c *countedPlans) Get(key string, req plan.Request) (*plan.Result, error, bool) {
	c.n++
	return c.twoJobs.Get(key, req)
}

// TestWhatWasDeniedIsNotJudgedAnew checks deliveries that are repeated, which GitHub allows
// for days.
func TestWhatWasDeniedIsNotJudgedAnew(t *testing.T) {
	w, r := governed(t, policy.Config{})
	r.rights["alice"] = "writer"
	denied := by("mallory", "comment-5-0", "/pj-rehearse")
	denied.At = metav1.NewTime(w.clock.Now())
	hear := func() {
		w.rh.Spec.Commands = append(w.rh.Spec.Commands, denied)
		w.rh.Generation++
		w.reconcile()
	}
	hear()
	r.rights["mallory"] = "writer"
	for _, age := range []time.Duration{time.Hour, 24 * time.Hour, 6 * 24 * time.Hour, 7*24*time.Hour + 30*time.Minute, 8 * 24 * time.Hour} {
		w.clock.SetTime(denied.At.Add(age))
		w.reconcile()
		hear()
		if n := len(w.rh.Status.Runs); n != 0 {
			t.Fatalf("what was denied started %d runs when it was delivered again after %s", n, age)
		}
	}
}

// TestWhatIsOlderThanAllDenialsIsTooOld checks a command that is older than all remembered
// denials: nobody knows whether it was denied, too.
func TestWhatIsOlderThanAllDenialsIsTooOld(t *testing.T) {
	w, r := governed(t, policy.Config{})
	r.rights["bob"] = "writer"
	for i := range judging.MaxDropped {
		w.rh.Status.Commands = append(w.rh.Status.Commands, v1alpha1.CommandStatus{
			ID: fmt.Sprintf("comment-%d-0", 100+i), Verdict: v1alpha1.VerdictDenied, Reason: v1alpha1.ReasonNotAllowed, Answered: true, At: &metav1.Time{Time: w.clock.Now()},
		})
	}
	before, after := by("bob", "comment-1-0", "/pj-rehearse abort"), by("bob", "comment-2-0", "/pj-rehearse abort")
	before.At, after.At = metav1.NewTime(w.clock.Now().Add(-time.Second)), metav1.NewTime(w.clock.Now())
	w.rh.Spec.Commands = []v1alpha1.Command{before, after}
	w.rh.Generation++
	w.reconcile()
	if w.verdict("comment-1-0") != v1alpha1.ReasonTooOld || w.verdict("comment-2-0") == v1alpha1.ReasonTooOld {
		t.Errorf("older than all it is %s, else %s", w.verdict("comment-1-0"), w.verdict("comment-2-0"))
	}
}

// TestTheFinalizerLetsGo checks that a Prow which does not respond does not block the
// deletion, and that this is reported.
func TestTheFinalizerLetsGo(t *testing.T) {
	w := newWorld(t, runCommand())
	w.reconcile()
	w.createProwJobs()
	deleted := metav1.NewTime(w.clock.Now())
	w.rh.DeletionTimestamp = &deleted
	w.prow.PrependReactor("list", "prowjobs", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewForbidden(schema.GroupResource{Resource: "prowjobs"}, "", errors.New("the Role is gone"))
	})
	events := record.NewFakeRecorder(10)
	ctx := controller.WithEventRecorder(w.ctx, events)
	if err := w.reconciler.FinalizeKind(ctx, w.rh); err == nil {
		t.Error("it lets go at once")
	}
	w.clock.SetTime(deleted.Add(deadline.Lasts[deadline.Deleting]))
	if err := w.reconciler.FinalizeKind(ctx, w.rh); err != nil {
		t.Errorf("%s after the deletion the finalizer still holds: %v", deadline.Lasts[deadline.Deleting], err)
	}
	select {
	case e := <-events.Events:
		if !strings.Contains(e, "LetGo") || !strings.Contains(e, "the Role is gone") {
			t.Errorf("the event is %s", e)
		}
	default:
		t.Error("there is no event")
	}
}

// TestUnservedRepositories removes a repository from the settings and puts it back, which
// ends nothing; and removes it for good, which ends its runs, is reported, and deletes the
// Rehearsal later.
func TestUnservedRepositories(t *testing.T) {
	w := newWorld(t, runCommand())
	w.reconcile()
	events := record.NewFakeRecorder(10)
	w.ctx = controller.WithEventRecorder(w.ctx, events)
	listed, gone := w.reconciler.Settings, true
	w.reconciler.Settings = func() *settings.Settings {
		s := listed()
		if gone {
			s.Repositories = nil
		}
		return s
	}
	w.elapse(unservedGrace-time.Minute, time.Minute)
	if r := w.rh.Status.Runs[0]; r.AbortReason != "" {
		t.Errorf("the run ends too early: %s", r.AbortReason)
	}
	if n := len(events.Events); n != 1 {
		t.Errorf("%d events tell of it", n)
	}
	gone = false
	w.elapse(time.Minute, time.Minute)
	gone = true
	w.elapse(unservedGrace-time.Minute, time.Minute)
	if r := w.rh.Status.Runs[0]; r.AbortReason != "" {
		t.Errorf("the time does not begin anew: %s", r.AbortReason)
	}
	w.elapse(time.Hour, time.Minute)
	w.endPipelineRuns(true)
	w.elapse(time.Hour, time.Minute)
	if r := w.rh.Status.Runs[0]; !r.State.Done() {
		t.Fatalf("the run is %+v", r)
	}
	w.clock.SetTime(w.clock.Now().Add(judging.RememberedAge))
	_, err := w.oneTurn()
	w.check(err)
	if _, err := w.rehearsals.RehearsalV1alpha1().Rehearsals("rehearsals").Get(t.Context(), w.rh.Name, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("a week later it is still there: %v", err)
	}
}
