package runs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"knative.dev/pkg/kmeta"
	"knative.dev/pkg/logging"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/prowjob"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/deadline"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/facts"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/rehearsal/resources"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
	"github.com/rehearsal-dev/rehearsal/pkg/requeue"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// start stores the ProwJobs of a run, comments, and creates its PipelineRun, in this order:
// each step finds what the previous one made, even after a crash.
func (t *Runner) start(ctx context.Context, r *v1alpha1.RunStatus) error {
	manifest, err := t.starter.handOver(ctx, r)
	if err != nil {
		return err
	}
	if len(manifest.Jobs) == 0 {
		return t.reject(ctx, r, manifest.Notes...)
	}
	return t.starter.start(ctx, r, manifest)
}

// starter stores the manifest of a run, and creates its PipelineRun.
type starter struct {
	*Pass
	Aborts *Aborts
	Queue  *Queue
}

// start comments on a run whose manifest is stored, and creates its PipelineRun.
func (t *starter) start(ctx context.Context, r *v1alpha1.RunStatus, manifest run.Manifest) error {
	if err := t.stillAllowed(r, manifest); err != nil {
		return err
	}
	if t.Settings.DryRun {
		return t.pretend(ctx, r, manifest)
	}
	view := t.runView(r, manifest, queued(manifest))
	view.PipelineRun = resources.PipelineRunName(manifest.Name, 1)
	if r.Comment == 0 {
		comment, err := t.Talk.Upsert(ctx, v1alpha1.CommentStatus{}, report.Run(view))
		if t.Talk.IsRefused(err) {
			r.Message = "no comments can be written on the pull request"
			r.MarkOver(v1alpha1.RunRejected, t.Now)
			return nil
		}
		if err != nil {
			return t.Talk.Reporting(err)
		}
		r.Comment = comment.ID
	}
	if err := t.createPipelineRun(ctx, r, manifest, manifest.Jobs, 1); err != nil {
		return err
	}
	r.MarkStarted(t.Now, manifest.Base, manifest.BaseRef, len(manifest.Jobs))
	return nil
}

// stillAllowed checks a run against the current state just before it starts: it may have
// waited for hours, and its manifest may have been stored long ago.
func (t *starter) stillAllowed(r *v1alpha1.RunStatus, m run.Manifest) error {
	if pull := t.Rehearsal.Status.Pull; t.Now.Sub(pull.ReadAt.Time) > facts.Lag {
		pull.Invalidate()
		r.Restarts++
		return &requeue.Later{After: time.Second, Reason: "the pull request is read again before run " + r.ID + " starts"}
	}
	if a := t.Rehearsal.Status.PrivilegeApproval; m.Asks != "" && (!a.Holds(t.Rehearsal.Status.Pull) || a.Asks != m.Asks) {
		r.Abort("the privileges that its jobs request are no longer allowed")
		return &requeue.Later{After: time.Second, Reason: "run " + r.ID + " ends before it starts"}
	}
	return nil
}

func queued(m run.Manifest) []run.Outcome {
	outcomes := make([]run.Outcome, 0, len(m.Jobs))
	for _, job := range m.Jobs {
		outcomes = append(outcomes, run.Outcome{Job: job, Verdict: run.Queued})
	}
	return outcomes
}

// handOver returns the manifest of a run, and stores it if that has not happened yet. A
// stored manifest takes precedence: an earlier attempt may have used an earlier base.
func (t *starter) handOver(ctx context.Context, r *v1alpha1.RunStatus) (run.Manifest, error) {
	configMaps := t.Kube.CoreV1().ConfigMaps(t.Rehearsal.Namespace)
	stored, err := t.StoredManifest(ctx, r.ID)
	if !apierrors.IsNotFound(err) {
		return stored, err
	}
	if t.Links.Err != nil {
		return run.Manifest{}, t.Links.Err
	}
	h, err := t.renderHandover(ctx, r)
	if err != nil || len(h.Manifest.Jobs) == 0 || t.Settings.DryRun {
		return h.Manifest, err
	}
	owner := *kmeta.NewControllerRef(t.Rehearsal)
	// The first ConfigMap lists the others, so it is created last. While it is missing, the
	// others are leftovers of an attempt that failed.
	for i := len(h.ConfigMaps) - 1; i >= 0; i-- {
		cm := own(&h.ConfigMaps[i], t.Rehearsal.Namespace, owner)
		_, err := configMaps.Create(ctx, cm, metav1.CreateOptions{})
		if apierrors.IsAlreadyExists(err) && i > 0 {
			if err = configMaps.Delete(ctx, cm.Name, metav1.DeleteOptions{}); err == nil {
				_, err = configMaps.Create(ctx, cm, metav1.CreateOptions{})
			}
		}
		if apierrors.IsAlreadyExists(err) {
			return run.ReadManifest(ctx, ownConfigMaps{configMaps, t.Rehearsal}, cm.Name)
		}
		if err != nil {
			return h.Manifest, fmt.Errorf("storing ConfigMap %s: %w", cm.Name, err)
		}
	}
	return h.Manifest, nil
}

// activeProwJobs returns the ProwJobs of the other active runs of this head, whether or not
// their tasks have created them yet.
func (t *starter) activeProwJobs(ctx context.Context, r *v1alpha1.RunStatus) ([]prowapi.ProwJob, error) {
	var active []prowapi.ProwJob
	configMaps := onceEach(t.Kube.CoreV1().ConfigMaps(t.Rehearsal.Namespace))
	for _, other := range t.Rehearsal.Status.ActiveRuns() {
		if other.ID == r.ID || other.Head != r.Head || other.AbortReason != "" || other.State != v1alpha1.RunRunning {
			continue
		}
		manifest, err := t.Manifest(ctx, other)
		if err != nil {
			return nil, err
		}
		live, _, err := prowjob.List(ctx, t.prowJobs(), manifest)
		if err != nil {
			return nil, err
		}
		for _, job := range manifest.Jobs {
			if t.Aborts.include(other, job) {
				continue
			}
			pj, err := run.ReadProwJob(ctx, configMaps, job.ConfigMap, job.ProwJob)
			if IsLost(err) {
				continue // nobody can create it any more
			}
			if err != nil {
				return nil, err
			}
			now, err := t.knownProwJob(job.ProwJob)
			if err != nil {
				return nil, err
			}
			if now == nil {
				now = live[job.ProwJob]
			}
			if now != nil {
				pj.Status = now.Status
			}
			active = append(active, *pj)
		}
	}
	return active, nil
}

// createPipelineRun creates the PipelineRun of an attempt for these jobs, or finds it.
func (t *starter) createPipelineRun(ctx context.Context, r *v1alpha1.RunStatus, m run.Manifest, jobs []run.Job, attempt int) error {
	if t.Settings.DryRun {
		// The run began before the dry run was switched on.
		r.Abort("dry run is now on")
		return &requeue.Later{After: time.Second, Reason: "run " + r.ID + " is not continued in a dry run"}
	}
	if err := t.declareServed(ctx); err != nil {
		return err
	}
	deadline := t.Now.Add(cmp.Or(m.Time, deadline.Lasts[deadline.Running]))
	if r.Deadline != nil {
		deadline = r.Deadline.Time
	}
	timeout := max(deadline.Sub(t.Now), time.Minute).Round(time.Second)
	pr := resources.PipelineRun(t.Rehearsal, m, jobs, attempt, r.Comment, timeout)
	resources.SetDeadline(pr, deadline)
	_, err := t.Tekton.TektonV1().PipelineRuns(t.Rehearsal.Namespace).Create(ctx, pr, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		if pr, err = t.pipelineRun(ctx, pr.Name); err != nil || pr == nil {
			return errors.Join(err, &requeue.Later{After: time.Second, Reason: "the PipelineRun of run " + r.ID + " exists, but cannot be read yet"})
		}
	}
	if err != nil {
		return fmt.Errorf("creating PipelineRun %s: %w", pr.Name, err)
	}
	r.MarkAttempt(pr.Name, attempt, cmp.Or(resources.Deadline(pr), &metav1.Time{Time: deadline}))
	return nil
}

// pretend ends a run that is not started because of a dry run.
func (t *starter) pretend(ctx context.Context, r *v1alpha1.RunStatus, m run.Manifest) error {
	names := make([]string, 0, len(m.Jobs))
	for _, job := range m.Jobs {
		names = append(names, job.Name)
	}
	logging.FromContext(ctx).Infow("Dry run: would create a PipelineRun",
		"pipelineRun", resources.PipelineRunName(m.Name, 1), "by", m.By, "command", m.Command, "jobs", names)
	if _, err := t.Talk.Upsert(ctx, v1alpha1.CommentStatus{}, report.Run(t.runView(r, m, queued(m)))); err != nil {
		return fmt.Errorf("reading the comments: %w", err)
	}
	r.Message = "this is a dry run: nothing is started"
	r.MarkOver(v1alpha1.RunRejected, t.Now)
	return nil
}
