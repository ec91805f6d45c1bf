package prowjob

import (
	"context"
	"slices"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// EnsureInputs creates the ConfigMaps that the pod of a ProwJob reads: without them, it
// would not start. They are stored in the namespace.
func (c *Connection) EnsureInputs(ctx context.Context, namespace string, pj *prowapi.ProwJob) error {
	inputs, err := run.ReadInputs(ctx, c.Kube.CoreV1().ConfigMaps(namespace), pj)
	if err != nil {
		return err
	}
	for _, cm := range inputs {
		if err := EnsureInput(ctx, c.Clusters, pj.ClusterAlias(), cm); err != nil {
			return err
		}
	}
	return nil
}

// StartOthers creates the ProwJobs of tasks that have not come to it yet, after a task has
// created its own: a node starts their pods one after the other, and the jobs need not
// wait for that. It takes those that the ConfigMap stores with the own one, from the next
// one on, up to the first that is there: whoever has created that one takes them from
// there. What fails is left to the task that it belongs to. It says how many were created.
func (c *Connection) StartOthers(ctx context.Context, namespace, configMap string, own *prowapi.ProwJob) int {
	stored, err := run.ReadProwJobs(ctx, c.Kube.CoreV1().ConfigMaps(namespace), configMap)
	if err != nil {
		return 0
	}
	n := 0
	for _, pj := range after(stored, own.Name) {
		if pj.Labels[run.LabelRun] != own.Labels[run.LabelRun] {
			continue // the run has joined it: it is there
		}
		if ctx.Err() != nil || c.startOther(ctx, namespace, pj) != nil {
			break
		}
		n++
	}
	return n
}

func (c *Connection) startOther(ctx context.Context, namespace string, pj *prowapi.ProwJob) error {
	if err := run.CheckApproval(pj); err != nil {
		return err
	}
	if err := c.EnsureInputs(ctx, namespace, pj); err != nil {
		return err
	}
	_, err := Create(ctx, c.ProwJobs, pj)
	return err
}

// after are the others, beginning with those that follow the named one.
func after(all []*prowapi.ProwJob, name string) []*prowapi.ProwJob {
	i := slices.IndexFunc(all, func(pj *prowapi.ProwJob) bool { return pj.Name == name })
	if i < 0 {
		return nil
	}
	return slices.Concat(all[i+1:], all[:i])
}
