package prowjob

import (
	"context"
	"slices"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// EnsureInputs creates the ConfigMaps that the pod of a ProwJob needs to start. Their
// content is stored in the given namespace.
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

// StartOthers creates the ProwJobs of tasks that have not started yet, after a task has
// created its own: a node starts the tasks' pods one after the other, and the jobs need
// not wait for them. It takes the ProwJobs that are stored in the same ConfigMap,
// starting after its own, up to the first that exists: the creator of that one goes on
// from there. Failures are left to the task of the ProwJob. It returns how many were
// created.
func (c *Connection) StartOthers(ctx context.Context, namespace, configMap string, own *prowapi.ProwJob) int {
	stored, err := run.ReadProwJobs(ctx, c.Kube.CoreV1().ConfigMaps(namespace), configMap)
	if err != nil {
		return 0
	}
	n := 0
	for _, pj := range after(stored, own.Name) {
		if pj.Labels[run.LabelRun] != own.Labels[run.LabelRun] {
			continue // the run has joined this ProwJob, so it exists
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

// after returns the other ProwJobs, starting after the named one.
func after(all []*prowapi.ProwJob, name string) []*prowapi.ProwJob {
	i := slices.IndexFunc(all, func(pj *prowapi.ProwJob) bool { return pj.Name == name })
	if i < 0 {
		return nil
	}
	return slices.Concat(all[i+1:], all[:i])
}
