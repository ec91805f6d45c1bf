package layout

import (
	"fmt"
	"path/filepath"
	"slices"
)

// Field is one field of a layout.
type Field struct {
	// Setting is its name in the settings and in .rehearsal.yaml, Flag its flag on the
	// command line, and Usage the help of the flag.
	Setting, Flag, Usage string
	// File and Dir say what may be at the path. If neither is set, the field is not a
	// path.
	File, Dir bool

	text func(*Layout) *string
	list func(*Layout) *[]string
}

// Fields are all fields. Flags, checks and keys are derived from them.
var Fields = []Field{
	{
		Setting: "prow_config", Flag: "prow-config", File: true,
		Usage: "`path` of Prow's config.yaml, from the root of the repository, as all paths",
		text:  func(l *Layout) *string { return &l.ProwConfig },
	},
	{
		Setting: "job_config", Flag: "job-config", File: true, Dir: true,
		Usage: "`path` of the job file or directory",
		text:  func(l *Layout) *string { return &l.JobConfig },
	},
	{
		Setting: "plugin_config", Flag: "plugin-config", File: true,
		Usage: "`path` of plugins.yaml, which says from what config-updater fills ConfigMaps",
		text:  func(l *Layout) *string { return &l.PluginConfig },
	},
	{
		Setting: "supplemental_prow_config_dirs", Flag: "supplemental-prow-config-dir", Dir: true,
		Usage: "`path` of a directory with further parts of it; may be repeated",
		list:  func(l *Layout) *[]string { return &l.SupplementalProwConfigDirs },
	},
	{
		Setting: "supplemental_prow_config_suffix", Flag: "supplemental-prow-config-suffix",
		Usage: "what the `names` of these parts end with (default " + DefaultSuffix + ")",
		text:  func(l *Layout) *string { return &l.SupplementalProwConfigSuffix },
	},
}

// FieldOf returns the field of a setting.
func FieldOf(setting string) (Field, bool) {
	i := slices.IndexFunc(Fields, func(f Field) bool { return f.Setting == setting })
	if i < 0 {
		return Field{}, false
	}
	return Fields[i], true
}

// values returns the values of a field in the layout.
func (f Field) values(l *Layout) []string {
	if f.list != nil {
		return *f.list(l)
	}
	return []string{*f.text(l)}
}

// fill sets an empty field to its value in another layout.
func (f Field) fill(l, other *Layout) {
	switch {
	case f.list != nil && len(*f.list(l)) == 0:
		*f.list(l) = *f.list(other)
	case f.text != nil && *f.text(l) == "":
		*f.text(l) = *f.text(other)
	}
}

// Flags is the flag set of a command.
type Flags interface {
	StringVar(at *string, name, value, usage string)
	StringSliceVar(at *[]string, name string, value []string, usage string)
}

// AddFlags adds a flag for each field.
func (l *Layout) AddFlags(flags Flags) {
	for _, f := range Fields {
		if f.list != nil {
			flags.StringSliceVar(f.list(l), f.Flag, nil, f.Usage)
		} else {
			flags.StringVar(f.text(l), f.Flag, "", f.Usage)
		}
	}
}

// Path is one of the paths of a layout.
type Path struct {
	Field
	// Name is the setting, with the index of an item of a list.
	Name  string
	Value string

	at *string
}

// Paths lists the paths that are set.
func (l *Layout) Paths() []Path {
	var out []Path
	add := func(f Field, name string, at *string) {
		if *at != "" {
			out = append(out, Path{Field: f, Name: name, Value: *at, at: at})
		}
	}
	for _, f := range Fields {
		switch {
		case !f.File && !f.Dir:
		case f.list != nil:
			list := *f.list(l)
			for i := range list {
				add(f, fmt.Sprintf("%s[%d]", f.Setting, i), &list[i])
			}
		default:
			add(f, f.Setting, f.text(l))
		}
	}
	return out
}

// Outside reports whether the path leads out of the repository.
func (p Path) Outside() bool { return !filepath.IsLocal(p.Value) }
