package runs

import (
	"cmp"
	"slices"

	pipelinev1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// forgotten is the detail of a job whose end is known although its ProwJob is gone.
const forgotten = "its ProwJob was deleted"

// MaxJobEnds limits how many ends of jobs, and how many jobs that never started, the status
// of a Rehearsal keeps for all its runs together. An object that is too large cannot be
// stored.
const MaxJobEnds = 500

// jobEnds counts the ends of jobs in status.
func jobEnds(rh *v1alpha1.Rehearsal) int {
	n := 0
	for _, r := range rh.Status.Runs {
		n += len(r.JobEnds)
	}
	return n
}

// remember keeps in status what may be deleted before the next pass: the end of the
// PipelineRun, and the ends of up to room jobs. Pruners and Prow's sinker delete without
// asking.
func remember(r *v1alpha1.RunStatus, s situation, left int) {
	for _, o := range s.outcomes {
		if _, known := r.JobEnds[o.ProwJob]; known || !o.Settled() || left <= 0 {
			continue
		}
		left--
		if r.JobEnds == nil {
			r.JobEnds = map[string]v1alpha1.JobEnd{}
		}
		r.JobEnds[o.ProwJob] = v1alpha1.JobEnd{Verdict: string(o.Verdict), StartedAt: metav1.NewTime(o.Started), DoneAt: metav1.NewTime(o.Finished)}
	}
	switch {
	case s.pipelineRun != nil && s.pipelineRun.IsDone():
		at := metav1.NewTime(s.now)
		if r.PipelineRunEnd != nil {
			at = r.PipelineRunEnd.At
		}
		r.PipelineRunEnd = &v1alpha1.PipelineRunEnd{
			At:          *cmp.Or(s.pipelineRun.Status.CompletionTime, &at),
			Reported:    s.reported,
			FromOutside: endedFromOutside(s.pipelineRun),
			Unscheduled: prowJobsOf(s.unscheduled),
		}
	case s.pipelineRun == nil && r.PipelineRunEnd == nil && allSettled(s.outcomes):
		// Nobody saw the PipelineRun end, and no result is missing.
		r.PipelineRunEnd = &v1alpha1.PipelineRunEnd{At: metav1.NewTime(s.now)}
	}
}

// recall sets the ends that status keeps for jobs whose ProwJobs are gone.
func recall(r *v1alpha1.RunStatus, outcomes []run.Outcome) {
	for i := range outcomes {
		o := &outcomes[i]
		end, known := r.JobEnds[o.ProwJob]
		if o.Verdict != run.NotStarted || !known {
			continue
		}
		o.Verdict, o.Started, o.Finished = run.Verdict(end.Verdict), end.StartedAt.Time, end.DoneAt.Time
		if o.Verdict != run.Passed {
			o.Detail = forgotten
		}
	}
}

// noticeInterference aborts a run whose PipelineRun somebody else cancelled, or deleted
// before it and its jobs were done.
func noticeInterference(r *v1alpha1.RunStatus, pr *pipelinev1.PipelineRun, outcomes []run.Outcome) {
	switch {
	case r.AbortReason != "":
	case pr == nil, !pr.DeletionTimestamp.IsZero():
		if r.PipelineRunEnd == nil && !allSettled(outcomes) {
			r.Abort("its PipelineRun was deleted")
		}
	case pr.Spec.Status != "" && pr.Spec.Status != pipelinev1.PipelineRunSpecStatusPending:
		r.Abort("its PipelineRun was cancelled")
	}
}

func allSettled(outcomes []run.Outcome) bool {
	return !slices.ContainsFunc(outcomes, func(o run.Outcome) bool { return !o.Settled() })
}

func prowJobsOf(jobs []run.Job) []string {
	var names []string
	for _, job := range jobs {
		names = append(names, job.ProwJob)
	}
	return names
}
