package runs

import (
	"context"
	"errors"
	"slices"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/prowjob"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/judging"
	"github.com/rehearsal-dev/rehearsal/pkg/render"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
	"github.com/rehearsal-dev/rehearsal/pkg/requeue"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// Aborts ends runs, and single jobs of runs, that are to be aborted.
type Aborts struct {
	*Pass
	// Attended are the ids of the runs whose jobs this pass compared with the aborts of
	// jobs.
	Attended map[string]bool

	// named are the aborts of jobs, by the id of the run; nil until they are looked up.
	named map[string][]judging.JobAbort
	// needed are the ProwJobs that running runs need; nil until they are looked up.
	needed map[string]need
}

// endRun cancels the PipelineRun of a run and aborts all of its ProwJobs. It is repeated
// until nothing is left, because a task may create its ProwJob in between.
func (t *Aborts) endRun(ctx context.Context, r *v1alpha1.RunStatus, s situation) error {
	r.MarkAborting(t.Now)
	var errs []error
	if s.pipelineRun != nil && !s.pipelineRun.IsDone() && s.pipelineRun.Spec.Status == "" {
		errs = append(errs, t.cancel(ctx, s.pipelineRun, r.AbortReason))
	}
	kept, err := t.neededElsewhere(ctx, r)
	if err != nil {
		return err
	}
	for _, o := range s.outcomes {
		// Jobs that have ended or were aborted already are left alone. A ProwJob that does
		// not exist yet will show up in the informer, and is looked up at the API server
		// once the PipelineRun is over.
		if o.Verdict != run.NotStarted && !o.Verdict.Ended() && !kept[o.ProwJob] {
			errs = append(errs, prowjob.Abort(ctx, t.prowJobs(), o.ProwJob, "Aborted: "+r.AbortReason+"."))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return &requeue.Later{After: AbortPause, Reason: "run " + r.ID + " is being aborted"}
}

// neededElsewhere returns the ProwJobs that are shared with runs that go on.
func (t *Aborts) neededElsewhere(ctx context.Context, r *v1alpha1.RunStatus) (map[string]bool, error) {
	if err := t.readNeeded(ctx); err != nil {
		return nil, err
	}
	kept := map[string]bool{}
	for prowJob, by := range t.needed {
		if by.runs > 1 || by.first != r.ID {
			kept[prowJob] = true
		}
	}
	return kept, nil
}

// need is the number of running runs that need a ProwJob, and the first of them.
type need struct {
	first string
	runs  int
}

// readNeeded finds out which ProwJobs are needed, once per pass, because every run that
// ends, or has jobs that end, asks for it. A run that is aborted later in this pass still
// counts until the next.
func (t *Aborts) readNeeded(ctx context.Context) error {
	if t.needed != nil {
		return nil
	}
	needed := map[string]need{}
	for _, r := range t.Rehearsal.Status.ActiveRuns() {
		if r.AbortReason != "" || r.State != v1alpha1.RunRunning {
			continue
		}
		m, err := t.Manifest(ctx, r)
		if err != nil {
			return err
		}
		for _, job := range m.Jobs {
			if t.include(r, job) {
				continue
			}
			by := needed[job.ProwJob]
			if by.runs++; by.runs == 1 {
				by.first = r.ID
			}
			needed[job.ProwJob] = by
		}
	}
	t.needed = needed
	return nil
}

// endJobs aborts the jobs of a run that somebody wants to abort. It is repeated until Prow
// is done with them, because a task may create its ProwJob in between.
func (t *Aborts) endJobs(ctx context.Context, r *v1alpha1.RunStatus, s situation) error {
	t.Attended[r.ID] = true
	if len(t.Of(r)) == 0 {
		return nil
	}
	kept, err := t.neededElsewhere(ctx, r)
	if err != nil {
		return err
	}
	var errs []error
	left := false
	for _, o := range s.outcomes {
		if o.Settled() {
			continue
		}
		reason := t.claim(r, o.Job)
		if reason == "" || kept[o.ProwJob] {
			continue
		}
		left = true
		if o.Verdict != run.NotStarted && !o.Verdict.Ended() {
			errs = append(errs, prowjob.Abort(ctx, t.prowJobs(), o.ProwJob, "Aborted: "+reason+"."))
		}
	}
	if left {
		errs = append(errs, &requeue.Later{After: AbortPause, Reason: "jobs of run " + r.ID + " are being aborted"})
	}
	return errors.Join(errs...)
}

// Of returns the aborts of jobs of a run.
func (t *Aborts) Of(r *v1alpha1.RunStatus) []judging.JobAbort {
	if t.named == nil {
		t.named = judging.JobAborts(t.Rehearsal, t.Settings.Prefixes)
	}
	return t.named[r.ID]
}

// claim returns the reason why a job of a run is to be aborted; empty if it is not. The
// abort is marked as having found a job.
func (t *Aborts) claim(r *v1alpha1.RunStatus, job run.Job) (reason string) {
	for _, a := range t.Of(r) {
		if a.Matches(job) {
			reason = a.Reason
			t.Rehearsal.Status.VerdictOn(a.Command).Found = true
		}
	}
	return reason
}

// include reports whether a job of a run is to be aborted.
func (t *Aborts) include(r *v1alpha1.RunStatus, job run.Job) bool {
	return slices.ContainsFunc(t.Of(r), func(a judging.JobAbort) bool { return a.Matches(job) })
}

// exclude leaves out the jobs that were aborted before the run began. Each has a note.
func (t *Aborts) exclude(r *v1alpha1.RunStatus, jobs []render.Job) (left []render.Job, notes []string) {
	for _, job := range jobs {
		reason := t.claim(r, run.Job{Name: job.Name, Branch: job.Branch})
		if reason == "" {
			left = append(left, job)
			continue
		}
		notes = append(notes, report.Excluded(job.Argument, reason))
	}
	return left, notes
}
