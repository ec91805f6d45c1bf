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

// IsLost reports whether a manifest or a ProwJob of a run was deleted or is damaged.
// Retrying does not help.
func IsLost(err error) bool {
	var damaged *run.DamagedError
	return apierrors.IsNotFound(err) || errors.As(err, &damaged)
}

// StoredManifest returns the stored manifest of the run with this id. It may come from
// memory, up to ManifestTime old.
func (t *Pass) StoredManifest(ctx context.Context, id string) (run.Manifest, error) {
	configMaps := ownConfigMaps{t.Kube.CoreV1().ConfigMaps(t.Rehearsal.Namespace), t.Rehearsal}
	return t.Manifests.read(ctx, configMaps, t.Rehearsal, resources.RunName(t.Rehearsal, id), t.Now)
}

// Manifest returns the manifest of a started run. If it is lost, it is rebuilt from the
// existing ProwJobs.
func (t *Pass) Manifest(ctx context.Context, r *v1alpha1.RunStatus) (run.Manifest, error) {
	m, _, err := t.findManifest(ctx, r)
	return m, err
}

// findManifest is Manifest, and also returns why the run cannot go on if jobs were lost
// with the manifest.
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

// rebuilt returns a manifest of these ProwJobs, without reruns from Deck, which have the
// labels of the original.
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
