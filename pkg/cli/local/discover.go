package local

import (
	"context"
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/rehearsal-dev/rehearsal/pkg/layout"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// settingsFile is the file in which a repository can describe its layout, with the fields
// of layout.Layout.
const settingsFile = ".rehearsal.yaml"

// findSettings completes the flags with the settings file, else with the known layout
// that the repository has. Root is the work tree, if any.
func findSettings(ctx context.Context, merged *repo.Merged, base, root string, flags layout.Layout) (layout.Layout, error) {
	flags = normalise(flags, root)
	for _, p := range flags.Paths() {
		if p.Outside() {
			return layout.Layout{}, fmt.Errorf("--%s: %q %s", p.Flag, p.Value, outside)
		}
	}
	present, err := whereabouts(ctx, merged, merged.Tree)
	if err != nil {
		return layout.Layout{}, err
	}
	if !tells(present) {
		// The change removes the configuration, which Prow must refuse.
		if present, err = whereabouts(ctx, merged, base); err != nil {
			return layout.Layout{}, err
		}
	}
	found, err := foundSettings(ctx, merged, present, flags)
	if err != nil {
		return layout.Layout{}, err
	}
	return flags.Or(found), nil
}

// whereabouts returns the blobs of a tree that identify its layout, by path.
func whereabouts(ctx context.Context, merged *repo.Merged, tree string) (map[string]string, error) {
	paths := []string{settingsFile}
	for _, l := range layout.Known {
		paths = append(paths, l.ProwConfig, l.PluginConfig)
	}
	entries, err := merged.List(ctx, tree, paths...)
	if err != nil {
		return nil, err
	}
	present := map[string]string{}
	for _, e := range entries {
		present[e.Path] = e.Blob
	}
	return present, nil
}

// tells reports whether a tree identifies its layout.
func tells(present map[string]string) bool {
	hasMain := func(l layout.Layout) bool { return present[l.ProwConfig] != "" }
	return present[settingsFile] != "" || slices.ContainsFunc(layout.Known, hasMain)
}

// foundSettings returns the layout from the settings file, else a known layout.
func foundSettings(ctx context.Context, merged *repo.Merged, present map[string]string, flags layout.Layout) (layout.Layout, error) {
	if blob := present[settingsFile]; blob != "" {
		var s layout.Layout
		err := merged.Blobs(ctx, []string{blob}, func(_ string, content []byte) error {
			var err error
			s, err = parseSettings(content)
			return err
		})
		return s, err
	}
	var mains []string
	for _, l := range layout.Known {
		mains = append(mains, l.ProwConfig)
		if present[l.ProwConfig] == "" || flags.ProwConfig != "" && flags.ProwConfig != l.ProwConfig {
			continue
		}
		if present[l.PluginConfig] == "" {
			l.PluginConfig = ""
		}
		return l, nil
	}
	if flags.ProwConfig != "" {
		return layout.Layout{}, nil
	}
	return layout.Layout{}, fmt.Errorf("no Prow configuration found: there is none of %s; set --prow-config and --job-config, or write %s",
		strings.Join(mains, ", "), settingsFile)
}

func parseSettings(content []byte) (layout.Layout, error) {
	var s layout.Layout
	if err := yaml.UnmarshalStrict(content, &s); err != nil {
		return s, fmt.Errorf("%s: %w", settingsFile, err)
	}
	s = normalise(s, "")
	for _, p := range s.Paths() {
		if p.Outside() {
			return s, fmt.Errorf("%s: %s: %q %s", settingsFile, p.Name, p.Value, outside)
		}
	}
	if s.ProwConfig == "" {
		return s, fmt.Errorf("%s: prow_config, the path of Prow's config.yaml, is missing", settingsFile)
	}
	return s, nil
}

const outside = "is outside the repository; paths are relative to its root"

// normalise writes paths as git does. Paths may be absolute if they are in root, the work
// tree.
func normalise(l layout.Layout, root string) layout.Layout {
	return l.Map(func(p string) string {
		p = path.Clean(filepath.ToSlash(p))
		if below, ok := strings.CutPrefix(p, filepath.ToSlash(root)+"/"); ok && root != "" {
			p = below
		}
		return p
	})
}

var remotePath = regexp.MustCompile(`[:/]([^/:]+)/([^/]+?)(\.git)?/?$`)

// Identity returns the org and name of the clone's repository, according to its remotes.
func (o *Options) Identity(clone *repo.Clone) (org, name string, err error) {
	if o.Repository != "" {
		org, name, ok := strings.Cut(o.Repository, "/")
		if !ok || org == "" || name == "" || strings.Contains(name, "/") {
			return "", "", fmt.Errorf("--repository: %q is not org/repo", o.Repository)
		}
		return org, name, nil
	}
	for _, remote := range remotesByRank(clone.Remotes) {
		if found := remotePath.FindStringSubmatch(clone.RemoteURL(remote)); found != nil {
			return found[1], found[2], nil
		}
	}
	return "local", "config", nil
}
