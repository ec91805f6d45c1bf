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

// cleanPage is how many ConfigMaps of a run are read at a time. Each can be close to 1 MiB.
const cleanPage = 5

// Cleaner deletes the objects of runs that are over.
type Cleaner struct {
	*Pass
	// ended are the runs that were over when the pass began; uncleaned is Status.Uncleaned
	// at that time.
	ended     []string
	uncleaned bool
}

// Clean deletes the objects of runs that have been over for a while: PipelineRuns, with
// their TaskRuns and pods, and manifests. Results and pages stay. Clean uses the status
// from the beginning of the pass, so the API server, too, has stored that a run is over
// before any of its objects is deleted.
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

// cleanLeft deletes the objects of runs that are no longer in status. Nobody knows when
// they ended, so their objects are deleted as soon as no run is active.
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

// endedRuns returns the ids of the runs that are over.
func endedRuns(rh *v1alpha1.Rehearsal) []string {
	var ids []string
	for _, r := range rh.Status.Runs {
		if r.State.Done() {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// cleanable returns the time until a run may be cleaned up. That time is unknown while
// other runs of the pull request are active: they may share jobs of this run, and read them
// from its ConfigMaps.
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

// delete deletes the objects of those listed runs whose name goes accepts. Results and
// pages stay.
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

// onlyThis returns options to delete exactly this object, not a later one of the same name.
// Its dependents are deleted in the background.
func onlyThis(o metav1.Object) metav1.DeleteOptions {
	background := metav1.DeletePropagationBackground
	return metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(o.GetUID())), PropagationPolicy: &background}
}
