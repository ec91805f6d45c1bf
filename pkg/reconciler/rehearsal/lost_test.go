package rehearsal

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/deadline"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/runs"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// losses are the ways in which a run loses its manifest.
var losses = map[string]func(w *world){
	"deleted": func(w *world) {
		w.quietly(func(ctx context.Context) {
			w.check(w.kube.CoreV1().ConfigMaps("rehearsals").Delete(ctx, "acme-config-7-1-0", metav1.DeleteOptions{}))
		})
		w.outlastManifests()
	},
	"without its key": func(w *world) { w.spoil(func(data map[string]string) { delete(data, run.ManifestKey) }) },
	"no JSON":         func(w *world) { w.spoil(func(data map[string]string) { data[run.ManifestKey] = "{" }) },
}

// spoil changes the first ConfigMap of the first run.
func (w *world) spoil(change func(map[string]string)) {
	w.quietly(func(ctx context.Context) {
		cm, err := w.kube.CoreV1().ConfigMaps("rehearsals").Get(ctx, "acme-config-7-1-0", metav1.GetOptions{})
		w.check(err)
		change(cm.Data)
		_, err = w.kube.CoreV1().ConfigMaps("rehearsals").Update(ctx, cm, metav1.UpdateOptions{})
		w.check(err)
	})
	w.outlastManifests()
}

// outlastManifests waits until manifests are read again.
func (w *world) outlastManifests() { w.clock.SetTime(w.clock.Now().Add(runs.ManifestTime)) }

// rerunFromDeck copies a ProwJob with its labels, as Deck does.
func (w *world) rerunFromDeck() {
	w.quietly(func(ctx context.Context) {
		pjs, err := w.prow.ProwV1().ProwJobs("prow").List(ctx, metav1.ListOptions{})
		w.check(err)
		again := pjs.Items[0]
		again.Name, again.ResourceVersion = "9d3c1b1e-1c0f-4b8e-9a55-0f0d5a5a5a5a", ""
		again.Status = prowapi.ProwJobStatus{State: prowapi.PendingState}
		_, err = w.prow.ProwV1().ProwJobs("prow").Create(ctx, &again, metav1.CreateOptions{})
		w.check(err)
	})
}

// TestRunsWithoutTheirManifest checks that runs which lose their manifest end, and that the
// pull request shows how.
func TestRunsWithoutTheirManifest(t *testing.T) {
	for loss, lose := range losses {
		for name, tc := range map[string]struct {
			story  func(w *world)
			state  v1alpha1.RunState
			reason string
			says   []string
		}{
			"all ProwJobs exist": {func(w *world) {
				w.createProwJobs()
				lose(w)
				w.rerunFromDeck()
				w.reconcile()
				w.endProwJobs(prowapi.SuccessState)
				w.endPipelineRuns(false)
			}, v1alpha1.RunPassed, "", []string{"All 2 rehearsals passed", "was deleted or damaged", "/pj-rehearse pull-unit"}},
			"all ProwJobs exist, jobs fail": {func(w *world) {
				w.createProwJobs()
				lose(w)
				w.endProwJobs(prowapi.FailureState)
				w.endPipelineRuns(false)
			}, v1alpha1.RunFailed, "", []string{"2 of 2 rehearsals failed"}},
			"no ProwJob exists": {func(w *world) {
				lose(w)
				w.reconcile()
				w.endPipelineRuns(false)
			}, v1alpha1.RunAborted, "the ConfigMap acme-config-7-1-0, which lists its jobs, was deleted or damaged", []string{"Aborted", "acme-config-7-1-0, which lists its jobs"}},
		} {
			t.Run(loss+", "+name, func(t *testing.T) {
				w := newWorld(t, runCommand())
				w.reconcile()
				tc.story(w)
				w.reconcile()
				w.reconcile()
				r := w.rh.Status.Runs[0]
				if r.State != tc.state || r.AbortReason != tc.reason {
					t.Errorf("the run is %s (%q), want %s (%q)", r.State, r.AbortReason, tc.state, tc.reason)
				}
				for _, want := range tc.says {
					if !strings.Contains(w.lastComment(), want) {
						t.Errorf("it does not say %q: %s", want, w.lastComment())
					}
				}
				if _, _, runs, _, _ := w.counts(); runs != 1 {
					t.Errorf("%d comments on the run", runs)
				}
			})
		}
	}
}

// TestARunWithoutItsManifestEndsInTime has jobs that never end.
func TestARunWithoutItsManifestEndsInTime(t *testing.T) {
	for loss, lose := range losses {
		t.Run(loss, func(t *testing.T) {
			w := newWorld(t, runCommand())
			w.reconcile()
			w.createProwJobs()
			w.reconcile()
			lose(w)
			w.persist(w.rh.Status.Runs[0].Deadline.Sub(w.clock.Now()) + deadline.AbortTime + time.Minute)
			if r := w.rh.Status.Runs[0]; r.State != v1alpha1.RunAborted || r.AbortReason != runs.TimeIsUp {
				t.Errorf("the run is %s (%q)", r.State, r.AbortReason)
			}
			pjs, err := w.prow.ProwV1().ProwJobs("prow").List(w.ctx, metav1.ListOptions{})
			w.check(err)
			for _, pj := range pjs.Items {
				if pj.Status.State != prowapi.AbortedState {
					t.Errorf("the ProwJob of %s is %s", pj.Spec.Job, pj.Status.State)
				}
			}
		})
	}
}

// TestALostManifestIsNobodyElsesLoss checks that another run of the pull request can still
// be aborted, and another one started.
func TestALostManifestIsNobodyElsesLoss(t *testing.T) {
	for loss, lose := range losses {
		t.Run(loss, func(t *testing.T) {
			w := newWorld(t, command("comment-1-0", "/pj-rehearse pull-unit", -2), command("comment-2-0", "/pj-rehearse pull-e2e", -1))
			w.reconcile()
			w.createProwJobs()
			lose(w)
			w.hear("comment-3-0", "/pj-rehearse abort pull-e2e")
			w.hear("comment-4-0", "/pj-rehearse pull-e2e")
			for _, job := range w.jobs() {
				if strings.Contains(job.Spec.Job, "e2e") && job.Status.State != prowapi.AbortedState {
					t.Errorf("the job that was aborted is %s", job.Status.State)
				}
				if strings.Contains(job.Spec.Job, "unit") && job.Status.State == prowapi.AbortedState {
					t.Errorf("the job that nobody named is aborted: %s", job.Status.Description)
				}
			}
			if r := w.rh.Status.Run("comment-4-0"); r.State != v1alpha1.RunRunning {
				t.Errorf("the next run is %s: %s", r.State, r.Message)
			}
		})
	}
}

func (w *world) jobs() []prowapi.ProwJob {
	pjs, err := w.prow.ProwV1().ProwJobs("prow").List(context.Background(), metav1.ListOptions{})
	w.check(err)
	return pjs.Items
}

// TestAnErrorIsNoLoss checks that a manifest which cannot be read now does not count as
// lost.
func TestAnErrorIsNoLoss(t *testing.T) {
	for _, err := range []error{apierrors.NewInternalError(errors.New("x")), apierrors.NewForbidden(prowapi.Resource("configmaps"), "x", nil), context.DeadlineExceeded, nil} {
		if runs.IsLost(err) {
			t.Errorf("%v is a loss", err)
		}
	}
}
