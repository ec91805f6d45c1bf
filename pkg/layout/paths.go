package layout

import (
	"path"
	"slices"
	"strings"
)

// The names of files that Prow's loader looks for. Prow's package is not linked for them:
// the receiver and the tasks read the settings, too.
const (
	IgnoreFileName  = ".prowignore"
	VersionFileName = "VERSION"
)

// IsJobFile reports whether Prow's loader would read a path as a job file,
// .prowignore aside: by its extension, and outside of what is hidden.
func (l Layout) IsJobFile(p string) bool {
	if l.JobConfig == "" || !Below(p, l.JobConfig) {
		return false
	}
	return p == l.JobConfig || IsYAML(p) && !hidden(p, l.JobConfig)
}

// IsMisnamed reports whether a path makes a directory of job_config, which is
// called like a file. Prow's loader looks for ignore rules for it, and panics.
func (l Layout) IsMisnamed(p string) bool {
	return IsYAML(l.JobConfig) && p != l.JobConfig && Below(p, l.JobConfig)
}

// IsIgnoreFile reports whether a path decides which job files are read.
func (l Layout) IsIgnoreFile(p string) bool {
	return path.Base(p) == IgnoreFileName && Below(p, l.JobConfig)
}

// IsSupplemental reports whether a path is a part of Prow's configuration that is
// merged into the main file.
func (l Layout) IsSupplemental(p string) bool {
	if !strings.HasSuffix(p, l.Suffix()) {
		return false
	}
	return slices.ContainsFunc(l.SupplementalProwConfigDirs, func(dir string) bool { return Below(p, dir) && !hidden(p, dir) })
}

// IsProwFile reports whether a path is of Prow's own configuration.
func (l Layout) IsProwFile(p string) bool {
	return p == l.ProwConfig || l.IsSupplemental(p) || Below(p, l.VersionFile())
}

// IsLoaded reports whether Prow's loader may look at a path at all.
func (l Layout) IsLoaded(p string) bool {
	return p == l.ProwConfig || Below(p, l.JobConfig) ||
		slices.ContainsFunc(l.SupplementalProwConfigDirs, func(dir string) bool { return Below(p, dir) })
}

// VersionFile is where Prow looks for the version of its configuration. That is no
// part of a job, but it has to be a file.
func (l Layout) VersionFile() string {
	return path.Join(path.Dir(l.ProwConfig), VersionFileName)
}

// BelowJobConfig is a path relative to the root of the job files.
func (l Layout) BelowJobConfig(p string) string {
	if p == l.JobConfig {
		return "."
	}
	return strings.TrimPrefix(p, l.JobConfig+"/")
}

// Below reports whether p is dir or in it; nothing is below no path.
func Below(p, dir string) bool {
	return dir != "" && (p == dir || strings.HasPrefix(p, dir+"/") || dir == ".")
}

// IsYAML reports whether Prow takes a path for YAML.
func IsYAML(p string) bool {
	ext := path.Ext(p)
	return ext == ".yaml" || ext == ".yml"
}

// hidden reports whether a walk over dir leaves out a path in it: what starts
// with two dots is how Kubernetes mounts ConfigMaps.
func hidden(p, dir string) bool {
	names := strings.Split(p, "/")
	if dir != "." {
		// The directory itself is part of the walk.
		names = names[strings.Count(dir, "/"):]
	}
	return slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(name, "..") })
}
