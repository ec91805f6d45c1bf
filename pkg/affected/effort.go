package affected

import (
	"slices"
	"strings"
	"sync"

	"sigs.k8s.io/prow/pkg/config"
	"sigs.k8s.io/prow/pkg/kube"
)

// effort has the sizes of presets and defaults. A preset that is written once may be
// added to thousands of jobs, and to each of their containers.
type effort struct {
	presets []presetSize
	// entries are the default decorations and ProwJob defaults. Known caches their total
	// size for the jobs of a repository in a cluster.
	entries []entrySize
	known   sync.Map
}

// presetSize is the size of a preset: bytes as JSON, and numbers of elements that Prow
// compares with those of a job.
type presetSize struct {
	bytes, env, mounts, volumes, tolerations int
}

type entrySize struct {
	repo, cluster string
	bytes         int
}

func newEffort(c *config.Config, presets []PlacedPreset) *effort {
	e := &effort{}
	for _, p := range presets {
		e.presets = append(e.presets, presetSize{
			bytes: len(Encoded(p.Preset)), env: len(p.Env), mounts: len(p.VolumeMounts), volumes: len(p.Volumes), tolerations: len(p.Tolerations),
		})
	}
	for _, entry := range c.Plank.DefaultDecorationConfigs {
		if entry != nil {
			e.entries = append(e.entries, entrySize{entry.OrgRepo, entry.Cluster, len(Encoded(entry.Config))})
		}
	}
	for _, entry := range c.ProwJobDefaultEntries {
		if entry != nil {
			e.entries = append(e.entries, entrySize{entry.OrgRepo, entry.Cluster, len(Encoded(entry.Config))})
		}
	}
	return e
}

// Steps returns the approximate work for Prow to apply presets and defaults to a job: the
// bytes that it copies, and the elements that it compares.
func (d *Defaults) Steps(raw Raw) int {
	base := raw.Base()
	steps := d.effort.ofDefaults(raw.defaultsRepo(), orDefault(base.Cluster, kube.DefaultClusterAlias))
	if base.Spec == nil {
		return steps
	}
	pod := podSize{containers: max(len(base.Spec.Containers), 1), volumes: len(base.Spec.Volumes), tolerations: len(base.Spec.Tolerations)}
	for i := range base.Spec.Containers {
		pod.env += len(base.Spec.Containers[i].Env)
		pod.mounts += len(base.Spec.Containers[i].VolumeMounts)
	}
	return steps + d.stepsOfPresets(base.Labels, pod)
}

// LeastSteps returns a lower bound of Steps, from the summary of a job.
func (d *Defaults) LeastSteps(e *Entry) int {
	steps := d.StepsOfDefaults(e)
	if e.Pod {
		steps += d.stepsOfPresets(e.Labels, podSize{containers: 1})
	}
	return steps
}

// StepsOfDefaults returns the part of Steps that is not about presets.
func (d *Defaults) StepsOfDefaults(e *Entry) int {
	return d.effort.ofDefaults(e.Own.DefaultsRepo, e.Cluster)
}

// podSize has the numbers of elements of a pod, summed over all containers.
type podSize struct {
	containers, env, mounts, volumes, tolerations int
}

func (d *Defaults) stepsOfPresets(labels map[string]string, pod podSize) int {
	// Comparing two tolerations uses reflection.
	const reflected = 500
	steps := 0
	for _, i := range d.presets.indices(labels) {
		p := d.effort.presets[i]
		steps += pod.containers*p.bytes + p.env*pod.env + p.mounts*pod.mounts + p.volumes*pod.volumes + reflected*p.tolerations*pod.tolerations
		// The elements of a preset are compared with each other, too.
		steps += pod.containers*(p.env*p.env+p.mounts*p.mounts)/2 + p.volumes*p.volumes/2 + reflected*p.tolerations*p.tolerations/2
		pod.env, pod.mounts = pod.env+pod.containers*p.env, pod.mounts+pod.containers*p.mounts
		pod.volumes, pod.tolerations = pod.volumes+p.volumes, pod.tolerations+p.tolerations
	}
	return steps
}

// ofDefaults returns the total size of the defaults for the jobs of a repository in a
// cluster.
func (e *effort) ofDefaults(repo, cluster string) int {
	if len(e.entries) == 0 {
		return 0
	}
	id := [2]string{repo, cluster}
	if known, ok := e.known.Load(id); ok {
		return known.(int)
	}
	org, _, _ := strings.Cut(repo, "/")
	names := []string{"", "*", org, repo}
	n := len(e.entries)
	for _, entry := range e.entries {
		// Prow accepts the host of a Gerrit name in several forms.
		ofRepo := strings.Contains(repo, "://") || slices.Contains(names, entry.repo)
		if ofRepo && (entry.cluster == "" || entry.cluster == "*" || entry.cluster == cluster) {
			n += entry.bytes
		}
	}
	e.known.Store(id, n)
	return n
}

// Heaviest returns the file that adds most to jobs.
func (d *Defaults) Heaviest() string {
	file, most := d.File, 0
	for _, entry := range d.effort.entries {
		most += entry.bytes
	}
	for i, p := range d.effort.presets {
		if weight := p.bytes + p.env*p.env + p.mounts*p.mounts + p.volumes*p.volumes; weight > most {
			file, most = d.Presets[i].File, weight
		}
	}
	return file
}

// defaultsRepo returns the repository whose defaults apply to a job.
func (r Raw) defaultsRepo() string {
	if refs := r.Base().ExtraRefs; r.Periodic != nil && len(refs) > 0 {
		return refs[0].Org + "/" + refs[0].Repo
	}
	return r.Repo
}
