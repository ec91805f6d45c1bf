package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// What the demonstration must show.
const (
	failing   = "pull-widget-integration"
	ownWords  = "POST /v1/widgets: status = 200, want 400"
	afterward = "Uploading artifacts"
)

var passing = []string{"pull-widget-unit", "periodic-widget-benchmark"}

// check compares what people see with what the demonstration must show.
func check(ctx context.Context, c rig.Conversation, logs, rehearsals string) error {
	plans, err := c.Comments(ctx, rig.PlanComment)
	if err != nil {
		return err
	}
	results, err := c.Comments(ctx, rig.RunComment)
	if err != nil {
		return err
	}
	if len(plans) != 1 || len(results) != 1 {
		return fmt.Errorf("the pull request has %d comments with a plan and %d with a result, not one of each", len(plans), len(results))
	}
	runs, err := c.Runs(ctx)
	if err != nil {
		return err
	}
	return errors.Join(
		checkPlan(plans[0].Body), checkResult(results[0].Body), checkRun(runs),
		checkLogs(logs), contains("kubectl get rehearsals", rehearsals, fmt.Sprintf("%s/%s#%d", org, repo, c.Pull.Number)),
	)
}

func checkPlan(body string) error {
	return contains("the plan", body, append([]string{failing, "1.25", "1.26"}, passing...)...)
}

func checkResult(body string) error {
	var errs []error
	for _, name := range passing {
		errs = append(errs, contains("the row of "+name, rowOf(body, name), "passed"))
	}
	errs = append(errs, contains("the row of "+failing, rowOf(body, failing), "failed"), contains("the result", body, ownWords))
	return errors.Join(errs...)
}

// rowOf returns the row of a job in a table.
func rowOf(body, job string) string {
	for line := range strings.Lines(body) {
		if strings.HasPrefix(line, "|") && strings.Contains(line, "`"+job+"`") {
			return line
		}
	}
	return ""
}

func checkRun(runs []v1alpha1.RunStatus) error {
	if len(runs) != 1 {
		return fmt.Errorf("the Rehearsal has %d runs, not one", len(runs))
	}
	if r := runs[0]; r.State != v1alpha1.RunFailed || r.Total != 3 || r.Passed != 2 || r.Failed != 1 {
		return fmt.Errorf("the run is %s with %d passed and %d failed of %d, not Failed with 2 and 1 of 3", r.State, r.Passed, r.Failed, r.Total)
	}
	return nil
}

func checkLogs(logs string) error {
	return contains("tkn pipelinerun logs", logs, append([]string{"[" + failing, ownWords, afterward, "BenchmarkRender-2", "widget.acme.dev/pkg/render"}, passing...)...)
}

// contains returns an error that lists what is missing.
func contains(what, text string, wanted ...string) error {
	var missing []string
	for _, w := range wanted {
		if !strings.Contains(text, w) {
			missing = append(missing, fmt.Sprintf("%q", w))
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("%s lacks %s", what, strings.Join(missing, ", "))
	}
	return nil
}
