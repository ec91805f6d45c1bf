package prowjob

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

func TestVerdicts(t *testing.T) {
	cases := []struct {
		name        string
		state       prowapi.ProwJobState
		description string
		want        run.Verdict
		detail      string
	}{
		{"job succeeded", prowapi.SuccessState, "Job succeeded.", run.Passed, ""},
		{"job failed", prowapi.FailureState, "Job failed.", run.Failed, ""},
		{"pod pending or running", prowapi.PendingState, "Job triggered.", run.Running, ""},
		{"ProwJob triggered", prowapi.TriggeredState, "", run.Queued, ""},
		{"ProwJob in Prow's scheduler", prowapi.SchedulingState, "", run.Queued, ""},
		{"no state yet", "", "", run.Queued, ""},
		{"plank's running timeout", prowapi.AbortedState, "Pod running timeout.", run.TimedOut, "its pod ran for longer than Prow allows"},
		{"aborted by Deck", prowapi.AbortedState, "alice successfully aborted x.", run.Aborted, "alice successfully aborted x."},
		{"replaced by a newer ProwJob", prowapi.AbortedState, "Job triggered.", run.Aborted, ""},
		{"scheduling timeout", prowapi.ErrorState, "Pod scheduling timeout.", run.Unschedulable, "no node took its pod in time"},
		{"pending timeout", prowapi.ErrorState, "Pod pending timeout.", run.Errored, "its pod had a node, but did not start in time"},
		{"unknown cluster", prowapi.ErrorState, `Terminal error: nonretryable error: no build client found for cluster "default".`, run.Errored, "Prow does not know the cluster `default`"},
		{"pod out of memory", prowapi.ErrorState, "Job pod was OOM killed by the cluster.", run.Errored, "Job pod was OOM killed by the cluster."},
		{"pod evicted", prowapi.ErrorState, "Job pod was evicted by the cluster.", run.Errored, "Job pod was evicted by the cluster."},
		{"error that quotes a secret", prowapi.ErrorState, "webhook denied it: token=hunter2", run.Errored, "webhook denied it: token=[censored]"},
		{"error without a reason", prowapi.ErrorState, "", run.Errored, "Prow could not run it and gives no reason"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := Observe(run.Job{Name: "x"}, newJob(c.state, c.description))
			if got.Verdict != c.want || got.Detail != c.detail || got.Name != "x" {
				t.Errorf("got %q, %q", got.Verdict, got.Detail)
			}
		})
	}
}

func TestStateLineShowsNoSecret(t *testing.T) {
	pj := newJob(prowapi.ErrorState, "webhook denied it: token=hunter2")
	if line := stateLine(pj); strings.Contains(line, "hunter2") || !strings.Contains(line, "webhook denied it") {
		t.Errorf("the log says %q", line)
	}
}

func TestObserveTimes(t *testing.T) {
	at := metav1.NewTime(time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC))
	pending, done := metav1.NewTime(at.Add(time.Minute)), metav1.NewTime(at.Add(3*time.Minute))
	pj := newJob(prowapi.SuccessState, "")
	pj.Status.URL = "https://deck/view/1"
	pj.Status.StartTime, pj.Status.PendingTime, pj.Status.CompletionTime = at, &pending, &done
	o := Observe(run.Job{}, pj)
	if o.Duration() != 2*time.Minute || !o.Settled() || o.URL != "https://deck/view/1" {
		t.Errorf("got %+v", o)
	}
	if o := Observe(run.Job{}, nil); o.Verdict != run.NotStarted || o.Settled() {
		t.Errorf("got %+v", o)
	}
	if o := Observe(run.Job{}, newJob(prowapi.AbortedState, "x")); o.Settled() {
		t.Error("aborted, but plank has not deleted the pod yet")
	}
}
