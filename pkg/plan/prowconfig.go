package plan

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/prow/pkg/config"
	"sigs.k8s.io/yaml"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/key"
	"github.com/rehearsal-dev/rehearsal/pkg/layout"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/yamlline"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// prowConfig is Prow's configuration without jobs, and the jobs and presets
// that its main file has nevertheless.
type prowConfig struct {
	config *config.Config
	main   *affected.Loaded
	// err is Prow's reason for refusing it.
	err *affected.FileError
	// unknown is what Prow's strict loader would refuse, if asked for.
	unknown string
}

// prowFiles are the files that make up Prow's configuration: blobs by path.
type prowFiles map[string]string

func (f prowFiles) key(l layout.Layout) string {
	parts := []string{l.Key()}
	for _, p := range slices.Sorted(maps.Keys(f)) {
		parts = append(parts, p, f[p])
	}
	return key.Of(parts...)
}

// directory stands for a blob where there is a directory.
const directory = "directory"

// loadProwConfig has Prow's loader read the files. Jobs are taken out first:
// they need the presets of all job files.
func loadProwConfig(ctx context.Context, objects repo.Objects, files prowFiles, l layout.Layout, strict bool) (*prowConfig, error) {
	dir, err := os.MkdirTemp("", "rehearsal-prow-")
	if err != nil {
		return nil, fmt.Errorf("creating directory: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	directories := l.SupplementalProwConfigDirs
	var entries []repo.Entry
	for _, p := range slices.Sorted(maps.Keys(files)) {
		if files[p] == directory {
			directories = append(slices.Clone(directories), p)
			continue
		}
		entries = append(entries, repo.Entry{Path: p, Blob: files[p]})
	}
	for _, d := range directories {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			return nil, fmt.Errorf("creating directory: %w", err)
		}
	}
	mainFile := filepath.Join(dir, l.ProwConfig)
	pc := &prowConfig{main: &affected.Loaded{Path: l.ProwConfig, Blob: files[l.ProwConfig], File: &affected.File{}, Main: true}}
	if err := pc.write(ctx, objects, entries, dir); err != nil || pc.err != nil {
		return pc, err
	}
	if err := pc.takeOutJobs(mainFile); err != nil || pc.err != nil {
		return pc, err
	}
	var supplemental []string
	for _, d := range l.SupplementalProwConfigDirs {
		supplemental = append(supplemental, filepath.Join(dir, d))
	}
	pc.config, err = config.Load(mainFile, "", supplemental, l.Suffix())
	if err != nil {
		pc.err = prowConfigError(l, err, dir, files)
		return pc, nil
	}
	if len(pc.config.Plank.DefaultDecorationConfigs)+len(pc.config.ProwJobDefaultEntries) > maxDefaults {
		pc.config, pc.err = nil, &affected.FileError{File: l.ProwConfig, Message: fmt.Sprintf("more than %d default decorations and ProwJob defaults", maxDefaults)}
		return pc, nil
	}
	if strict {
		if _, err := config.LoadStrict(mainFile, "", supplemental, l.Suffix()); err != nil {
			pc.unknown = cut(strings.ReplaceAll(err.Error(), dir+"/", ""))
		}
	}
	return pc, nil
}

// write puts the files below dir, unless one is too large to be read.
func (pc *prowConfig) write(ctx context.Context, objects repo.Objects, entries []repo.Entry, dir string) error {
	var ids []string
	for _, e := range entries {
		ids = append(ids, e.Blob)
	}
	var all affected.Size
	return objects.BlobsUpTo(ctx, affected.MaxFile, ids, func(_ string, content []byte) error {
		e := entries[0]
		entries = entries[1:]
		size, err := affected.Measure(content)
		if err != nil {
			pc.err = &affected.FileError{File: e.Path, Message: err.Error()}
			return nil
		}
		all.Bytes, all.Items = all.Bytes+size.Bytes, all.Items+size.Items
		switch {
		case all.Bytes > maxProwConfig:
			return &repo.BoundError{Path: e.Path, Bound: fmt.Sprintf("is too much: Prow's main file and those that are merged into it have more than %d MiB", maxProwConfig>>20)}
		case all.Items > maxProwItems:
			return &repo.BoundError{Path: e.Path, Bound: fmt.Sprintf("is too much: Prow's main file and those that are merged into it have more than %d list items and mappings", maxProwItems)}
		}
		return repo.Write(dir, e, content)
	})
}

// takeOutJobs moves the jobs of the main file into its summary. Presets stay
// in both: they are Prow's to check, and ours to order.
func (pc *prowConfig) takeOutJobs(file string) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("reading %s: %w", pc.main.Path, err)
	}
	plain, err := affected.Plain(raw)
	if err != nil {
		// A file that cannot be read is for Prow's loader to complain about.
		return nil
	}
	var parsed config.Config
	if yaml.Unmarshal(plain, &parsed) != nil {
		return nil
	}
	if err := affected.CheckJobs(&parsed.JobConfig); err != nil {
		pc.err = &affected.FileError{File: pc.main.Path, Message: err.Error()}
		return nil
	}
	pc.main.File = affected.Summarise(&parsed.JobConfig)
	if len(pc.main.Jobs) == 0 {
		return nil
	}
	rest, err := withoutJobFields(plain)
	if err != nil {
		return fmt.Errorf("rewriting %s: %w", pc.main.Path, err)
	}
	return os.WriteFile(file, rest, 0o644)
}

// withoutJobFields returns a file, as JSON, without its lists of jobs. All
// else is passed on as it is written, large numbers included.
func withoutJobFields(content []byte) ([]byte, error) {
	raw, err := yaml.YAMLToJSON(content)
	if err != nil {
		return nil, err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, err
	}
	for name := range fields {
		for _, jobs := range []string{"presubmits", "postsubmits", "periodics"} {
			if strings.EqualFold(name, jobs) {
				delete(fields, name)
			}
		}
	}
	return json.Marshal(fields)
}

// prowConfigError finds the file that Prow's loader complains about.
func prowConfigError(l layout.Layout, err error, dir string, files prowFiles) *affected.FileError {
	message := cut(inShort(strings.ReplaceAll(err.Error(), dir+"/", "")))
	out := &affected.FileError{File: l.ProwConfig, Line: yamlline.In(message)}
	for p := range files {
		if p != l.ProwConfig && strings.Contains(message, p) {
			out.File = p
		}
	}
	out.Message = strings.Replace(message, "error unmarshalling "+out.File+":", "error unmarshalling:", 1)
	return out
}

// inShort leaves out of Prow's words what says nothing to authors: where its
// code panics, and what of a difference is the same.
func inShort(message string) string {
	if strings.HasPrefix(message, "panic loading config:") {
		message, _, _ = strings.Cut(message, "\n")
		return message
	}
	text, diff, ok := strings.Cut(message, "Diff:")
	if !ok {
		return message
	}
	var differs []string
	for line := range strings.Lines(diff) {
		if strings.HasPrefix(line, "+") || strings.HasPrefix(line, "-") {
			differs = append(differs, strings.Join(strings.Fields(line), " "))
		}
	}
	return text + "Diff: " + strings.Join(differs, "; ")
}
