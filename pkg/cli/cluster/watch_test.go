package cluster

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clienttesting "k8s.io/client-go/testing"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/cli/local/localtest"
	"github.com/rehearsal-dev/rehearsal/pkg/cli/program"
)

// TestWatchToTheEnd watches a run whose jobs change meanwhile.
func TestWatchToTheEnd(t *testing.T) {
	rh := logged()
	pr := running(rh, "cli-1-0", "one", "two")
	s := newStage(t, rh)
	s.has(pr, prowJob(rh, "one", prowapi.TriggeredState, ""))
	out := newChannel()
	ended := make(chan error)
	go func() { ended <- s.watchRuns(soon(t), out, rh, nil) }()
	out.until(t, "run cli-1-0: Running: 0 of 2 passed, 1 queued, 1 not started")
	s.becomes(prowJob(rh, "one", prowapi.SuccessState, ""))
	out.until(t, "one: passed  https://prow.example.com/")
	s.has(prowJob(rh, "two", prowapi.FailureState, ""))
	out.until(t, "the report is being written")
	s.status(func(rh *v1alpha1.Rehearsal) {
		r := &rh.Status.Runs[0]
		done := metav1.NewTime(noon)
		r.State, r.Passed, r.Failed, r.DoneAt = v1alpha1.RunFailed, 1, 1, &done
	})
	if last := out.until(t, "\ntwo  failed"); !strings.Contains(last, "Failed: 1 of 2 passed, 1 failed (4m0s)") {
		t.Errorf("the end is:\n%s", last)
	}
	if err := <-ended; program.Status(err) != program.ExitFailed || err.Error() != "" {
		t.Errorf("it ends with %d, %v", program.Status(err), err)
	}
}

func TestWatchWhatIsOver(t *testing.T) {
	for _, c := range []struct {
		states []v1alpha1.RunState
		chosen []string
		status int
		shows  []string
	}{
		{states: []v1alpha1.RunState{v1alpha1.RunFailed, v1alpha1.RunPassed}, status: program.ExitDone, shows: []string{"cli-1-0"}},
		{states: []v1alpha1.RunState{v1alpha1.RunPassed, v1alpha1.RunFailed}, status: program.ExitFailed, shows: []string{"cli-1-0"}},
		{states: []v1alpha1.RunState{v1alpha1.RunPassed, v1alpha1.RunAborted}, status: program.ExitAborted},
		{states: []v1alpha1.RunState{v1alpha1.RunRejected}, status: program.ExitFailed},
		{states: []v1alpha1.RunState{v1alpha1.RunFailed, v1alpha1.RunPassed}, chosen: []string{"cli-0-0"}, status: program.ExitFailed, shows: []string{"cli-0-0"}},
	} {
		rh := logged()
		for i, state := range c.states {
			running(rh, "cli-"+string(rune('0'+i))+"-0", "one")
			rh.Status.Runs[i].State = state
		}
		s := newStage(t, rh)
		var out bytes.Buffer
		if err := s.watchRuns(soon(t), &out, rh, c.chosen); program.Status(err) != c.status {
			t.Errorf("%v ends with %d, want %d", c.states, program.Status(err), c.status)
		}
		for _, want := range c.shows {
			if strings.Count(out.String(), "run ") != 1 || !strings.Contains(out.String(), "run "+want) {
				t.Errorf("%v shows not only %s:\n%s", c.states, want, out.String())
			}
		}
	}
}

func TestWatchNothing(t *testing.T) {
	rh := logged()
	s := newStage(t, rh)
	var out bytes.Buffer
	if err := s.watchRuns(soon(t), &out, rh, nil); program.Status(err) != program.ExitUsage || !strings.Contains(err.Error(), "nothing has been run for acme/release#7 yet; `rehearse run acme/release#7`") {
		t.Errorf("it ends with %v", err)
	}
}

// TestWatchWaitsForARun watches a pull request whose command has not started a run yet.
func TestWatchWaitsForARun(t *testing.T) {
	rh := logged()
	command(rh, "comment-2-0", "bob", "/try")
	rh.Spec.Commands[1].At = metav1.Now()
	s := newStage(t, rh)
	out := newChannel()
	ctx, stop := context.WithCancel(soon(t))
	ended := make(chan error)
	go func() { ended <- s.watchRuns(ctx, out, rh, nil) }()
	out.until(t, "waiting for the controller to start a run")
	s.status(func(rh *v1alpha1.Rehearsal) {
		accept(rh, "comment-2-0")
		running(rh, "comment-2-0", "one")
	})
	out.until(t, "run comment-2-0: Running")
	stop()
	var outcome *program.Outcome
	if err := <-ended; !errors.As(err, &outcome) || outcome.Status != program.ExitInterrupted || !strings.Contains(outcome.Words, "the rehearsals continue") {
		t.Errorf("it ends with %v", err)
	}
}

// forbid makes listing ProwJobs forbidden.
func (s *stage) forbid() {
	s.prow.PrependReactor("list", "prowjobs", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewForbidden(schema.GroupResource{Resource: "prowjobs"}, "", errors.New("no"))
	})
}

func TestWatchWithoutProwJobs(t *testing.T) {
	rh := logged()
	pr := running(rh, "cli-1-0", "one")
	rh.Status.Runs[0].State, rh.Status.Runs[0].Passed = v1alpha1.RunPassed, 1
	s := newStage(t, rh)
	s.has(pr)
	s.forbid()
	var out bytes.Buffer
	if err := s.watchRuns(soon(t), &out, rh, nil); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"you may not watch ProwJobs in namespace jobs", "Passed: 1 of 1 passed", "one  ?"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}

func TestWatchAll(t *testing.T) {
	rh := logged()
	running(rh, "cli-1-0", "one", "two")
	s := newStage(t, rh, pull("acme", "release", 8))
	s.present = rh
	out := newChannel()
	ctx, stop := context.WithCancel(soon(t))
	ended := make(chan error)
	go func() { ended <- s.watchAll(ctx, out) }()
	out.until(t, "acme/release#7: Running: 0 of 2 passed")
	s.status(func(rh *v1alpha1.Rehearsal) { rh.Status.Runs[0].Passed = 1 })
	out.until(t, "acme/release#7: Running: 1 of 2 passed")
	s.status(func(rh *v1alpha1.Rehearsal) { rh.Status.Runs[0].State = v1alpha1.RunPassed })
	out.until(t, "acme/release#7: over")
	stop()
	if err := <-ended; program.Status(err) != program.ExitInterrupted {
		t.Errorf("it ends with %v", err)
	}
}

func TestCompletions(t *testing.T) {
	rh, closed := logged(), pull("acme", "release", 8)
	closed.Status.Pull.Open = false
	pr := running(rh, "cli-1-0", "one", "two")
	s := newStage(t, rh, closed)
	s.has(pr, prowJob(rh, "one", prowapi.SuccessState, ""))
	all, err := s.all(t.Context())
	s.must(err)
	if diff := cmp.Diff([]string{"acme/release#7\tMove to Go 1.26"}, openPulls(all)); diff != "" {
		t.Error(diff)
	}
	t.Chdir(t.TempDir())
	if got, err := affectedJobs(t.Context(), s.cluster, rh); err != nil || !cmp.Equal(got, []string{"one", "two"}) {
		t.Errorf("jobs to run: %v, %v", got, err)
	}
	if got, err := runningJobs(t.Context(), s.cluster, rh); err != nil || !cmp.Equal(got, []string{"two"}) {
		t.Errorf("jobs to abort: %v, %v", got, err)
	}
	if got, _ := beginning([]string{"b", "A", "ab", "A"}, nil, "a"); !cmp.Equal(got, []string{"A", "ab"}) {
		t.Errorf("what begins with a: %v", got)
	}
}

// TestCompletionOfAffectedJobs completes the jobs that the head affects, in a clone.
func TestCompletionOfAffectedJobs(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	c := localtest.New(t)
	c.Write("config/jobs/a.yaml", strings.Replace(localtest.Jobs, "image:1", "image:2", 1))
	c.Commit()
	rh := pull("org", "config", 7)
	rh.Status.Pull.Head = c.Git("rev-parse", "HEAD")
	s := newStage(t, rh)
	if got, err := affectedJobs(t.Context(), s.cluster, rh); err != nil || !cmp.Equal(got, []string{"one"}) {
		t.Errorf("jobs to run: %v, %v", got, err)
	}
}
