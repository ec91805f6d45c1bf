package configupdater

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mattn/go-zglob"
	"github.com/sirupsen/logrus"

	"sigs.k8s.io/prow/pkg/github"
	"sigs.k8s.io/prow/pkg/plugins"
	"sigs.k8s.io/prow/pkg/plugins/updateconfig"
	"sigs.k8s.io/yaml"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
)

// updater is the part of Prow's plugin configuration that says which files
// fill which ConfigMaps, with Prow's defaults.
type updater struct {
	plugins.ConfigUpdater
	// err is Prow's reason for refusing the configuration.
	err string
}

// parseUpdater parses the part about config-updater with Prow's loader of plugin
// configurations.
func parseUpdater(content []byte) (*updater, error) {
	dir, err := os.MkdirTemp("", "rehearsal-plugins-")
	if err != nil {
		return nil, fmt.Errorf("creating directory: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	part, err := updaterPart(content)
	if err != nil {
		return &updater{err: err.Error()}, nil
	}
	if err := boundPatterns(part); err != nil {
		return &updater{err: err.Error()}, nil
	}
	file := filepath.Join(dir, "plugins.yaml")
	if err := os.WriteFile(file, part, 0o600); err != nil {
		return nil, fmt.Errorf("writing plugin configuration: %w", err)
	}
	var loader plugins.ConfigAgent
	if err := loader.Load(file, nil, "", false, false); err != nil {
		return &updater{err: err.Error()}, nil
	}
	return &updater{ConfigUpdater: loader.Config().ConfigUpdater}, nil
}

func updaterPart(content []byte) ([]byte, error) {
	if _, err := affected.Plain(content); err != nil {
		return nil, err
	}
	// Prow does not decompress this file.
	raw, err := yaml.YAMLToJSON(content)
	if err != nil {
		return nil, err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, err
	}
	maps.DeleteFunc(fields, func(name string, _ json.RawMessage) bool { return !strings.EqualFold(name, "config_updater") })
	return json.Marshal(fields)
}

// boundPatterns refuses patterns that Prow's code could not process in reasonable time.
func boundPatterns(part []byte) error {
	var written struct {
		ConfigUpdater struct {
			Maps map[string]json.RawMessage `json:"maps"`
		} `json:"config_updater"`
	}
	if json.Unmarshal(part, &written) != nil {
		// Prow's loader reports the error.
		return nil
	}
	patterns := written.ConfigUpdater.Maps
	if len(patterns) > maxPatterns {
		return fmt.Errorf("more than %d patterns", maxPatterns)
	}
	for pattern := range patterns {
		if len(pattern) > maxPattern {
			return fmt.Errorf("a pattern of more than %d bytes: %.50s…", maxPattern, pattern)
		}
	}
	return nil
}

// filler is one pattern and the ConfigMap that its files fill.
type filler struct {
	pattern string
	spec    plugins.ConfigMapSpec
	matches func(path string) bool
}

// fills reports whether files of the pattern fill a ConfigMap with a given name.
func (f filler) fills(name string) bool {
	return f.spec.Name == name || slices.Contains(f.spec.PartitionedNames, name)
}

// fillers returns the patterns in order. If several match a file, Prow uses any of them,
// so all of them count.
func (u *updater) fillers() []filler {
	var out []filler
	for _, pattern := range slices.Sorted(maps.Keys(u.Maps)) {
		if glob, err := zglob.New(pattern); err == nil {
			out = append(out, filler{pattern, u.Maps[pattern], glob.Match})
		}
	}
	return out
}

var quiet = logrus.NewEntry(&logrus.Logger{Out: io.Discard})

// updates returns what config-updater would do about files, all of which match the
// pattern. complete adds the parts of a partitioned ConfigMap that get no file.
func (u *updater) updates(f filler, files []github.PullRequestChange, namespace, repository string, complete bool) map[plugins.ConfigMapID][]updateconfig.ConfigMapUpdate {
	only := plugins.ConfigUpdater{Maps: map[string]plugins.ConfigMapSpec{f.pattern: f.spec}, GZIP: u.GZIP}
	return updateconfig.FilterChanges(only, files, namespace, complete, quiet, repository)
}

// anyNamespace stands for the default namespace of config-updater.
const anyNamespace = "default"

func changed(path string, removed bool) github.PullRequestChange {
	status := github.PullRequestFileModified
	if removed {
		status = github.PullRequestFileRemoved
	}
	return github.PullRequestChange{Filename: path, Status: string(status)}
}

// updaterOf returns the configuration in a blob.
func updaterOf(ctx context.Context, files affected.Reader, blob string) (*updater, error) {
	parsed, err := files.Parsed(ctx, Name, blob, func(content []byte) (any, error) { return parseUpdater(content) })
	if err != nil {
		return nil, err
	}
	return parsed.(*updater), nil
}
