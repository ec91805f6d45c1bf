package cluster

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	pipelinev1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/prowjob"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/rehearsal/resources"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
	"github.com/rehearsal-dev/rehearsal/pkg/terminal"
)

// snapshot is the state of the cluster at one moment.
type snapshot struct {
	rehearsals   []*v1alpha1.Rehearsal
	pipelineRuns []*pipelinev1.PipelineRun
	prowJobs     map[string]*prowapi.ProwJob
	// blind says why ProwJobs are missing; empty if they are not.
	blind string
}

// runView is one run as it is shown.
type runView struct {
	v1alpha1.RunStatus
	pull v1alpha1.Pull
	// command is the command that started the run; empty if it is no longer in the log.
	command string
	jobs    []jobView
}

// jobView is one job of a run.
type jobView struct {
	run.Outcome
	// known is false if the ProwJob cannot be read or no longer exists.
	known bool
}

// viewRun combines everything known about a run.
func (s *snapshot) viewRun(rh *v1alpha1.Rehearsal, r v1alpha1.RunStatus) runView {
	v := runView{RunStatus: r, pull: rh.Spec.Pull}
	for _, c := range rh.Spec.Commands {
		if c.ID == r.ID {
			v.command = c.Text
		}
	}
	for _, job := range jobsOf(s.pipelineRuns, resources.RunName(rh, r.ID)) {
		pj := s.prowJobs[job.ProwJob]
		outcome := prowjob.Observe(job, pj)
		// Prow deletes its ProwJobs after a while. In a run in progress, a job without a
		// ProwJob has not started.
		known := s.blind == "" && (pj != nil || !r.State.Done())
		v.jobs = append(v.jobs, jobView{outcome, known})
	}
	return v
}

// jobsOf reads the jobs of a run from its PipelineRuns. The first has all of them; the
// others repeat jobs that an earlier one did not reach.
func jobsOf(all []*pipelinev1.PipelineRun, runName string) []run.Job {
	var mine []*pipelinev1.PipelineRun
	for _, pr := range all {
		if pr.Labels[run.LabelRun] == runName && pr.Spec.PipelineSpec != nil {
			mine = append(mine, pr)
		}
	}
	slices.SortFunc(mine, func(a, b *pipelinev1.PipelineRun) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), strings.Compare(a.Name, b.Name))
	})
	var jobs []run.Job
	for _, pr := range mine {
		for _, task := range pr.Spec.PipelineSpec.Tasks {
			job := resources.Job(task)
			if !slices.ContainsFunc(jobs, func(other run.Job) bool { return other.ProwJob == job.ProwJob }) {
				jobs = append(jobs, job)
			}
		}
	}
	return jobs
}

// tally counts the jobs. While the run is in progress and all jobs are known it counts
// them itself, else it returns the controller's counts.
func (v runView) tally() run.Tally {
	counted := run.Tally{Total: v.Total, Passed: v.Passed, Failed: v.Failed}
	if v.State.Done() || len(v.jobs) == 0 {
		return counted
	}
	var outcomes []run.Outcome
	for _, j := range v.jobs {
		if !j.known {
			return counted
		}
		outcomes = append(outcomes, j.Outcome)
	}
	return run.Count(outcomes)
}

// counts returns the tally as text.
func (v runView) counts() string {
	t := v.tally()
	if t.Total == 0 {
		return ""
	}
	if t.AllPassed() && t.Total > 1 {
		return fmt.Sprintf("all %d passed", t.Total)
	}
	parts := []string{fmt.Sprintf("%d of %d passed", t.Passed, t.Total)}
	for _, c := range []struct {
		n    int
		what run.Verdict
	}{{t.Failed, run.Failed}, {t.Aborted, run.Aborted}, {t.Running, run.Running}, {t.Queued, run.Queued}, {t.NotStarted, run.NotStarted}} {
		if c.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", c.n, c.what))
		}
	}
	return strings.Join(parts, ", ")
}

// state returns the state of the run as text.
func (v runView) state() string {
	parts := []string{string(v.State)}
	if counts := v.counts(); counts != "" {
		parts[0] += ": " + counts
	}
	switch t := v.tally(); {
	case v.AbortReason != "":
		parts = append(parts, v.AbortReason)
	case v.State == v1alpha1.RunRunning && t.Total > 0 && t.Passed+t.Failed+t.Aborted == t.Total:
		parts = append(parts, "the report is being written")
	case v.Message != "":
		parts = append(parts, v.Message)
	}
	return terminal.Plain(strings.Join(parts, "; "))
}

// lasted returns how long the run took, or how long it has been running.
func (v runView) lasted(now time.Time) time.Duration {
	switch {
	case v.StartedAt == nil:
		return 0
	case v.DoneAt != nil:
		return v.DoneAt.Sub(v.StartedAt.Time)
	}
	return now.Sub(v.StartedAt.Time)
}

// lasted returns how long the job took, or how long it has been running.
func (j jobView) lasted(now time.Time) time.Duration {
	if j.known && j.Verdict == run.Running && !j.Started.IsZero() {
		return max(now.Sub(j.Started), 0)
	}
	return j.Duration()
}

// word returns the state of the job as a word.
func (j jobView) word() string {
	if !j.known {
		return "?"
	}
	return string(j.Verdict)
}

// span formats a duration to the second; "-" for zero.
func span(d time.Duration) string {
	if d = d.Round(time.Second); d <= 0 {
		return "-"
	}
	s := d.String()
	if d >= time.Hour {
		s = strings.TrimSuffix(s, "0s")
	}
	return s
}
