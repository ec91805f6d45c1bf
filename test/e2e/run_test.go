//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// passing returns a job that passes.
func passing(name string) rig.Job {
	return rig.Job{Name: name, Script: "echo " + name + " did its work\n"}
}

// failing returns a job that fails, and says why before it cleans up.
func failing(name, words string) rig.Job {
	return rig.Job{Name: name, Script: fmt.Sprintf(`trap 'echo removing what was made; echo done' EXIT
echo making what is needed
echo 'error: %s'
exit 1
`, words)}
}

// waiting returns a job that runs until its gate is opened.
func waiting(name, gate string) rig.Job {
	return rig.Job{Name: name, Script: world.gates.Wait(gate) + "echo " + name + " did its work\n"}
}

// started waits until the pods of all jobs run.
func (s *story) started() {
	s.t.Helper()
	s.until("all jobs to run", func(ctx context.Context) (string, bool, error) {
		pods, err := s.JobPods(ctx)
		running := 0
		for i := range pods {
			if pods[i].Status.Phase == corev1.PodRunning {
				running++
			}
		}
		return fmt.Sprintf("%d of %d pods run", running, len(s.jobs)), running == len(s.jobs), err
	})
}

// ended waits until every run is over, and returns them.
func (s *story) ended(number int) []v1alpha1.RunStatus {
	s.t.Helper()
	var runs []v1alpha1.RunStatus
	s.until(fmt.Sprintf("the end of %d runs", number), func(ctx context.Context) (string, bool, error) {
		var err error
		runs, err = s.Runs(ctx)
		states, _ := s.States(ctx)
		over := len(runs) == number
		for i := range runs {
			over = over && runs[i].State.Done()
			states += fmt.Sprintf("; run %s is %s", runs[i].ID, runs[i].State)
		}
		return states, over, err
	})
	return runs
}

// result waits for the end of the only run, and checks its counts.
func (s *story) result(state v1alpha1.RunState, passed, failed int, says ...string) string {
	s.t.Helper()
	r := s.ended(1)[0]
	if r.State != state || r.Total != len(s.jobs) || r.Passed != passed || r.Failed != failed {
		s.t.Errorf("the run is %s: %d passed, %d failed of %d; want %s: %d, %d of %d",
			r.State, r.Passed, r.Failed, r.Total, state, passed, failed, len(s.jobs))
	}
	return s.comment(rig.RunComment, says...)
}

// row expects words in a job's row in the table of a comment.
func (s *story) row(body, job string, says ...string) {
	s.t.Helper()
	for line := range strings.Lines(body) {
		if strings.HasPrefix(line, "|") && strings.Contains(line, "`"+job+"`") {
			if !containsAll(line, says) {
				s.t.Errorf("the row of %s is %q, want one with %q", job, line, says)
			}
			return
		}
	}
	s.t.Errorf("%s has no row in:\n%s", job, body)
}

// aborted expects that every ProwJob is aborted and its pod is gone.
func (s *story) aborted() {
	s.t.Helper()
	s.until("ProwJobs to be aborted and pods to be gone", func(ctx context.Context) (string, bool, error) {
		jobs, err := s.ProwJobs(ctx)
		if err != nil {
			return "", false, err
		}
		pods, err := s.JobPods(ctx)
		if err != nil {
			return "", false, err
		}
		ok := len(pods) == 0
		for i := range jobs {
			ok = ok && jobs[i].Status.State == prowapi.AbortedState && jobs[i].Complete()
		}
		states, err := s.States(ctx)
		return fmt.Sprintf("%s; %d pods", states, len(pods)), ok, err
	})
}

// idle expects that nothing was started.
func (s *story) idle() {
	s.t.Helper()
	jobs, err := s.ProwJobs(s.ctx)
	s.must(err)
	runs, err := s.PipelineRuns(s.ctx)
	s.must(err)
	if len(jobs) > 0 || len(runs) > 0 {
		s.t.Errorf("there are %d ProwJobs and %d PipelineRuns, want none", len(jobs), len(runs))
	}
}

// checkInvariants checks what holds for every pull request at any time: one comment per
// marker, one PipelineRun for each attempt of a run, one ProwJob for each job of a run.
func (s *story) checkInvariants() {
	comments, err := s.Comments(s.ctx, "")
	if err != nil {
		s.t.Error(err)
	}
	seen := map[string]bool{}
	for _, c := range comments {
		mark, _ := report.FindMarker(c.Body)
		if seen[mark] {
			s.t.Errorf("two comments are marked %s", mark)
		}
		seen[mark] = true
	}
	pipelineRuns, err := s.PipelineRuns(s.ctx)
	if err != nil {
		s.t.Error(err)
	}
	runs, err := s.Runs(s.ctx)
	if err != nil {
		s.t.Error(err)
	}
	attempts, kept := 0, 0
	for _, r := range runs {
		if attempts += r.Attempt; !r.Cleaned {
			kept += r.Attempt
		}
	}
	if n := len(pipelineRuns); n > attempts || n < kept {
		s.t.Errorf("there are %d PipelineRuns for %d attempts, of which %d are kept", n, attempts, kept)
	}
	s.checkProwJobs()
}

func (s *story) checkProwJobs() {
	jobs, err := s.ProwJobs(s.ctx)
	if err != nil {
		s.t.Error(err)
	}
	var names []string
	for i := range jobs {
		if !rerun(jobs[i].Name) {
			names = append(names, jobs[i].Labels[run.LabelRun]+" "+jobs[i].Spec.Job)
		}
	}
	slices.Sort(names)
	if len(slices.Compact(slices.Clone(names))) != len(names) {
		s.t.Errorf("a job of a run has two ProwJobs: %q", names)
	}
}

// rerun distinguishes a ProwJob by Deck, whose name is random, from ours, whose names are
// derived from their content. The labels are the same.
func rerun(prowJob string) bool {
	id, err := uuid.Parse(prowJob)
	return err == nil && id.Version() == 4
}
