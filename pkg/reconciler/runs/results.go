package runs

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/utils/ptr"
	"knative.dev/pkg/kmeta"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/pages"
	"github.com/rehearsal-dev/rehearsal/pkg/prowjob"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/rehearsal/resources"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// storeResult stores the verdicts of the jobs of a run: Prow deletes ProwJobs before a pull
// request is merged.
func (t *reporter) storeResult(ctx context.Context, m run.Manifest, outcomes []run.Outcome) error {
	var result run.Result
	for _, o := range outcomes {
		result.Jobs = append(result.Jobs, run.JobResult{
			DisplayName: o.DisplayName, Verdict: string(o.Verdict), Seconds: int(o.Duration().Seconds()),
		})
	}
	raw, err := json.Marshal(result)
	if err != nil {
		return fmt.Errorf("encoding the result of run %s: %w", m.Name, err)
	}
	cm := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{
			Name: run.ResultName(m.Name), Namespace: t.Rehearsal.Namespace,
			Labels:          resources.Labels(t.Rehearsal, m.Name),
			OwnerReferences: []metav1.OwnerReference{*kmeta.NewControllerRef(t.Rehearsal)},
		},
		Immutable: ptr.To(true),
		Data:      map[string]string{run.ResultKey: string(raw)},
	}
	_, err = t.Kube.CoreV1().ConfigMaps(cm.Namespace).Create(ctx, cm, metav1.CreateOptions{})
	if err := ignoreExists(err); err != nil {
		return fmt.Errorf("storing ConfigMap %s: %w", cm.Name, err)
	}
	return nil
}

// notPassed returns the jobs of the latest run that did not pass, by their names in
// commands. If there are none to run again, sentence says why.
func (t *starter) notPassed(ctx context.Context, r *v1alpha1.RunStatus) (names []string, sentence string, err error) {
	latest := latestRun(t.Rehearsal, r)
	switch {
	case latest == nil:
		return nil, report.NoRunYet(), nil
	case !latest.State.Done():
		return nil, report.StillRunning(), nil
	}
	result, err := run.ReadResult(ctx, t.Kube.CoreV1().ConfigMaps(t.Rehearsal.Namespace), resources.RunName(t.Rehearsal, latest.ID))
	if apierrors.IsNotFound(err) {
		return nil, report.NoRunYet(), nil
	}
	if err != nil {
		return nil, "", err
	}
	for _, job := range result.Jobs {
		if job.Verdict != string(run.Passed) {
			names = append(names, job.DisplayName)
		}
	}
	if len(names) == 0 {
		return nil, report.NothingFailed(), nil
	}
	return names, "", nil
}

// latestRun returns the run other than r that started last.
func latestRun(rh *v1alpha1.Rehearsal, r *v1alpha1.RunStatus) *v1alpha1.RunStatus {
	var latest *v1alpha1.RunStatus
	for i := range rh.Status.Runs {
		other := &rh.Status.Runs[i]
		if other.ID == r.ID || other.StartedAt == nil {
			continue
		}
		if latest == nil || !other.StartedAt.Before(latest.StartedAt) {
			latest = other
		}
	}
	return latest
}

// durations returns how long jobs took when their rehearsals passed, as far as Prow still
// has the ProwJobs. If there are several of a job, the last one started counts.
func (t *starter) durations() (map[string]time.Duration, error) {
	list, err := t.ProwJobs.ProwJobs(t.Settings.Prow.ProwJobNamespace).List(labels.Everything())
	if err != nil {
		return nil, fmt.Errorf("listing ProwJobs: %w", err)
	}
	known, started := map[string]time.Duration{}, map[string]time.Time{}
	for _, pj := range list {
		o := prowjob.Observe(run.Job{}, pj)
		name := pj.Annotations[run.AnnotationJob]
		if o.Verdict == run.Passed && o.Duration() > 0 && !o.Started.Before(started[name]) {
			known[name], started[name] = o.Duration(), o.Started
		}
	}
	return known, nil
}

// runPage returns the URL of the page of a run; empty if pages are not served.
func (t *Pass) runPage(r *v1alpha1.RunStatus) string {
	return t.Links.To(pages.RunPage, resources.RunName(t.Rehearsal, r.ID))
}
