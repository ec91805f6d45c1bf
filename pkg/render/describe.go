package render

import (
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// Description is what the rehearsal of a job would be.
type Description struct {
	// Problem is why there is none; then all else but Argument, Type and Repo
	// may be empty.
	Problem string
	// Argument names the job in a command, Rerun is the whole command.
	Argument, Rerun string
	// Type is the job's own: every rehearsal is a presubmit.
	Type string
	// Repo and Branch are the target; empty for periodics.
	Repo, Branch string
	// Name is the name of the job in Prow, Context its commit status.
	Name, Context string
	Cluster       string
	Agent         string
	// SkipReport says that it sets no commit status.
	SkipReport bool
	// Timeout bounds it by its own configuration; zero when that says nothing.
	Timeout time.Duration
	// Checkouts are what it checks out beside the pull request.
	Checkouts []run.Checkout
	// ConfigMaps are those that it reads with the pull request's content.
	ConfigMaps []string
}

// Describe says what the rehearsal of a job would be.
func Describe(job Job, in Input) Description {
	d := Description{
		Problem: job.Problem, Argument: job.Argument, Type: string(job.Type), Repo: job.Repo, Branch: job.Branch,
		Cluster: job.Base().Cluster, Agent: job.Base().Agent,
	}
	if d.Problem != "" {
		return d
	}
	spec, err := rehearsalSpec(job, in)
	if err != nil {
		d.Problem = err.Error()
		return d
	}
	d.Rerun, d.Name, d.Context, d.SkipReport = spec.RerunCommand, spec.Job, spec.Context, !spec.Report
	d.Timeout = timeout(spec.DecorationConfig)
	d.Checkouts = pins(spec.ExtraRefs)
	for _, cm := range changedConfigMaps(&spec, job, in, spec.Namespace) {
		d.ConfigMaps = append(d.ConfigMaps, cm.Name)
	}
	return d
}
