package resources

import (
	"strings"

	pipelinev1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// Job returns what the task of a PipelineRun says about its job: its names, for people who
// may not read the manifest of the run.
func Job(task pipelinev1.PipelineTask) run.Job {
	job := run.Job{Name: task.DisplayName, DisplayName: task.DisplayName, Task: task.Name}
	for _, p := range task.Params {
		if p.Name == jobParam {
			job.ConfigMap, job.ProwJob, _ = strings.Cut(p.Value.StringVal, "/")
		}
	}
	return job
}
