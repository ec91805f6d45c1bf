package affected

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// ConfigMapContent is a ConfigMap as it would be after the merge.
type ConfigMapContent struct {
	// Cluster is the alias of a build cluster; "default" is Prow's own.
	Cluster   string
	Namespace string
	Name      string
	// Data and BinaryData are its complete content, including files that the pull request
	// does not change.
	Data       map[string]string
	BinaryData map[string][]byte
	// Jobs are the keys of those of the given jobs that read it.
	Jobs []string
	// Problem is why there is no content, or "".
	Problem string
}

// ReadsConfigMap reports whether the pod of a job reads a ConfigMap of a cluster, because
// of the job's specification or a preset.
func (d *Defaults) ReadsConfigMap(e *Entry, cluster, name string) bool {
	if e.Cluster != cluster {
		return false
	}
	return slices.Contains(e.ConfigMaps, name) || slices.ContainsFunc(d.reading, func(p readingPreset) bool {
		return slices.Contains(p.configMaps, name) && matches(p.Preset, e.Labels)
	})
}

// readingPreset is a preset that makes pods read ConfigMaps.
type readingPreset struct {
	PlacedPreset
	configMaps []string
}

func readingPresets(presets []PlacedPreset) []readingPreset {
	var out []readingPreset
	for _, p := range presets {
		reads := configMapsOf(&corev1.PodSpec{Volumes: p.Volumes, Containers: []corev1.Container{{Env: p.Env}}})
		if len(reads) > 0 {
			out = append(out, readingPreset{p, reads})
		}
	}
	return out
}
