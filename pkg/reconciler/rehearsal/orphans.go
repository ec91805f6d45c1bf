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
	// orphanInterval is the time between two looks for ProwJobs of runs that are over.
	orphanInterval = time.Minute
	// orphanAge is how old one must be: its run may end it itself.
	orphanAge = 2 * time.Minute
)

// orphanSweeper ends what goes on for runs that are over: ProwJobs that a task created
// when its PipelineRun had been written off, and PipelineRuns that could not be
// cancelled when it was time. It finds them by their labels, in whatever namespace they
// are, and decides by the Rehearsal as the API server has it.
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

// owner is a Rehearsal that objects name in their labels.
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

// suspicious says whether a ProwJob of ours goes on and, as far as the informers know,
// its run does not.
func (s *orphanSweeper) suspicious(pj *prowapi.ProwJob, namespace string) bool {
	of := ownerOf(pj)
	if pj.Complete() || prowjob.Finished(pj) || s.Clock.Since(pj.CreationTimestamp.Time) < orphanAge ||
		of.name == "" || pj.Annotations[run.AnnotationNamespace] != namespace || !render.IsProwJobName(pj.Name) {
		return false
	}
	rh, err := s.Lister.Rehearsals(namespace).Get(of.name)
	return err != nil || string(rh.UID) != of.uid || orphaned(rh, pj.Labels[run.LabelRun]) != ""
}

// judge aborts those of the ProwJobs of one Rehearsal that no run needs any more.
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

// current is the Rehearsal as the API server has it; nil when it is gone.
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

// needed are the ProwJobs of the runs that are not over, be they joined ones. A run
// joins only those of runs that are not over, and stores that before the status says
// that these are: so what is read after the status has it.
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

// orphaned says why the run with a name needs nothing any more; empty when it does, or
// may: a run that has just begun is in the log, but not in status.
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

// cancelLeft cancels the PipelineRuns that go on though their runs are over.
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
		// What belongs to a Rehearsal that is gone is deleted with it. The run is
		// reported, so that the finally task must not do it again.
		if why := orphaned(rh, name); rh != nil && why != "" {
			errs = append(errs, s.CancelAs(ctx, pr, pipelinev1.PipelineRunSpecStatusCancelled, why))
		}
	}
	return errors.Join(errs...)
}
