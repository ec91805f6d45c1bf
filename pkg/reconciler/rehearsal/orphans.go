package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"time"

	pipelinev1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"knative.dev/pkg/logging"
	"knative.dev/pkg/system"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/prowjob"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/rehearsal/resources"
	"github.com/rehearsal-dev/rehearsal/pkg/render"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

const (
	// orphanInterval is the time between two sweeps.
	orphanInterval = time.Minute
	// orphanAge is the least age of an object that is ended: its run may still end it.
	orphanAge = 2 * time.Minute
)

// orphanSweeper ends what still runs for runs that are over: ProwJobs that a task created
// after its PipelineRun had been given up, and PipelineRuns that could not be cancelled in
// time. It finds them by their labels, in any namespace, and decides by the Rehearsal on
// the API server.
type orphanSweeper struct {
	*Reconciler
}

func (s *orphanSweeper) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(orphanInterval):
		}
		if err := s.sweep(ctx, system.Namespace()); err != nil && ctx.Err() == nil {
			logging.FromContext(ctx).Warnw("Not everything left over from ended runs was stopped; the next pass tries again", "error", err)
		}
	}
}

// owner is the Rehearsal in the labels of an object.
type owner struct{ name, uid string }

func ownerOf(o metav1.Object) owner {
	l := o.GetLabels()
	return owner{l[run.LabelRehearsal], l[run.LabelRehearsalUID]}
}

func (s *orphanSweeper) sweep(ctx context.Context, namespace string) error {
	if s.Settings().DryRun {
		return nil
	}
	list, err := s.ProwJobs.List(labels.Everything())
	if err != nil {
		return fmt.Errorf("listing ProwJobs: %w", err)
	}
	suspects := map[owner][]*prowapi.ProwJob{}
	for _, pj := range list {
		if s.suspicious(pj, namespace) {
			suspects[ownerOf(pj)] = append(suspects[ownerOf(pj)], pj)
		}
	}
	errs := []error{s.cancelLeft(ctx, namespace)}
	for of, prowJobs := range suspects {
		errs = append(errs, s.judge(ctx, namespace, of, prowJobs))
	}
	return errors.Join(errs...)
}

// suspicious reports whether a ProwJob of ours still runs although, as far as the informers
// know, its run is over.
func (s *orphanSweeper) suspicious(pj *prowapi.ProwJob, namespace string) bool {
	of := ownerOf(pj)
	if pj.Complete() || prowjob.Finished(pj) || s.Clock.Since(pj.CreationTimestamp.Time) < orphanAge ||
		of.name == "" || pj.Annotations[run.AnnotationNamespace] != namespace || !render.IsProwJobName(pj.Name) {
		return false
	}
	rh, err := s.Lister.Rehearsals(namespace).Get(of.name)
	return err != nil || string(rh.UID) != of.uid || orphaned(rh, pj.Labels[run.LabelRun]) != ""
}

// judge aborts the ProwJobs of one Rehearsal that no run needs any more.
func (s *orphanSweeper) judge(ctx context.Context, namespace string, of owner, prowJobs []*prowapi.ProwJob) error {
	rh, err := s.current(ctx, namespace, of)
	if err != nil {
		return err
	}
	needed, err := s.needed(ctx, rh)
	if err != nil {
		return err
	}
	var errs []error
	for _, pj := range prowJobs {
		why := orphaned(rh, pj.Labels[run.LabelRun])
		if why == "" || needed[pj.Name] {
			continue
		}
		logging.FromContext(ctx).Infow("Aborting a ProwJob that belongs to no run", "prowjob", pj.Name, "namespace", pj.Namespace, "why", why)
		errs = append(errs, prowjob.Abort(ctx, s.Prow.ProwV1().ProwJobs(pj.Namespace), pj.Name, "Aborted: "+why+"."))
	}
	return errors.Join(errs...)
}

// current returns the Rehearsal from the API server; nil if it is gone.
func (s *orphanSweeper) current(ctx context.Context, namespace string, of owner) (*v1alpha1.Rehearsal, error) {
	rh, err := s.Rehearsals.RehearsalV1alpha1().Rehearsals(namespace).Get(ctx, of.name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the Rehearsal %s: %w", of.name, err)
	}
	if string(rh.UID) != of.uid {
		return nil, nil
	}
	return rh, nil
}

// needed returns the ProwJobs of the runs that are not over, shared ones included. A run
// only shares ProwJobs of runs that are not over, and stores its manifest before the status
// says that they are. So manifests that are read after the status are complete.
func (s *orphanSweeper) needed(ctx context.Context, rh *v1alpha1.Rehearsal) (map[string]bool, error) {
	needed := map[string]bool{}
	if rh == nil {
		return needed, nil
	}
	for i := range rh.Status.Runs {
		r := &rh.Status.Runs[i]
		if r.State.Done() {
			continue
		}
		m, err := run.ReadManifest(ctx, s.Kube.CoreV1().ConfigMaps(rh.Namespace), resources.RunName(rh, r.ID))
		if apierrors.IsNotFound(err) && r.State == v1alpha1.RunPending {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, job := range m.Jobs {
			needed[job.ProwJob] = true
		}
	}
	return needed, nil
}

// orphaned returns why a run needs nothing any more; empty if it does, or may. A run that
// has just begun is in the command log, but not in status.
func orphaned(rh *v1alpha1.Rehearsal, runName string) string {
	if rh == nil {
		return "its Rehearsal is gone"
	}
	for _, r := range rh.Status.Runs {
		if resources.RunName(rh, r.ID) != runName {
			continue
		}
		if r.State.Done() {
			return "its run is over"
		}
		return ""
	}
	for _, c := range rh.Spec.Commands {
		if resources.RunName(rh, c.ID) != runName {
			continue
		}
		if v := rh.Status.VerdictOn(c.ID); v != nil && (v.Over || v.Verdict != v1alpha1.VerdictAccepted) {
			return "its run is over"
		}
		return ""
	}
	return "nothing is known of its run"
}

// cancelLeft cancels the PipelineRuns that go on although their runs are over.
func (s *orphanSweeper) cancelLeft(ctx context.Context, namespace string) error {
	list, err := s.PipelineRuns.PipelineRuns(namespace).List(labels.Everything())
	if err != nil {
		return fmt.Errorf("listing PipelineRuns: %w", err)
	}
	var errs []error
	for _, pr := range list {
		of, name := ownerOf(pr), pr.Labels[run.LabelRun]
		if of.name == "" || pr.IsDone() || pr.Spec.Status != "" || s.Clock.Since(pr.CreationTimestamp.Time) < orphanAge {
			continue
		}
		if rh, err := s.Lister.Rehearsals(namespace).Get(of.name); err == nil && orphaned(rh, name) == "" {
			continue
		}
		rh, err := s.current(ctx, namespace, of)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		// The objects of a deleted Rehearsal are deleted with it. The run is already
		// reported, so the finally task must not run.
		if why := orphaned(rh, name); rh != nil && why != "" {
			errs = append(errs, s.CancelAs(ctx, pr, pipelinev1.PipelineRunSpecStatusCancelled, why))
		}
	}
	return errors.Join(errs...)
}
