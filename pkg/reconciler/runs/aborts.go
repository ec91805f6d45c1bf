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

// Aborts end runs, and jobs of runs, that somebody wants to end.
type Aborts struct {
	*Pass
	// Attended are the runs of which the jobs to abort were looked up.
	Attended map[string]bool

	// named are the aborts of jobs by the ids of their runs; nil until they were looked up.
	named map[string][]judging.JobAbort
	// needed are the ProwJobs that running runs need; nil until they were looked up.
	needed map[string]need
}

// endRun cancels the PipelineRun and aborts every ProwJob of a run. It is
// repeated until nothing is left: a task may create its ProwJob in between.
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
		// Who has ended or was told to is left alone; who is not there yet comes to the
		// informer, and is looked for once the PipelineRun is over.
		if o.Verdict != run.NotStarted && !o.Verdict.Ended() && !kept[o.ProwJob] {
			errs = append(errs, prowjob.Abort(ctx, t.prowJobs(), o.ProwJob, "Aborted: "+r.AbortReason+"."))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return &requeue.Later{After: AbortPause, Reason: "run " + r.ID + " is being aborted"}
}

// neededElsewhere are the ProwJobs that other runs, which go on, have joined.
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

// need is how many runs that go on need a ProwJob, and the first of them.
type need struct {
	first string
	runs  int
}

// readNeeded finds out which ProwJobs are needed, once in a turn: it is asked for each
// run that ends, or jobs of which do. A run that comes to end in this turn counts
// until the next.
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

// endJobs aborts the jobs of a run that somebody named. It is repeated until
// Prow is done with them: a task may create its ProwJob in between.
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

// claim is why somebody wants to end a job of a run; empty if nobody does. Who
// does has found it.
func (t *Aborts) claim(r *v1alpha1.RunStatus, job run.Job) (reason string) {
	for _, a := range t.Of(r) {
		if a.Matches(job) {
			reason = a.Reason
			t.Rehearsal.Status.VerdictOn(a.Command).Found = true
		}
	}
	return reason
}

// include reports whether somebody wants to end a job of a run.
func (t *Aborts) include(r *v1alpha1.RunStatus, job run.Job) bool {
	return slices.ContainsFunc(t.Of(r), func(a judging.JobAbort) bool { return a.Matches(job) })
}

// exclude leaves out what somebody wanted to end before it began, and
// says so.
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
