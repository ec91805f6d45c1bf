package render

import (
	"encoding/json"
	"fmt"
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// Handover is what the controller hands over to the tasks of a run.
type Handover struct {
	Manifest run.Manifest
	// ConfigMaps are named after the run, and have no namespace and no owner yet. The
	// first holds the Manifest.
	ConfigMaps []corev1.ConfigMap
}

// NewHandover renders the jobs of a run. The given manifest has the author, the command,
// the number of affected jobs and notes; NewHandover fills in the rest. A job that cannot
// be rendered becomes a note of the manifest, and the others still run.
//
// Active are ProwJobs of earlier runs. One that is not complete and rehearses a job at
// the same head is joined: the manifest names it instead of a new one. With a new one,
// plank would abort the older.
func NewHandover(manifest run.Manifest, jobs []Job, in Input, r Run, active []prowapi.ProwJob) (Handover, error) {
	h := Handover{Manifest: manifest}
	h.Manifest.Name, h.Manifest.ID = r.Name, r.ID
	h.Manifest.Org, h.Manifest.Repo, h.Manifest.Number = in.Org, in.Repo, in.Number
	h.Manifest.Head, h.Manifest.Base, h.Manifest.BaseRef = in.Head, in.Base, in.BaseRef
	joined := joinable(active, in)
	s := shards{run: r, inputs: map[string]string{}}
	for _, job := range jobs {
		pj, inputs, err := renderJob(job, in, r)
		if err != nil {
			h.Manifest.Notes = append(h.Manifest.Notes, err.Error())
			continue
		}
		if other, ok := joined[pj.Spec.Job]; ok {
			pj, inputs = other, nil
		}
		row := newRow(job, pj, in, r, h.Manifest.Jobs)
		if other := pj.Labels[run.LabelRun]; other != labelValue(r.Name) {
			row.Run = other
		}
		if err := s.store(&row, pj, inputs); err != nil {
			h.Manifest.Notes = append(h.Manifest.Notes, refuse(job, err).Error())
			continue
		}
		h.Manifest.Jobs = append(h.Manifest.Jobs, row)
	}
	if len(h.Manifest.Jobs) < len(jobs) {
		h.Manifest.AutoAck = false // not all requested jobs can pass
	}
	h.Manifest.Time = timeOf(r, h.Manifest.Jobs)
	raw, err := json.Marshal(h.Manifest)
	if err != nil {
		return Handover{}, fmt.Errorf("encode the manifest of run %s: %w", r.Name, err)
	}
	if len(raw) > maxShard {
		return Handover{}, fmt.Errorf("run %s has too many jobs: its manifest takes %d KiB, and at most %d KiB can be stored", r.Name, len(raw)>>10, maxShard>>10)
	}
	h.ConfigMaps = append([]corev1.ConfigMap{s.configMap(0, map[string]string{run.ManifestKey: string(raw)})}, s.done...)
	return h, nil
}

func newRow(job Job, pj *prowapi.ProwJob, in Input, r Run, before []run.Job) run.Job {
	row := run.Job{
		Name: job.Name, Type: string(job.Type), Repo: job.Repo, Branch: job.Branch,
		ProwJob: pj.Name, Task: taskName(job.Argument, job.Key(), before), DisplayName: job.Argument,
		Rerun: in.command() + " " + job.Argument, Timeout: r.DefaultTimeout,
		Checkouts: pins(pj.Spec.ExtraRefs),
	}
	if own := timeout(pj.Spec.DecorationConfig); own > 0 {
		row.Timeout = own
	}
	return row
}

// timeout returns the limit on a job's duration in its own configuration, including its
// grace period; zero if it has none.
func timeout(dc *prowapi.DecorationConfig) time.Duration {
	if dc == nil || dc.Timeout == nil {
		return 0
	}
	d := dc.Timeout.Duration
	if dc.GracePeriod != nil {
		d += dc.GracePeriod.Duration
	}
	return d
}

// joinable returns the active ProwJobs of this head, by the name of their job.
func joinable(active []prowapi.ProwJob, in Input) map[string]*prowapi.ProwJob {
	out := map[string]*prowapi.ProwJob{}
	for i := range active {
		pj := &active[i]
		refs := pj.Spec.Refs
		if pj.Complete() || pj.Status.State == prowapi.AbortedState || refs == nil || !in.isConfigRepo(refs.Org, refs.Repo) {
			continue
		}
		if len(refs.Pulls) != 1 || refs.Pulls[0].Number != in.Number || refs.Pulls[0].SHA != in.Head {
			continue
		}
		if other, ok := out[pj.Spec.Job]; !ok || older(pj, other) {
			out[pj.Spec.Job] = asRendered(pj)
		}
	}
	return out
}

func older(a, b *prowapi.ProwJob) bool {
	return a.Status.StartTime.Before(&b.Status.StartTime)
}

// asRendered removes what the API server and Prow have added to a ProwJob.
func asRendered(pj *prowapi.ProwJob) *prowapi.ProwJob {
	out := pj.DeepCopy()
	out.ObjectMeta = metav1.ObjectMeta{
		Name: pj.Name, Namespace: pj.Namespace, Labels: maps.Clone(pj.Labels), Annotations: maps.Clone(pj.Annotations),
	}
	if _, ok := out.Annotations[run.AnnotationApproved]; ok {
		// Prow may have changed the specification since, for example to schedule it. It
		// passed the gates when it was created.
		if hash, err := run.SpecHash(out.Spec); err == nil {
			out.Annotations[run.AnnotationApproved] = hash
		}
	}
	out.TypeMeta = metav1.TypeMeta{APIVersion: prowapi.SchemeGroupVersion.String(), Kind: "ProwJob"}
	return out
}

// timeOf returns how long the jobs of a run may take.
func timeOf(r Run, jobs []run.Job) time.Duration {
	var longest time.Duration
	for _, job := range jobs {
		longest = max(longest, job.Timeout)
	}
	return longest + r.Queueing
}
