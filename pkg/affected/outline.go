package affected

import (
	"sigs.k8s.io/prow/pkg/config"

	corev1 "k8s.io/api/core/v1"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/key"
)

// Outlines makes jobs from their summaries. These outlines have only the fields that a
// list of jobs, and the names of their rehearsals, depend on: name, agent, cluster,
// labels, branches, context, whether the job is hidden and whether it has a pod. They
// share common values, so that a plan of all jobs fits into memory, and must not be
// changed.
type Outlines struct {
	branchers map[string]config.Brancher
}

// NewOutlines returns a maker of outlines, for one goroutine.
func NewOutlines() *Outlines { return &Outlines{branchers: map[string]config.Brancher{}} }

// somePod stands for the pod of any job that has one.
var somePod = &corev1.PodSpec{Containers: []corev1.Container{{}}}

// Of returns the outline of a job.
func (o *Outlines) Of(e *Entry) Effective {
	base := config.JobBase{Name: e.Ref.Name, Agent: e.Agent, Cluster: e.Cluster, Labels: e.Labels, Hidden: e.Hidden, JobQueueName: e.Queue}
	if e.Pod {
		base.Spec = somePod
	}
	reporter := config.Reporter{Context: e.Context}
	switch e.Ref.Type {
	case prowapi.PresubmitJob:
		return Effective{Presubmit: &config.Presubmit{JobBase: base, Brancher: o.brancher(e), Reporter: reporter}}
	case prowapi.PostsubmitJob:
		return Effective{Postsubmit: &config.Postsubmit{JobBase: base, Brancher: o.brancher(e), Reporter: reporter}}
	case prowapi.PeriodicJob:
		return Effective{Periodic: &config.Periodic{JobBase: base}}
	}
	return Effective{}
}

// brancher lets Prow compile the branches of a job, once for all jobs with the same
// branches.
func (o *Outlines) brancher(e *Entry) config.Brancher {
	written := e.brancher()
	id := key.Of(key.Of(written.Branches...), key.Of(written.SkipBranches...))
	known, ok := o.branchers[id]
	if !ok {
		jobs := []config.Postsubmit{{Brancher: written}}
		// A job that cannot be compiled is refused, and is in no list.
		_ = config.SetPostsubmitRegexes(jobs)
		known = jobs[0].Brancher
		o.branchers[id] = known
	}
	return known
}
