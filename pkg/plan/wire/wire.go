// Package wire encodes plans for another process, and limits the memory of the plans that
// it decodes.
package wire

import (
	"encoding/json"
	"fmt"

	"sigs.k8s.io/prow/pkg/config"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/codec"
)

// EncodeResult writes a plan for another process, without its Details.
func EncodeResult(r *plan.Result) ([]byte, error) {
	e := &jobEncoder{Encoder: codec.NewEncoder(), known: map[any]int{}}
	e.Text(r.Base)
	e.Text(r.Head)
	e.Text(r.Tree)
	e.Text(r.Fingerprint)
	e.Count(r.Jobs)
	e.Count(len(r.Removed))
	for _, ref := range r.Removed {
		e.ref(ref)
	}
	e.List(r.Warnings)
	e.Count(len(r.Incomplete))
	for _, f := range r.Incomplete {
		e.FileError(f)
	}
	e.Value(r.Findings, len(r.Findings) > 0)
	e.List(r.Targets)
	e.jobs(r.Affected)
	return e.Bytes(), e.err
}

// EncodeJobs writes jobs for another process.
func EncodeJobs(jobs []affected.Job) ([]byte, error) {
	e := &jobEncoder{Encoder: codec.NewEncoder(), known: map[any]int{}}
	e.jobs(jobs)
	return e.Bytes(), e.err
}

// jobEncoder writes jobs. What several jobs share is written once.
type jobEncoder struct {
	*codec.Encoder
	known map[any]int
	err   error
}

func (e *jobEncoder) ref(r affected.Ref) {
	e.Text(string(r.Type))
	e.Text(r.Repo)
	e.Text(r.Name)
	e.List(r.Branches)
	e.List(r.SkipBranches)
}

func (e *jobEncoder) jobs(jobs []affected.Job) {
	e.Count(len(jobs))
	for i := range jobs {
		j := &jobs[i]
		e.ref(j.Ref)
		e.Text(string(j.Change))
		e.Flag(j.Rehearse)
		e.Text(j.Excluded)
		e.Flag(j.Reasons != nil)
		e.Count(len(j.Reasons))
		for _, r := range j.Reasons {
			e.List([]string{r.Source, r.File, r.Path, r.Old, r.New})
		}
		e.Flag(j.Outline)
		e.effective(j.Effective, j.Outline)
		e.effective(j.Before, j.Outline)
		e.Count(len(j.Baseline))
		for _, b := range j.Baseline {
			e.effective(b, j.Outline)
		}
	}
}

// effective writes a job the first time, and its number later.
func (e *jobEncoder) effective(job affected.Effective, outline bool) {
	if job.IsZero() {
		e.Count(0)
		return
	}
	id := any(job)
	if n, ok := e.known[id]; ok {
		e.Count(n)
		return
	}
	e.known[id] = len(e.known) + 1
	e.Count(len(e.known))
	e.Flag(outline)
	if outline {
		e.outline(job)
		return
	}
	raw, err := json.Marshal(firstOf(job))
	if err != nil && e.err == nil {
		e.err = fmt.Errorf("job %s: %w", job.Base().Name, err)
	}
	e.Text(jobType(job))
	e.Text(job.Base().SourcePath)
	e.Text(string(raw))
}

// outline writes only the fields of an outline, because there may be very many.
func (e *jobEncoder) outline(job affected.Effective) {
	base, b := job.Base(), brancherOf(job)
	e.Text(jobType(job))
	e.Text(base.Name)
	e.Text(base.Agent)
	e.Text(base.Cluster)
	e.Text(base.JobQueueName)
	e.Pairs(base.Labels)
	e.Flag(base.Hidden)
	e.Flag(base.Spec != nil)
	e.Text(contextOf(job))
	e.List(b.Branches)
	e.List(b.SkipBranches)
}

func jobType(job affected.Effective) string {
	switch {
	case job.Presubmit != nil:
		return string(prowapi.PresubmitJob)
	case job.Postsubmit != nil:
		return string(prowapi.PostsubmitJob)
	}
	return string(prowapi.PeriodicJob)
}

func firstOf(job affected.Effective) any {
	switch {
	case job.Presubmit != nil:
		return job.Presubmit
	case job.Postsubmit != nil:
		return job.Postsubmit
	}
	return job.Periodic
}

func contextOf(job affected.Effective) string {
	switch {
	case job.Presubmit != nil:
		return job.Presubmit.Context
	case job.Postsubmit != nil:
		return job.Postsubmit.Context
	}
	return ""
}

func brancherOf(job affected.Effective) config.Brancher {
	switch {
	case job.Presubmit != nil:
		return job.Presubmit.Brancher
	case job.Postsubmit != nil:
		return job.Postsubmit.Brancher
	}
	return config.Brancher{}
}
