package affected

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// configMapSource is the content of ConfigMaps that Prow's config-updater
// fills from files of the repository.
var configMapSource = Source{
	Name:    SourceConfigMap,
	Selects: selectConfigMap,
	Explain: func(d *Delta, p *Pair, change Change) []Reason {
		if change != ChangeSpec {
			return nil
		}
		return configMapReasons(d, p.New.Entry())
	},
}

// FilledConfigMap is a ConfigMap of a cluster whose content changes with the
// files.
type FilledConfigMap struct {
	Cluster string
	Name    string
	Files   []string
}

// ReadsConfigMap reports whether the pod of a job reads a ConfigMap, by its own
// specification or by a preset's.
func (d *Defaults) ReadsConfigMap(e *Entry, c FilledConfigMap) bool {
	if e.Cluster != c.Cluster {
		return false
	}
	return slices.Contains(e.ConfigMaps, c.Name) || slices.ContainsFunc(d.reading, func(p readingPreset) bool {
		return slices.Contains(p.configMaps, c.Name) && matches(p.Preset, e.Labels)
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

// Reading returns which of the changed ConfigMaps a job reads after the change.
func (d *Delta) Reading(e *Entry) []FilledConfigMap {
	var out []FilledConfigMap
	for _, c := range d.ConfigMaps {
		if d.New.ReadsConfigMap(e, c) {
			out = append(out, c)
		}
	}
	return out
}

func selectConfigMap(d *Delta) func(*Entry) bool {
	if len(d.ConfigMaps) == 0 {
		return nil
	}
	return func(e *Entry) bool { return len(d.Reading(e)) > 0 }
}

func configMapReasons(d *Delta, e *Entry) []Reason {
	var reasons []Reason
	for _, c := range d.Reading(e) {
		for _, file := range c.Files {
			if len(reasons) > 10*maxReasons {
				// Nobody reads them, and there may be millions.
				return reasons
			}
			reasons = append(reasons, Reason{Source: SourceConfigMap, File: file, Path: "ConfigMap " + c.Name})
		}
	}
	return reasons
}
