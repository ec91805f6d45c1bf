package runs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/rehearsal/resources"
	"github.com/rehearsal-dev/rehearsal/pkg/render"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// IsLost says that what a run hands over is not there any more, or damaged: it stays
// so.
func IsLost(err error) bool {
	var damaged *run.DamagedError
	return apierrors.IsNotFound(err) || errors.As(err, &damaged)
}

// StoredManifest is the manifest of the run of a command as it is stored, or was a moment ago.
func (t *Pass) StoredManifest(ctx context.Context, id string) (run.Manifest, error) {
	configMaps := ownConfigMaps{t.Kube.CoreV1().ConfigMaps(t.Rehearsal.Namespace), t.Rehearsal}
	return t.Manifests.read(ctx, configMaps, t.Rehearsal, resources.RunName(t.Rehearsal, id), t.Now)
}

// Manifest is that of a run that has started. Where it is lost, it is made again from
// the ProwJobs that there are.
func (t *Pass) Manifest(ctx context.Context, r *v1alpha1.RunStatus) (run.Manifest, error) {
	m, _, err := t.findManifest(ctx, r)
	return m, err
}

// findManifest is Manifest, and says why a run cannot go on that has lost jobs with it.
func (t *Pass) findManifest(ctx context.Context, r *v1alpha1.RunStatus) (m run.Manifest, lost string, err error) {
	m, err = t.StoredManifest(ctx, r.ID)
	if !IsLost(err) {
		return m, "", err
	}
	name := resources.RunName(t.Rehearsal, r.ID)
	list, err := t.prowJobs().List(ctx, ofRun(t.Rehearsal, name))
	if err != nil {
		return m, "", fmt.Errorf("listing the ProwJobs of run %s, whose manifest is lost: %w", r.ID, err)
	}
	m = t.rebuilt(r, name, list.Items)
	if len(m.Jobs) < max(r.Total, 1) {
		lost = fmt.Sprintf("the ConfigMap %s, which lists its jobs, was deleted or damaged", name)
	}
	return m, lost, nil
}

// rebuilt is a manifest of these ProwJobs, without the reruns from Deck, which have the
// labels of what they repeat.
func (t *Pass) rebuilt(r *v1alpha1.RunStatus, name string, prowJobs []prowapi.ProwJob) run.Manifest {
	p := t.Rehearsal.Spec.Pull
	command, _ := t.commandOf(r)
	m := t.newManifest(r, command)
	m.Name, m.ID, m.Org, m.Repo, m.Number = name, r.ID, p.Org, p.Repo, p.Number
	m.Head, m.Base, m.BaseRef = r.Head, r.Base, r.BaseRef
	m.Notes = []string{fmt.Sprintf("The ConfigMap %s, which listed the jobs of this run, was deleted or damaged during the run. These are the jobs that Prow knows of.", name)}
	for _, pj := range prowJobs {
		if !render.IsProwJobName(pj.Name) {
			continue
		}
		name := pj.Annotations[run.AnnotationJob]
		m.Jobs = append(m.Jobs, run.Job{
			Name: name, Type: string(pj.Spec.Type), ProwJob: pj.Name, DisplayName: name, Task: pj.Name, Rerun: pj.Spec.RerunCommand,
		})
	}
	slices.SortFunc(m.Jobs, func(a, b run.Job) int { return strings.Compare(a.Name, b.Name) })
	return m
}
