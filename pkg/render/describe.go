package render

import (
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// Description describes the rehearsal that a job would have.
type Description struct {
	// Problem is why the job cannot be rehearsed. If it is set, fields other than
	// Argument, Type and Repo may be empty.
	Problem string
	// Argument names the job in a command, Rerun is the whole command.
	Argument, Rerun string
	// Type is the type of the job itself: every rehearsal is a presubmit.
	Type string
	// Repo and Branch are the target; empty for periodics.
	Repo, Branch string
	// Name is the name of the rehearsal in Prow, Context its commit status.
	Name, Context string
	Cluster       string
	Agent         string
	// SkipReport says that the rehearsal sets no commit status.
	SkipReport bool
	// Timeout is the limit in the job's own configuration; zero if it has none.
	Timeout time.Duration
	// Checkouts are the checkouts beside the pull request.
	Checkouts []run.Checkout
	// ConfigMaps are those that the rehearsal reads with the pull request's content.
	ConfigMaps []string
}

// Describe describes the rehearsal of a job.
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
