package affected

import "slices"

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

// FilledConfigMap is a ConfigMap whose content changes with the files.
type FilledConfigMap struct {
	Name string
	// Clusters are where it is; none means wherever Prow itself runs.
	Clusters []string
	Files    []string
}

func (c FilledConfigMap) readBy(e *Entry) bool {
	return slices.Contains(e.ConfigMaps, c.Name) && (len(c.Clusters) == 0 || slices.Contains(c.Clusters, e.Cluster))
}

func selectConfigMap(d *Delta) func(*Entry) bool {
	if len(d.ConfigMaps) == 0 {
		return nil
	}
	return func(e *Entry) bool {
		return len(e.ConfigMaps) > 0 &&
			slices.ContainsFunc(d.ConfigMaps, func(c FilledConfigMap) bool { return c.readBy(e) })
	}
}

func configMapReasons(d *Delta, e *Entry) []Reason {
	var reasons []Reason
	for _, c := range d.ConfigMaps {
		if !c.readBy(e) {
			continue
		}
		for _, file := range c.Files {
			reasons = append(reasons, Reason{Source: SourceConfigMap, File: file, Path: "ConfigMap " + c.Name})
		}
	}
	return reasons
}
