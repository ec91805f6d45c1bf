package rehearsal

import (
	"context"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/deadline"
	"github.com/rehearsal-dev/rehearsal/pkg/requeue"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

// TestEveryStateEndsThoughEveryCallFails brings a run into each state, and then has every
// call fail.
func TestEveryStateEndsThoughEveryCallFails(t *testing.T) {
	short := func(w *world) {
		s := w.reconciler.Settings()
		s.Prow.DefaultJobTimeout, s.Prow.QueueAllowance = time.Hour, time.Hour
		w.reconciler.Settings = func() *settings.Settings { return s }
	}
	for name, tc := range map[string]struct {
		story  func(w *world)
		from   v1alpha1.RunState
		within time.Duration
		to     v1alpha1.RunState
	}{
		"pending": {func(w *world) {
			w.reconciler.Plans = noPlans{}
			w.reconcile()
		}, v1alpha1.RunPending, deadline.Lasts[deadline.Hindered], v1alpha1.RunRejected},
		"pending, to be dropped": {func(w *world) {
			w.reconciler.Plans = noPlans{}
			w.reconcile()
			w.rh.Status.Runs[0].AbortReason = "bob wrote abort"
		}, v1alpha1.RunPending, deadline.Lasts[deadline.Hindered], v1alpha1.RunAborted},
		"pending, manifest stored": {func(w *world) {
			refuse(&w.tekton.Fake, "pipelineruns", forbidden("pipelineruns", saysQuota))
			w.persist(time.Minute)
		}, v1alpha1.RunPending, deadline.Lasts[deadline.Hindered], v1alpha1.RunRejected},
		"running":                       {func(w *world) { w.reconcile(); w.createProwJobs(); w.reconcile() }, v1alpha1.RunRunning, 2 * time.Hour, v1alpha1.RunAborted},
		"running, tasks have not begun": {func(w *world) { w.reconcile() }, v1alpha1.RunRunning, 2 * time.Hour, v1alpha1.RunAborted},
		"running, PipelineRun deleted":  {func(w *world) { w.reconcile(); w.createProwJobs(); w.reconcile(); w.prune() }, v1alpha1.RunRunning, 2 * time.Hour, v1alpha1.RunAborted},
		"aborting": {func(w *world) {
			w.reconcile()
			w.createProwJobs()
			w.hear("comment-2-0", "/pj-rehearse abort")
		}, v1alpha1.RunAborting, deadline.Lasts[deadline.Aborting], v1alpha1.RunAborted},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, runCommand())
			short(w)
			tc.story(w)
			if r := w.rh.Status.Runs[0]; r.State != tc.from {
				t.Fatalf("the run is %s, and should be %s", r.State, tc.from)
			}
			w.broken()
			w.persist(tc.within + deadline.AbortTime + requeue.LongestBackOff)
			r := w.rh.Status.Runs[0]
			if r.State != tc.to || !r.Unreported {
				t.Fatalf("after %s the run is %s, to be reported: %t (%s)", tc.within, r.State, r.Unreported, r.AbortReason)
			}
			w.persist(deadline.Lasts[deadline.Unreported] + requeue.LongestBackOff)
			if w.rh.Status.Runs[0].Unreported {
				t.Error("a day later it is still tried to report it")
			}
		})
	}
}

// TestWhatWasNotSaidIsSaidLater has GitHub and everything else recover.
func TestWhatWasNotSaidIsSaidLater(t *testing.T) {
	for name, tc := range map[string]struct {
		story func(w *world)
		ends  time.Duration
		says  string
	}{
		"run that never started": {func(w *world) {
			w.reconciler.Plans = noPlans{}
			w.reconcile()
		}, deadline.Lasts[deadline.Hindered], "Not started: "},
		"run that was aborted in time": {func(w *world) { w.reconcile(); w.createProwJobs(); w.reconcile() }, 25 * time.Hour, "Aborted"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, runCommand())
			tc.story(w)
			w.broken()
			w.persist(tc.ends + time.Hour)
			if r := w.rh.Status.Runs[0]; !r.State.Done() || !r.Unreported {
				t.Fatalf("the run is %s", r.State)
			}
			w.away = false
			w.persist(2 * requeue.LongestBackOff)
			if !strings.Contains(w.lastComment(), tc.says) {
				t.Errorf("the last word is %q", w.lastComment())
			}
			if r := w.rh.Status.Runs[0]; r.Unreported || r.Since != nil || r.Deadline != nil {
				t.Errorf("status keeps %+v", r)
			}
		})
	}
}

// TestAVerdictIsNotLostWithItsReport has all jobs pass while GitHub accepts no edits.
func TestAVerdictIsNotLostWithItsReport(t *testing.T) {
	w := newWorld(t, command(wholeRun, "/pj-rehearse auto-ack", -1))
	w.reconcile()
	w.createProwJobs()
	w.endProwJobs(prowapi.SuccessState)
	w.endPipelineRuns(false)
	w.away, w.reconciler.GitHub = true, &awayHub{w.reconciler.GitHub, w}
	w.clock.SetTime(w.rh.Status.Runs[0].Deadline.Add(deadline.AbortTime))
	w.persist(time.Minute)
	if r := w.rh.Status.Runs[0]; r.State != v1alpha1.RunPassed || !r.Unreported {
		t.Fatalf("the run is %s, to be reported: %t", r.State, r.Unreported)
	}
	w.sink()
	w.prune()
	w.away = false
	w.persist(2 * requeue.LongestBackOff)
	if r := w.rh.Status.Runs[0]; r.State != v1alpha1.RunPassed || r.Unreported || !strings.Contains(w.lastComment(), "All 2 rehearsals passed") {
		t.Errorf("the run is %s, to be reported: %t: %s", r.State, r.Unreported, w.lastComment())
	}
	if a := w.rh.Status.Acknowledgement; a == nil || a.State != v1alpha1.StateAcknowledged {
		t.Errorf("the acknowledgement is %+v", a)
	}
}

// noEdits is a GitHub that accepts no edits of comments.
type noEdits struct{ GitHub }

func (noEdits) EditComment(context.Context, string, string, int64, string) (*github.Comment, error) {
	return nil, errAway
}

// TestAReportIsGivenUp checks that a report is given up after a day, and that the Rehearsal
// says so.
func TestAReportIsGivenUp(t *testing.T) {
	w := newWorld(t, runCommand())
	w.reconcile()
	w.createProwJobs()
	w.endProwJobs(prowapi.SuccessState)
	w.endPipelineRuns(false)
	w.reconciler.GitHub = noEdits{w.hub}
	w.clock.SetTime(w.rh.Status.Runs[0].Deadline.Add(deadline.AbortTime))
	w.persist(time.Minute)
	if r := w.rh.Status.Runs[0]; r.State != v1alpha1.RunPassed || !r.Unreported {
		t.Fatalf("the run is %s, to be reported: %t", r.State, r.Unreported)
	}
	w.clock.SetTime(w.clock.Now().Add(deadline.Lasts[deadline.Unreported]))
	w.persist(time.Second)
	c := w.rh.Status.GetCondition(v1alpha1.ConditionReported)
	if w.rh.Status.Runs[0].Unreported || !c.IsFalse() || c.Reason != "GivenUp" || !strings.Contains(c.Message, wholeRun) {
		t.Errorf("to be reported: %t, condition %+v", w.rh.Status.Runs[0].Unreported, c)
	}
}

// TestTheFinalizerEnds checks that a deletion completes although every call fails.
func TestTheFinalizerEnds(t *testing.T) {
	w := newWorld(t, runCommand())
	w.reconcile()
	w.createProwJobs()
	w.rh.DeletionTimestamp = ptrTime(w.clock.Now())
	w.broken()
	if err := w.reconciler.FinalizeKind(quiet(), w.rh); err == nil {
		t.Error("it does not wait for what it started")
	}
	w.clock.SetTime(w.clock.Now().Add(deadline.Lasts[deadline.Deleting]))
	if err := w.reconciler.FinalizeKind(quiet(), w.rh); err != nil {
		t.Errorf("it still waits: %v", err)
	}
}

// TestTheTimeOfARunBeginsWhenItStarts has GitHub accept no comments for an hour after the
// jobs were rendered.
func TestTheTimeOfARunBeginsWhenItStarts(t *testing.T) {
	w := newWorld(t, runCommand())
	s := w.reconciler.Settings()
	s.Prow.DefaultJobTimeout, s.Prow.QueueAllowance = 20*time.Minute, 20*time.Minute
	w.reconciler.Settings = func() *settings.Settings { return s }
	closed := noon.Add(90 * time.Minute)
	w.reconciler.GitHub = &silentHub{GitHub: w.hub, world: w, until: closed}
	w.persist(closed.Sub(w.clock.Now()) + 3*time.Minute)
	r := w.rh.Status.Runs[0]
	if r.State != v1alpha1.RunRunning || r.AbortReason != "" {
		t.Fatalf("the run is %s (%s): %s", r.State, r.AbortReason, r.Message)
	}
	if got := r.Deadline.Sub(r.StartedAt.Time).Round(time.Second); got != 40*time.Minute || r.StartedAt.Time.Before(closed) {
		t.Errorf("it started at %s, and its jobs have %s", r.StartedAt, got)
	}
	pr, err := w.tekton.TektonV1().PipelineRuns("rehearsals").Get(w.ctx, r.PipelineRun, metav1.GetOptions{})
	w.check(err)
	if got := pr.Spec.Timeouts.Tasks.Duration; got != 40*time.Minute {
		t.Errorf("its tasks have %s", got)
	}
	// The PipelineRun has the deadline, in case status is lost.
	w.clock.SetTime(w.clock.Now().Add(10 * time.Minute))
	deadline := *r.Deadline
	w.forget()
	w.reconcile()
	if r := w.rh.Status.Runs[0]; r.Deadline == nil || !r.Deadline.Equal(&deadline) {
		t.Errorf("found again it is due at %s, and was at %s", r.Deadline, deadline)
	}
}

// silentHub accepts no new comments on runs before a time.
type silentHub struct {
	GitHub
	world *world
	until time.Time
}

func (h *silentHub) CreateComment(ctx context.Context, org, repo string, number int, body string) (*github.Comment, error) {
	if strings.Contains(body, "queued") && h.world.clock.Now().Before(h.until) {
		return nil, &github.RateLimitedError{Until: h.until}
	}
	return h.GitHub.CreateComment(ctx, org, repo, number, body)
}

// TestErrorsDelayLessThanARunMayBeLate checks that the back-off does not delay what is due
// by more than allowed.
func TestErrorsDelayLessThanARunMayBeLate(t *testing.T) {
	if requeue.LongestBackOff >= deadline.AbortTime {
		t.Errorf("an error delays what is due by %s, and %s is allowed", requeue.LongestBackOff, deadline.AbortTime)
	}
}
