package plan

import (
	"encoding/json"
	"fmt"

	"sigs.k8s.io/prow/pkg/config"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
)

// EncodeResult writes a plan for another process, without its Details.
func EncodeResult(r *Result) ([]byte, error) {
	e := &jobEncoder{encoder: newEncoder(), known: map[any]int{}}
	e.text(r.Base)
	e.text(r.Head)
	e.text(r.Tree)
	e.text(r.Fingerprint)
	e.number(r.Jobs)
	e.count(len(r.Removed))
	for _, ref := range r.Removed {
		e.ref(ref)
	}
	e.list(r.Warnings)
	e.count(len(r.Incomplete))
	for _, f := range r.Incomplete {
		e.fileError(f)
	}
	e.value(r.Findings, len(r.Findings) > 0)
	e.list(r.Targets)
	e.jobs(r.Affected)
	return e.bytes(), e.err
}

// EncodeJobs writes jobs for another process.
func EncodeJobs(jobs []affected.Job) ([]byte, error) {
	e := &jobEncoder{encoder: newEncoder(), known: map[any]int{}}
	e.jobs(jobs)
	return e.bytes(), e.err
}

// jobEncoder writes jobs; what several share is written once.
type jobEncoder struct {
	*encoder
	known map[any]int
	err   error
}

func (e *jobEncoder) ref(r affected.Ref) {
	e.text(string(r.Type))
	e.text(r.Repo)
	e.text(r.Name)
	e.list(r.Branches)
	e.list(r.SkipBranches)
}

func (e *jobEncoder) number(n int) { e.count(n) }

func (e *jobEncoder) jobs(jobs []affected.Job) {
	e.count(len(jobs))
	for i := range jobs {
		j := &jobs[i]
		e.ref(j.Ref)
		e.text(string(j.Change))
		e.flag(j.Rehearse)
		e.text(j.Excluded)
		e.flag(j.Reasons != nil)
		e.count(len(j.Reasons))
		for _, r := range j.Reasons {
			e.list([]string{r.Source, r.File, r.Path, r.Old, r.New})
		}
		e.flag(j.Outline)
		e.effective(j.Effective, j.Outline)
		e.effective(j.Before, j.Outline)
		e.count(len(j.Baseline))
		for _, b := range j.Baseline {
			e.effective(b, j.Outline)
		}
	}
}

// effective writes a job the first time, later its number.
func (e *jobEncoder) effective(job affected.Effective, outline bool) {
	if job.IsZero() {
		e.count(0)
		return
	}
	id := any(job)
	if n, ok := e.known[id]; ok {
		e.count(n)
		return
	}
	e.known[id] = len(e.known) + 1
	e.count(len(e.known))
	if outline {
		e.outline(job)
		return
	}
	raw, err := json.Marshal(firstOf(job))
	if err != nil && e.err == nil {
		e.err = fmt.Errorf("job %s: %w", job.Base().Name, err)
	}
	e.text(jobType(job))
	e.text(job.Base().SourcePath)
	e.text(string(raw))
}

// outline writes what an outline has: there may be very many.
func (e *jobEncoder) outline(job affected.Effective) {
	base, b := job.Base(), brancherOf(job)
	e.text("outline " + jobType(job))
	e.text(base.Name)
	e.text(base.Agent)
	e.text(base.Cluster)
	e.text(base.JobQueueName)
	e.pairs(base.Labels)
	e.flag(base.Hidden)
	e.flag(base.Spec != nil)
	e.text(contextOf(job))
	e.list(b.Branches)
	e.list(b.SkipBranches)
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
