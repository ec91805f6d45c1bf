package prowjob

import (
	"fmt"
	"strings"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
	"github.com/rehearsal-dev/rehearsal/pkg/secrets"
)

// Plank's descriptions for cases that the state alone does not distinguish
// (pkg/plank/reconciler.go).
const (
	plankRunningTimeout    = "Pod running timeout."
	plankSchedulingTimeout = "Pod scheduling timeout."
	plankPendingTimeout    = "Pod pending timeout."
	plankSucceeded         = "Job succeeded."
	plankFailed            = "Job failed."
	plankTriggered         = "Job triggered."
)

// Observe returns the outcome of a job, given its ProwJob, or nil if there is none. It
// does not use the job's log. It censors Prow's description, which may quote others, such
// as admission webhooks.
func Observe(job run.Job, pj *prowapi.ProwJob) run.Outcome {
	o := run.Outcome{Job: job, Verdict: run.NotStarted}
	if pj == nil {
		return o
	}
	o.URL = pj.Status.URL
	o.Started = pj.Status.StartTime.Time
	if pj.Status.PendingTime != nil {
		o.Started = pj.Status.PendingTime.Time
	}
	if pj.Status.CompletionTime != nil {
		o.Finished = pj.Status.CompletionTime.Time
	}
	o.Verdict, o.Detail = verdict(pj)
	o.Detail = secrets.Censor(o.Detail, nil)
	return o
}

func verdict(pj *prowapi.ProwJob) (run.Verdict, string) {
	said := strings.TrimSpace(pj.Status.Description)
	switch pj.Status.State {
	case prowapi.SuccessState:
		return run.Passed, ""
	case prowapi.FailureState:
		return run.Failed, unless(said, plankFailed)
	case prowapi.AbortedState:
		if said == plankRunningTimeout {
			return run.TimedOut, "its pod ran for longer than Prow allows"
		}
		return run.Aborted, unless(said, plankTriggered)
	case prowapi.ErrorState:
		return errorVerdict(pj, said)
	case prowapi.PendingState:
		return run.Running, unless(said, plankTriggered)
	}
	return run.Queued, said
}

// neverRan reports whether Prow gave up the pod before it started. Then only the
// cluster's events tell why.
func neverRan(pj *prowapi.ProwJob) bool {
	said := pj.Status.Description
	return pj.Status.State == prowapi.ErrorState && (said == plankSchedulingTimeout || said == plankPendingTimeout)
}

func errorVerdict(pj *prowapi.ProwJob, said string) (run.Verdict, string) {
	switch {
	case said == plankSchedulingTimeout:
		return run.Unschedulable, "no node took its pod in time"
	case said == plankPendingTimeout:
		return run.Errored, "its pod had a node, but did not start in time"
	case strings.Contains(said, "no build client found for cluster"), strings.Contains(said, "unknown cluster alias"):
		return run.Errored, fmt.Sprintf("Prow does not know the cluster `%s`", pj.ClusterAlias())
	case said == "":
		return run.Errored, "Prow could not run it and gives no reason"
	}
	return run.Errored, said
}

func unless(s, boring string) string {
	if s == boring || s == plankSucceeded {
		return ""
	}
	return s
}
