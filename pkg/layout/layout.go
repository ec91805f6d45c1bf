// Package layout describes where a config repository keeps its configuration. The
// settings, a request for a plan and the command line embed Layout, so that each path is
// described in one place. The package reads no files.
package layout

import (
	"path"

	"github.com/rehearsal-dev/rehearsal/pkg/key"
)

// Layout says where a config repository keeps its configuration. All paths are
// relative to its root. Each field has a row in Fields.
type Layout struct {
	// The path of Prow's config.yaml in the repository.
	ProwConfig string `json:"prow_config" jsonschema:"required,minLength=1,example=config/prow/config.yaml"`
	// The path of the directory of the job files, or of a single file; left out
	// when all jobs are in prow_config.
	JobConfig string `json:"job_config,omitempty" jsonschema:"example=config/jobs"`
	// The path of plugins.yaml. With it, jobs that use a ConfigMap filled by
	// config-updater are affected by changes of its files.
	PluginConfig string `json:"plugin_config,omitempty" jsonschema:"example=config/prow/plugins.yaml"`
	// Directories with further parts of Prow's configuration.
	SupplementalProwConfigDirs []string `json:"supplemental_prow_config_dirs,omitempty"`
	// What the names of the files in these directories end with; _prowconfig.yaml
	// when empty.
	SupplementalProwConfigSuffix string `json:"supplemental_prow_config_suffix,omitempty"`
}

// DefaultSuffix is the default suffix of Prow's components.
const DefaultSuffix = "_prowconfig.yaml"

// Suffix returns the suffix of the names of supplemental files.
func (l Layout) Suffix() string {
	if l.SupplementalProwConfigSuffix == "" {
		return DefaultSuffix
	}
	return l.SupplementalProwConfigSuffix
}

// Key returns the same text only for layouts that lead to the same files. It is the cache
// key for everything that was read with a layout.
func (l Layout) Key() string {
	l.SupplementalProwConfigSuffix = l.Suffix()
	var parts []string
	for _, f := range Fields {
		parts = append(parts, key.Of(f.values(&l)...))
	}
	return key.Of(parts...)
}

// Or returns the layout, with its empty fields taken from another.
func (l Layout) Or(other Layout) Layout {
	for _, f := range Fields {
		f.fill(&l, &other)
	}
	return l
}

// Clean returns the layout with its paths in the form that Git uses.
func (l Layout) Clean() Layout { return l.Map(path.Clean) }

// Map returns a layout with every path that is set replaced.
func (l Layout) Map(replace func(string) string) Layout {
	l.SupplementalProwConfigDirs = append([]string(nil), l.SupplementalProwConfigDirs...)
	for _, p := range l.Paths() {
		*p.at = replace(p.Value)
	}
	return l
}
