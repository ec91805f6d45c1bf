package runs

import (
	"cmp"
	"strings"
	"time"
	"unicode"

	pipelinev1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	corev1 "k8s.io/api/core/v1"
	"knative.dev/pkg/apis"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
	"github.com/rehearsal-dev/rehearsal/pkg/secrets"
)

const (
	// startTime is how long a pod may take to start before the delay is reported: nodes
	// have to be found, and images pulled.
	startTime = 45 * time.Second
	// pickupTime is how long Prow may take to pick up a ProwJob before the delay is
	// reported.
	pickupTime = 5 * time.Minute
	// obstacleInterval is the longest time between two edits of a comment that reports
	// obstacles.
	obstacleInterval = time.Minute
)

// obstacles is what keeps the tasks of a PipelineRun, or their ProwJobs, from starting.
type obstacles struct {
	// jobs has a sentence for each job that does not start, by the name of its task; report
	// is the sentence for the finally task.
	jobs   map[string]string
	report string
	// again is the time until obstacles may change; zero if they cannot.
	again time.Duration
}

// findObstacles returns the obstacles of these jobs, from the conditions that Tekton sets
// and the time that has passed.
func findObstacles(pr *pipelinev1.PipelineRun, taskRuns map[string]*pipelinev1.TaskRun, outcomes []run.Outcome, now time.Time) obstacles {
	found := obstacles{jobs: map[string]string{}}
	for _, o := range outcomes {
		why, again := prowObstacle(o, now)
		found.look(again)
		if why != "" {
			found.jobs[o.Task] = why
		}
	}
	if pr == nil {
		return found
	}
	whole, again := pipelineObstacle(pr, len(taskRuns), now)
	found.look(again)
	for _, o := range outcomes {
		if o.Verdict != run.NotStarted {
			continue
		}
		why := whole
		if tr := taskRuns[o.Task]; tr != nil {
			why, again = taskObstacle(tr, now)
			found.look(again)
		}
		if why != "" {
			found.jobs[o.Task] = why
		}
	}
	if tr := taskRuns[run.CollateTask]; tr != nil {
		found.report, again = taskObstacle(tr, now)
		found.look(again)
	}
	return found
}

// look keeps the shortest time until the next look.
func (o *obstacles) look(again time.Duration) {
	if again > 0 && (o.again == 0 || again < o.again) {
		o.again = again
	}
}

// explain adds the obstacle to each job that has not started.
func (o obstacles) explain(outcomes []run.Outcome, values []string) {
	for i := range outcomes {
		waits := outcomes[i].Verdict == run.NotStarted || outcomes[i].Verdict == run.Queued
		if why := o.jobs[outcomes[i].Task]; why != "" && waits {
			outcomes[i].Detail = secrets.Censor(why, values)
		}
	}
}

// taskObstacle returns why the pod of a task does not start. While the task may still be
// starting, it returns the time until that has to be checked again.
func taskObstacle(tr *pipelinev1.TaskRun, now time.Time) (why string, again time.Duration) {
	c := tr.Status.GetCondition(apis.ConditionSucceeded)
	switch {
	case c == nil:
		return unless(tr.CreationTimestamp.Time, now, "Tekton has not picked up its task")
	case c.Status == corev1.ConditionTrue, c.Reason == pipelinev1.TaskRunReasonRunning.String():
		return "", 0
	case c.Status == corev1.ConditionFalse:
		return "its task could not start: " + said(c), 0
	}
	return unless(tr.CreationTimestamp.Time, now, "its task does not start: "+said(c))
}

// prowObstacle returns a sentence about a ProwJob that Prow has neither picked up nor
// described.
func prowObstacle(o run.Outcome, now time.Time) (why string, again time.Duration) {
	if o.Verdict != run.Queued || o.Detail != "" || o.Started.IsZero() {
		return "", 0
	}
	if left := pickupTime - now.Sub(o.Started); left > 0 {
		return "", left
	}
	return "Prow has not picked it up: its controller may be down, or the job waits for others. Prow's operators can tell", 0
}

// pipelineObstacle returns why a PipelineRun has no TaskRuns.
func pipelineObstacle(pr *pipelinev1.PipelineRun, taskRuns int, now time.Time) (why string, again time.Duration) {
	c := pr.Status.GetCondition(apis.ConditionSucceeded)
	switch {
	case taskRuns > 0:
		return "", 0
	case c == nil:
		return unless(pr.CreationTimestamp.Time, now, "Tekton has not picked up the PipelineRun")
	case c.Status == corev1.ConditionTrue:
		return "", 0
	case c.Status == corev1.ConditionFalse:
		return "the PipelineRun could not start: " + said(c), 0
	}
	return unless(pr.CreationTimestamp.Time, now, "the PipelineRun does not start: "+said(c))
}

// unless returns a sentence once startTime is over.
func unless(since, now time.Time, sentence string) (string, time.Duration) {
	if left := startTime - now.Sub(since); left > 0 {
		return "", left
	}
	return sentence, 0
}

// said returns the reason and message of a condition, without the long pod name at the
// beginning of most refusals.
func said(c *apis.Condition) string {
	message := c.Message
	if _, rest, ok := strings.Cut(message, " is forbidden: "); ok {
		message = rest
	}
	return strings.TrimRight(cmp.Or(c.Reason, "Unknown")+": "+message, ": ")
}

// digest changes when an obstacle changes, but not with the numbers in its sentence. These
// change all the time while other pods take the resources that a task waits for.
func (o obstacles) digest(outcomes []run.Outcome) string {
	var all strings.Builder
	for _, outcome := range outcomes {
		if why := o.jobs[outcome.Task]; why != "" {
			all.WriteString(outcome.Task + " " + withoutNumbers(why) + "\n")
		}
	}
	if o.report != "" {
		all.WriteString(" " + withoutNumbers(o.report) + "\n")
	}
	return all.String()
}

func withoutNumbers(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return -1
		}
		return r
	}, s)
}
