package layout

import (
	"path"
	"slices"
	"strings"
)

// The names of files that Prow's loader looks for. They are repeated here, because
// importing Prow's package would link it into the receiver and the tasks, which read the
// settings too.
const (
	IgnoreFileName  = ".prowignore"
	VersionFileName = "VERSION"
)

// IsJobFile reports whether Prow's loader would read a path as a job file, .prowignore
// files aside. That depends on its extension, and on whether it is in a hidden directory.
func (l Layout) IsJobFile(p string) bool {
	if l.JobConfig == "" || !Below(p, l.JobConfig) {
		return false
	}
	return p == l.JobConfig || IsYAML(p) && !hidden(p, l.JobConfig)
}

// IsMisnamed reports whether the path of a file makes job_config a directory although it
// is named like a file. Prow's loader looks for the ignore rules of such a directory, and
// panics.
func (l Layout) IsMisnamed(p string) bool {
	return IsYAML(l.JobConfig) && p != l.JobConfig && Below(p, l.JobConfig)
}

// IsIgnoreFile reports whether a path is an ignore file, which affects the list of job
// files.
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

// IsProwFile reports whether a path is a file of Prow's own configuration.
func (l Layout) IsProwFile(p string) bool {
	return p == l.ProwConfig || l.IsSupplemental(p) || Below(p, l.VersionFile())
}

// IsLoaded reports whether Prow's loader may read a path at all.
func (l Layout) IsLoaded(p string) bool {
	return p == l.ProwConfig || Below(p, l.JobConfig) ||
		slices.ContainsFunc(l.SupplementalProwConfigDirs, func(dir string) bool { return Below(p, dir) })
}

// VersionFile returns the path at which Prow looks for the version of its configuration.
// The version does not affect jobs, but the path must not be a directory.
func (l Layout) VersionFile() string {
	return path.Join(path.Dir(l.ProwConfig), VersionFileName)
}

// BelowJobConfig returns a path relative to the root of the job files.
func (l Layout) BelowJobConfig(p string) string {
	if p == l.JobConfig {
		return "."
	}
	return strings.TrimPrefix(p, l.JobConfig+"/")
}

// Below reports whether p is dir or below it. Nothing is below an empty path.
func Below(p, dir string) bool {
	return dir != "" && (p == dir || strings.HasPrefix(p, dir+"/") || dir == ".")
}

// IsYAML reports whether Prow treats a path as YAML.
func IsYAML(p string) bool {
	ext := path.Ext(p)
	return ext == ".yaml" || ext == ".yml"
}

// hidden reports whether a walk over dir skips a path in it. Names that start with two
// dots are how Kubernetes mounts ConfigMaps.
func hidden(p, dir string) bool {
	names := strings.Split(p, "/")
	if dir != "." {
		// The directory itself is never skipped.
		names = names[strings.Count(dir, "/"):]
	}
	return slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(name, "..") })
}
