package rehearsal

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"knative.dev/pkg/controller"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/conversation"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/runs"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
)

// lateGitHub is a GitHub whose lists do not show the latest writes, and which loses
// responses to the creation of comments.
type lateGitHub struct {
	GitHub
	world *world
	lag   time.Duration
	lose  int
}

func (l *lateGitHub) CreateComment(ctx context.Context, org, repo string, number int, body string) (*github.Comment, error) {
	c, err := l.GitHub.CreateComment(ctx, org, repo, number, body)
	if l.lose > 0 && err == nil {
		l.lose--
		return nil, errors.New("connection reset by peer")
	}
	return c, err
}

func (l *lateGitHub) Comments(ctx context.Context, org, repo string, number int) ([]github.Comment, error) {
	list, err := l.GitHub.Comments(ctx, org, repo, number)
	shown := l.world.hub.now().Add(-l.lag)
	return slices.DeleteFunc(list, func(c github.Comment) bool { return c.CreatedAt.After(shown) }), err
}

// oneTurn runs one pass, whatever it returns.
func (w *world) oneTurn() (after time.Duration, err error) {
	w.sync()
	rh := w.rh.DeepCopy()
	err = w.reconciler.ReconcileKind(w.ctx, rh)
	if stored, getErr := w.rehearsals.RehearsalV1alpha1().Rehearsals(rh.Namespace).Get(context.Background(), rh.Name, metav1.GetOptions{}); getErr == nil {
		rh.Spec = stored.Spec
	}
	w.rh = rh
	if requeue, d := controller.IsRequeueKey(err); requeue {
		return d, nil
	}
	return 0, err
}

// turns runs n passes, this far apart.
func (w *world) turns(n int, apart time.Duration) {
	for range n {
		_, _ = w.oneTurn()
		w.clock.SetTime(w.clock.Now().Add(apart))
	}
}

func (w *world) wantComments(plans, answers, runs int) {
	w.t.Helper()
	if p, a, r, _, _ := w.counts(); p != plans || a != answers || r != runs {
		w.t.Errorf("%d plans, %d answers and %d comments of runs, want %d, %d and %d", p, a, r, plans, answers, runs)
	}
}

// TestALostAnswerAndALateListMakeOneComment checks that comments which were written twice,
// because the list did not show the first, are removed, and that the remaining one is kept
// up to date.
func TestALostAnswerAndALateListMakeOneComment(t *testing.T) {
	w := newWorld(t, runCommand(), command("comment-2-0", "/pj-rehearse list", -1))
	w.reconciler.GitHub = &lateGitHub{GitHub: w.hub, world: w, lag: time.Minute, lose: 3}
	w.turns(6, time.Second)
	if len(w.hub.comments) < 4 {
		t.Fatalf("%d comments: nothing is there twice", len(w.hub.comments))
	}
	w.turns(3, conversation.DoubtTime)
	w.wantComments(1, 1, 1)
	if w.rh.Status.LookForDoubles != nil {
		t.Errorf("doubles are looked for again at %s", w.rh.Status.LookForDoubles)
	}
	w.createProwJobs()
	w.endProwJobs(prowapi.SuccessState)
	w.endPipelineRuns(false)
	w.reconcile()
	w.wantComments(1, 1, 1)
	for _, c := range w.hub.comments {
		if marker, _ := report.FindMarker(c.Body); marker == report.RunMarker(wholeRun) && report.InProgress(c.Body) {
			t.Error("the comment that is left of the run was not written to again")
		}
	}
}

// meanwhile runs a pass of another controller after this one has looked for a comment, and
// before it creates one.
type meanwhile struct {
	GitHub
	other func()
}

func (h *meanwhile) Comments(ctx context.Context, org, repo string, number int) ([]github.Comment, error) {
	found, err := h.GitHub.Comments(ctx, org, repo, number)
	if other := h.other; other != nil {
		h.other = nil
		other()
	}
	return found, err
}

// anotherController returns a controller with the same clients, but an empty memory.
func (w *world) anotherController() *Reconciler {
	r := w.reconciler
	return &Reconciler{
		Clients: &runs.Clients{
			Kube: r.Kube, Tekton: r.Tekton, Prow: r.Prow,
			PipelineRuns: r.PipelineRuns, TaskRuns: r.TaskRuns, ProwJobs: r.ProwJobs, Lister: r.Lister, Logs: r.Logs,
		},
		Rehearsals: r.Rehearsals, GitHub: r.GitHub, Plans: r.Plans, Settings: r.Settings, Clock: r.Clock,
	}
}

func TestTwoControllersForAMomentCommentOnce(t *testing.T) {
	w := newWorld(t)
	w.sync()
	second, began := w.anotherController(), w.clock.Now()
	w.reconciler.LeadsSince = func() time.Time { return began }
	w.reconciler.GitHub = &meanwhile{GitHub: w.hub, other: func() {
		if err := second.ReconcileKind(w.ctx, w.rh.DeepCopy()); err != nil {
			if requeue, _ := controller.IsRequeueKey(err); !requeue {
				t.Fatal(err)
			}
		}
	}}
	w.turns(1, time.Second)
	w.wantComments(2, 0, 0)
	w.turns(3, conversation.DoubtTime)
	w.wantComments(1, 0, 0)
	if id := w.hub.comments[0].ID; id != ownComments || w.rh.Status.Comments[planComment].ID != id {
		t.Errorf("comment %d is left, status knows %d; want the older, %d", id, w.rh.Status.Comments[planComment].ID, ownComments)
	}
}

// TestWhatIsNotInDoubtCostsNothing checks that comments are not listed again if nobody else
// can have written them.
func TestWhatIsNotInDoubtCostsNothing(t *testing.T) {
	w := newWorld(t)
	w.reconciler.LeadsSince = func() time.Time { return w.clock.Now().Add(-conversation.DoubtTime) }
	w.reconcile()
	if w.rh.Status.LookForDoubles != nil {
		t.Errorf("doubles are looked for at %s", w.rh.Status.LookForDoubles)
	}
}

// TestCrashesWhileDoublesAreRemoved crashes at each write, before and after it.
func TestCrashesWhileDoublesAreRemoved(t *testing.T) {
	for failAt := range 4 {
		for _, afterwards := range []bool{false, true} {
			w := newWorld(t, runCommand())
			w.reconciler.GitHub = &lateGitHub{GitHub: w.hub, world: w, lag: time.Minute, lose: 2}
			w.turns(5, time.Second)
			w.clock.SetTime(w.clock.Now().Add(conversation.DoubtTime))
			w.failAt, w.afterwards = w.writes+failAt, afterwards
			before := w.rh.DeepCopy()
			_, _ = w.oneTurn()
			if w.crashed {
				w.crashed, w.rh = false, before
			}
			w.failAt = -1
			w.turns(4, conversation.DoubtTime)
			w.wantComments(1, 0, 1)
			known := []int64{w.rh.Status.Comments[planComment].ID, w.rh.Status.Runs[0].Comment}
			for _, c := range w.hub.comments {
				if !slices.Contains(known, c.ID) {
					t.Errorf("write %d, after it: %t: comment %d is left, status knows %v", failAt, afterwards, c.ID, known)
				}
			}
		}
	}
}

// keepsComments is a GitHub that refuses to remove comments.
type keepsComments struct{ GitHub }

func (keepsComments) DeleteComment(context.Context, string, string, int64) error {
	return &github.RefusedError{Op: "removing", Status: 403, Reason: "no"}
}

func TestWhatMayNotBeRemovedStays(t *testing.T) {
	w := newWorld(t)
	w.reconciler.GitHub = keepsComments{&lateGitHub{GitHub: w.hub, world: w, lag: time.Minute, lose: 1}}
	w.turns(3, time.Second)
	w.turns(3, conversation.DoubtTime)
	w.wantComments(2, 0, 0)
	if c := w.rh.Status.GetCondition(v1alpha1.ConditionReported); w.rh.Status.LookForDoubles != nil || !c.IsTrue() {
		t.Errorf("doubles are looked for again at %s, Reported is %v", w.rh.Status.LookForDoubles, c)
	}
}
