package plan

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/mattn/go-zglob"

	"sigs.k8s.io/prow/pkg/plugins"
	"sigs.k8s.io/yaml"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// updater is the part of Prow's plugin configuration that says which files
// fill which ConfigMaps.
type updater struct {
	maps map[string]plugins.ConfigMapSpec
	// groups are the clusters of each cluster group.
	groups map[string][]string
	err    string
}

func parseUpdater(content []byte) *updater {
	var parsed struct {
		ConfigUpdater plugins.ConfigUpdater `json:"config_updater"`
	}
	plain, err := affected.Plain(content)
	if err == nil {
		err = yaml.Unmarshal(plain, &parsed)
	}
	if err != nil {
		return &updater{err: err.Error()}
	}
	u := &updater{maps: parsed.ConfigUpdater.Maps, groups: map[string][]string{}}
	for name, g := range parsed.ConfigUpdater.ClusterGroups {
		u.groups[name] = g.Clusters
	}
	return u
}

// clusters lists where a ConfigMap is said to be; none means where Prow runs.
func (u *updater) clusters(spec plugins.ConfigMapSpec) []string {
	names := map[string]bool{}
	for c := range spec.Clusters {
		names[c] = true
	}
	for _, g := range spec.ClusterGroups {
		for _, c := range u.groups[g] {
			names[c] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// filledConfigMaps returns the ConfigMaps that config-updater fills from the
// changed files. Where several patterns match a file, Prow takes any of them,
// so all count.
func (w *work) filledConfigMaps(ctx context.Context, to *state, changes []repo.Change) ([]affected.FilledConfigMap, error) {
	if to.plugins == "" || len(changes) == 0 {
		return nil, nil
	}
	u, err := w.updater(ctx, to.plugins)
	if err != nil || u.err != "" {
		return nil, err
	}
	found := map[string]*affected.FilledConfigMap{}
	for _, pattern := range slices.Sorted(maps.Keys(u.maps)) {
		spec := u.maps[pattern]
		if !spec.IsAllowed(w.repository) {
			continue
		}
		for _, ch := range changes {
			if ok, err := zglob.Match(pattern, ch.Path); err != nil || !ok {
				continue
			}
			for _, name := range append([]string{spec.Name}, spec.PartitionedNames...) {
				if name == "" {
					continue
				}
				clusters := u.clusters(spec)
				key := fmt.Sprint(name, clusters)
				if found[key] == nil {
					found[key] = &affected.FilledConfigMap{Name: name, Clusters: clusters}
				}
				found[key].Files = append(found[key].Files, ch.Path)
			}
		}
	}
	var out []affected.FilledConfigMap
	for _, key := range slices.Sorted(maps.Keys(found)) {
		slices.Sort(found[key].Files)
		found[key].Files = slices.Compact(found[key].Files)
		out = append(out, *found[key])
	}
	return out, nil
}

func (w *work) updater(ctx context.Context, blob string) (*updater, error) {
	if known, ok := w.maps.get(blob); ok {
		return known, nil
	}
	var u *updater
	err := w.objects.Blobs(ctx, []string{blob}, func(_ string, content []byte) error {
		u = parseUpdater(content)
		return nil
	})
	if err != nil {
		return nil, err
	}
	w.maps.add(blob, u, 1)
	return u, nil
}
