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
	// startPatience is how long a pod may take to start before anything is said of it:
	// nodes have to be found, and images pulled.
	startPatience = 45 * time.Second
	// prowPatience is how long Prow may take to take up a ProwJob before anything is
	// said of it.
	prowPatience = 5 * time.Minute
	// obstacleInterval is the longest time between two edits of a comment that
	// has something like that to tell.
	obstacleInterval = time.Minute
)

// obstacles are what keeps the tasks of a PipelineRun, or their ProwJobs, from
// starting.
type obstacles struct {
	// jobs has a sentence for each job that does not start, by the name of its task;
	// report is the one for the finally task.
	jobs   map[string]string
	report string
	// again is when there may be more to tell; zero for never.
	again time.Duration
}

// findObstacles asks what Tekton says of the tasks of these jobs.
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

// look keeps the earliest time to look again.
func (o *obstacles) look(again time.Duration) {
	if again > 0 && (o.again == 0 || again < o.again) {
		o.again = again
	}
}

// explain tells of each job that has not started why.
func (o obstacles) explain(outcomes []run.Outcome, values []string) {
	for i := range outcomes {
		waits := outcomes[i].Verdict == run.NotStarted || outcomes[i].Verdict == run.Queued
		if why := o.jobs[outcomes[i].Task]; why != "" && waits {
			outcomes[i].Detail = secrets.Censor(why, values)
		}
	}
}

// taskObstacle says why the pod of a task does not start. While it may still take
// its time, it says in how long to ask again.
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

// prowObstacle says that Prow leaves a ProwJob as it was made, and says nothing of it.
func prowObstacle(o run.Outcome, now time.Time) (why string, again time.Duration) {
	if o.Verdict != run.Queued || o.Detail != "" || o.Started.IsZero() {
		return "", 0
	}
	if left := prowPatience - now.Sub(o.Started); left > 0 {
		return "", left
	}
	return "Prow has not picked it up: its controller may be down, or the job waits for others. Prow's operators can tell", 0
}

// pipelineObstacle says why a PipelineRun has none of its TaskRuns.
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

// unless gives a sentence once startPatience is over.
func unless(since, now time.Time, sentence string) (string, time.Duration) {
	if left := startPatience - now.Sub(since); left > 0 {
		return "", left
	}
	return sentence, 0
}

// said is what a condition says, without the long name of the pod that most
// refusals begin with.
func said(c *apis.Condition) string {
	message := c.Message
	if _, rest, ok := strings.Cut(message, " is forbidden: "); ok {
		message = rest
	}
	return strings.TrimRight(cmp.Or(c.Reason, "Unknown")+": "+message, ": ")
}

// digest changes when there is another obstacle: not with the numbers in what is
// said, which change all the time where others take what a task waits for.
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
