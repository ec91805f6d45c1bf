package runs

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/pages"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/rehearsal/resources"
	"github.com/rehearsal-dev/rehearsal/pkg/requeue"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// cleanPage is how many ConfigMaps of a run are read at a time: each may be near 1 MiB.
const cleanPage = 5

// Cleaner deletes what is left of runs.
type Cleaner struct {
	*Pass
	// ended are the runs that were over when the pass began; uncleaned is what status said then.
	ended     []string
	uncleaned bool
}

// Clean deletes what made up the runs that have been over for a while: PipelineRuns,
// with their TaskRuns and pods, and what they were to run. Results and pages stay.
// It goes by the status that this turn began with, so that a run is known to be over,
// by the API server too, before anything of it goes.
func (t *Cleaner) Clean(ctx context.Context) error {
	if t.Settings.DryRun {
		return nil
	}
	var errs []error
	for _, id := range t.ended {
		r := t.Rehearsal.Status.Run(id)
		if r == nil || r.Cleaned {
			continue
		}
		wait, known := cleanable(t.Rehearsal, r, t.Settings.KeepRuns, t.Now)
		switch {
		case !known:
			continue
		case wait > 0:
			t.Later = append(t.Later, &requeue.Later{After: wait, Reason: "run " + id + " is kept for a while"})
			continue
		}
		if err := t.cleanRun(ctx, r); err != nil {
			errs = append(errs, err)
			continue
		}
		r.Cleaned = true
	}
	return errors.Join(append(errs, t.cleanLeft(ctx))...)
}

// cleanLeft deletes what runs have left that are gone from status: nothing tells any
// more when they ended, so that goes as soon as no run goes on.
func (t *Cleaner) cleanLeft(ctx context.Context) error {
	if !t.uncleaned || len(t.Rehearsal.Status.ActiveRuns()) > 0 {
		return nil
	}
	known := map[string]bool{}
	for i := range t.Rehearsal.Status.Runs {
		known[resources.RunName(t.Rehearsal, t.Rehearsal.Status.Runs[i].ID)] = true
	}
	if err := t.delete(ctx, ofRehearsal(t.Rehearsal), func(runName string) bool { return runName != "" && !known[runName] }); err != nil {
		return fmt.Errorf("cleaning up after runs that are gone from status: %w", err)
	}
	t.Rehearsal.Status.Uncleaned = false
	return nil
}

// endedRuns are the ids of the runs that are over.
func endedRuns(rh *v1alpha1.Rehearsal) []string {
	var ids []string
	for _, r := range rh.Status.Runs {
		if r.State.Done() {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// cleanable says in how long a run may be cleaned up. That is not known while others
// of its pull request go on: they may have joined its jobs, and read them where it has
// them.
func cleanable(rh *v1alpha1.Rehearsal, r *v1alpha1.RunStatus, keep time.Duration, now time.Time) (wait time.Duration, known bool) {
	for _, other := range rh.Status.Runs {
		if !other.State.Done() {
			return 0, false
		}
	}
	if r.DoneAt == nil {
		return 0, true
	}
	return max(r.DoneAt.Add(keep).Sub(now), 0), true
}

func (t *Cleaner) cleanRun(ctx context.Context, r *v1alpha1.RunStatus) error {
	name := resources.RunName(t.Rehearsal, r.ID)
	if err := t.delete(ctx, ofRun(t.Rehearsal, name), func(string) bool { return true }); err != nil {
		return fmt.Errorf("cleaning up run %s: %w", name, err)
	}
	return nil
}

// delete deletes what made up runs: of those that are listed, the ones whose name is
// to go. Results and pages stay.
func (t *Cleaner) delete(ctx context.Context, ours metav1.ListOptions, goes func(runName string) bool) error {
	pipelineRuns := t.Tekton.TektonV1().PipelineRuns(t.Rehearsal.Namespace)
	all, err := pipelineRuns.List(ctx, ours)
	if err != nil {
		return fmt.Errorf("listing PipelineRuns: %w", err)
	}
	for i := range all.Items {
		if !goes(all.Items[i].Labels[run.LabelRun]) {
			continue
		}
		if err := pipelineRuns.Delete(ctx, all.Items[i].Name, onlyThis(&all.Items[i])); err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("deleting PipelineRun %s: %w", all.Items[i].Name, err)
		}
	}
	configMaps := t.Kube.CoreV1().ConfigMaps(t.Rehearsal.Namespace)
	ours.Limit = cleanPage
	for {
		page, err := configMaps.List(ctx, ours)
		if err != nil {
			return fmt.Errorf("listing ConfigMaps: %w", err)
		}
		for i := range page.Items {
			cm := &page.Items[i]
			name := cm.Labels[run.LabelRun]
			if cm.Name == run.ResultName(name) || cm.Name == pages.Name(name) || !goes(name) {
				continue
			}
			if err := configMaps.Delete(ctx, cm.Name, onlyThis(cm)); err != nil && !apierrors.IsNotFound(err) {
				return fmt.Errorf("deleting ConfigMap %s: %w", cm.Name, err)
			}
		}
		if ours.Continue = page.Continue; ours.Continue == "" {
			return nil
		}
	}
}

// onlyThis has an object deleted, and no other that has its name by then; what belongs
// to it is deleted in the background.
func onlyThis(o metav1.Object) metav1.DeleteOptions {
	background := metav1.DeletePropagationBackground
	return metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(o.GetUID())), PropagationPolicy: &background}
}
