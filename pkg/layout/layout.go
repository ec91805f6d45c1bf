// Package layout says where a config repository keeps what. The settings, a
// request for a plan and the command line embed it, so that a path is named in one
// place. It reads nothing.
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

// DefaultSuffix is what Prow's components use when they are not told otherwise.
const DefaultSuffix = "_prowconfig.yaml"

// Suffix is what the names of supplemental files end with.
func (l Layout) Suffix() string {
	if l.SupplementalProwConfigSuffix == "" {
		return DefaultSuffix
	}
	return l.SupplementalProwConfigSuffix
}

// Key is the same for layouts that lead to the same files only. It is the one key
// for all that is kept of what was read by a layout.
func (l Layout) Key() string {
	l.SupplementalProwConfigSuffix = l.Suffix()
	var parts []string
	for _, f := range Fields {
		parts = append(parts, key.Of(f.values(&l)...))
	}
	return key.Of(parts...)
}

// Or returns the layout, with what it leaves open as another says.
func (l Layout) Or(other Layout) Layout {
	for _, f := range Fields {
		f.fill(&l, &other)
	}
	return l
}

// Clean writes paths as git does.
func (l Layout) Clean() Layout { return l.Map(path.Clean) }

// Map returns a layout with every path that is set replaced.
func (l Layout) Map(replace func(string) string) Layout {
	l.SupplementalProwConfigDirs = append([]string(nil), l.SupplementalProwConfigDirs...)
	for _, p := range l.Paths() {
		*p.at = replace(p.Value)
	}
	return l
}
