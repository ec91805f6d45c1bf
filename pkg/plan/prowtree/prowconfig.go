package prowtree

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
	"github.com/rehearsal-dev/rehearsal/pkg/layout"
	"github.com/rehearsal-dev/rehearsal/pkg/lru"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/yamlline"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// ProwConfig is Prow's configuration without jobs, and the jobs and presets of its main
// file.
type ProwConfig struct {
	Config *config.Config
	Main   *affected.Loaded
	// Err is Prow's reason for refusing the configuration.
	Err *affected.FileError
	// Unknown is the file that Prow's strict loader refuses, if the strict loader was
	// used.
	Unknown *Unknown
}

// ProwConfig reads the configuration with Prow's loader.
func (l *Loader) ProwConfig(ctx context.Context, files ConfigFiles) (*ProwConfig, error) {
	return once(l.Cache.loose, files.Key(l.Layout), func() (*ProwConfig, error) { return l.loadConfig(ctx, files) })
}

// StrictProwConfig also reads the configuration with Prow's strict loader.
func (l *Loader) StrictProwConfig(ctx context.Context, files ConfigFiles) (*ProwConfig, error) {
	return once(l.Cache.strict, files.Key(l.Layout), func() (*ProwConfig, error) {
		c, err := l.checkOut(ctx, files)
		if err != nil {
			return nil, err
		}
		defer c.close()
		c.load()
		c.loadStrictly()
		return c.ProwConfig, nil
	})
}

// AcceptedProwConfig loads a configuration that Prow is known to accept. It loads only
// the main file: the supplemental files say nothing about jobs, and there may be
// thousands of them.
func (l *Loader) AcceptedProwConfig(ctx context.Context, files ConfigFiles) (*ProwConfig, error) {
	alone := *l
	alone.Layout.SupplementalProwConfigDirs = nil
	main := ConfigFiles{Blobs: map[string]string{}, VersionIsDirectory: files.VersionIsDirectory}
	if blob, ok := files.Blobs[l.Layout.ProwConfig]; ok {
		main.Blobs[l.Layout.ProwConfig] = blob
	}
	if pc, err := alone.loadConfig(ctx, main); err == nil && pc.Err == nil {
		return pc, nil
	}
	return l.ProwConfig(ctx, files)
}

func once(known *lru.Cache[*ProwConfig], id string, load func() (*ProwConfig, error)) (*ProwConfig, error) {
	if pc, ok := known.Get(id); ok {
		return pc, nil
	}
	pc, err := load()
	if err == nil {
		known.Add(id, pc, 1)
	}
	return pc, err
}

func (l *Loader) loadConfig(ctx context.Context, files ConfigFiles) (*ProwConfig, error) {
	c, err := l.checkOut(ctx, files)
	if err != nil {
		return nil, err
	}
	defer c.close()
	c.load()
	return c.ProwConfig, nil
}

// checkout writes the files of a configuration to a directory, for Prow's loader. The
// jobs are removed from the main file first, because they need the presets of all job
// files.
type checkout struct {
	*ProwConfig
	layout layout.Layout
	files  ConfigFiles
	dir    string
}

func (l *Loader) checkOut(ctx context.Context, files ConfigFiles) (*checkout, error) {
	dir, err := os.MkdirTemp("", "rehearsal-prow-")
	if err != nil {
		return nil, fmt.Errorf("creating directory: %w", err)
	}
	main := &affected.Loaded{Path: l.Layout.ProwConfig, Blob: files.Blobs[l.Layout.ProwConfig], File: &affected.File{}, Main: true}
	c := &checkout{&ProwConfig{Main: main}, l.Layout, files, dir}
	err = c.makeDirectories()
	if err == nil {
		err = c.write(ctx, l.Objects)
	}
	if err == nil && c.Err == nil {
		err = c.takeOutJobs()
	}
	if err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *checkout) close() { _ = os.RemoveAll(c.dir) }

func (c *checkout) mainFile() string { return filepath.Join(c.dir, c.layout.ProwConfig) }

func (c *checkout) supplemental() []string {
	var out []string
	for _, d := range c.layout.SupplementalProwConfigDirs {
		out = append(out, filepath.Join(c.dir, d))
	}
	return out
}

func (c *checkout) makeDirectories() error {
	directories := c.supplemental()
	if c.files.VersionIsDirectory {
		directories = append(directories, filepath.Join(c.dir, c.layout.VersionFile()))
	}
	for _, d := range directories {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return fmt.Errorf("creating directory: %w", err)
		}
	}
	return nil
}

// load reads the files with Prow's loader, unless they are already refused.
func (c *checkout) load() {
	if c.Err != nil {
		return
	}
	var err error
	if c.Config, err = config.Load(c.mainFile(), "", c.supplemental(), c.layout.Suffix()); err != nil {
		c.Config, c.Err = nil, c.complaint(err)
		return
	}
	if len(c.Config.Plank.DefaultDecorationConfigs)+len(c.Config.ProwJobDefaultEntries) > maxDefaults {
		c.Config, c.Err = nil, &affected.FileError{File: c.layout.ProwConfig, Message: fmt.Sprintf("more than %d default decorations and ProwJob defaults", maxDefaults)}
	}
}

// loadStrictly finds the file that only Prow's strict loader refuses.
func (c *checkout) loadStrictly() {
	if c.Err != nil {
		return
	}
	_, err := config.LoadStrict(c.mainFile(), "", c.supplemental(), c.layout.Suffix())
	if err == nil {
		return
	}
	message := Cut(c.inTree(err))
	at := c.layout.ProwConfig
	for _, p := range c.files.paths(c.layout) {
		if p != c.layout.ProwConfig && strings.Contains(message, p) {
			at = p
		}
	}
	c.Unknown = &Unknown{at, c.files.Blobs[at], message}
}

// inTree returns the text of an error from Prow, with paths relative to the tree.
func (c *checkout) inTree(err error) string { return strings.ReplaceAll(err.Error(), c.dir+"/", "") }

// write writes the files, unless one is too large to be read.
func (c *checkout) write(ctx context.Context, objects repo.Objects) error {
	paths := slices.Sorted(maps.Keys(c.files.Blobs))
	var ids []string
	for _, p := range paths {
		ids = append(ids, c.files.Blobs[p])
	}
	var all affected.Size
	return objects.BlobsUpTo(ctx, affected.MaxFile, ids, func(blob string, content []byte) error {
		e := repo.Entry{Path: paths[0], Blob: blob}
		paths = paths[1:]
		size, err := affected.Measure(content)
		if err != nil {
			c.Err = &affected.FileError{File: e.Path, Message: err.Error()}
			return nil
		}
		all.Bytes, all.Items = all.Bytes+size.Bytes, all.Items+size.Items
		switch {
		case all.Bytes > maxProwConfig:
			return &repo.BoundError{Path: e.Path, Bound: fmt.Sprintf("is too much: Prow's main file and those that are merged into it have more than %d MiB", maxProwConfig>>20)}
		case all.Items > maxProwItems:
			return &repo.BoundError{Path: e.Path, Bound: fmt.Sprintf("is too much: Prow's main file and those that are merged into it have more than %d list items and mappings", maxProwItems)}
		}
		return repo.Write(c.dir, e, content)
	})
}

// takeOutJobs moves the jobs of the main file into its summary. Presets stay in both:
// Prow checks them, and this package determines their order.
func (c *checkout) takeOutJobs() error {
	raw, err := os.ReadFile(c.mainFile())
	if err != nil {
		return fmt.Errorf("reading %s: %w", c.Main.Path, err)
	}
	plain, err := affected.Plain(raw)
	if err != nil {
		// Prow's loader reports files that cannot be read.
		return nil
	}
	var parsed config.Config
	if yaml.Unmarshal(plain, &parsed) != nil {
		return nil
	}
	if err := affected.CheckJobs(&parsed.JobConfig); err != nil {
		c.Err = &affected.FileError{File: c.Main.Path, Message: err.Error()}
		return nil
	}
	c.Main.File = affected.Summarise(&parsed.JobConfig)
	if len(c.Main.Jobs) == 0 {
		return nil
	}
	rest, err := withoutJobFields(plain)
	if err != nil {
		return fmt.Errorf("rewriting %s: %w", c.Main.Path, err)
	}
	return os.WriteFile(c.mainFile(), rest, 0o644)
}

// withoutJobFields returns a file, as JSON, without its lists of jobs. Everything else is
// kept as it is written, including large numbers.
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

// complaint finds the file that Prow's loader refuses.
func (c *checkout) complaint(err error) *affected.FileError {
	message := Cut(inShort(c.inTree(err)))
	out := &affected.FileError{File: c.layout.ProwConfig, Line: yamlline.In(message)}
	for _, p := range c.files.paths(c.layout) {
		if p != c.layout.ProwConfig && strings.Contains(message, p) {
			out.File = p
		}
	}
	out.Message = strings.Replace(message, "error unmarshalling "+out.File+":", "error unmarshalling:", 1)
	return out
}

// inShort removes from Prow's message what does not help authors: where its code
// panicked, and the equal parts of a difference.
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
