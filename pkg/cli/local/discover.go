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

	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// settingsFile is where a repository may say how it is laid out, in the fields
// of plan.Settings.
const settingsFile = ".rehearsal.yaml"

// layouts are those of well-known config repositories.
var layouts = []plan.Settings{
	{ // kubernetes/test-infra
		ProwConfig:   "config/prow/config.yaml",
		JobConfig:    "config/jobs",
		PluginConfig: "config/prow/plugins.yaml",
	},
	{ // openshift/release
		ProwConfig:                 "core-services/prow/02_config/_config.yaml",
		SupplementalProwConfigDirs: []string{"core-services/prow/02_config"},
		JobConfig:                  "ci-operator/jobs",
		PluginConfig:               "core-services/prow/02_config/_plugins.yaml",
	},
	{ // kubevirt/project-infra
		ProwConfig:   "github/ci/prow-deploy/kustom/base/configs/current/config/config.yaml",
		JobConfig:    "github/ci/prow-deploy/files/jobs",
		PluginConfig: "github/ci/prow-deploy/kustom/base/configs/current/plugins/plugins.yaml",
	},
}

// findSettings completes what the flags say from the settings file, else from
// the layout that the repository has. Root is the work tree, if any.
func findSettings(ctx context.Context, merged *repo.Merged, base, root string, flags plan.Settings) (plan.Settings, error) {
	flags, err := normalise(flags, root)
	if err != nil {
		return plan.Settings{}, fmt.Errorf("--%w", err)
	}
	present, err := whereabouts(ctx, merged, merged.Tree)
	if err != nil {
		return plan.Settings{}, err
	}
	if !tells(present) {
		// The change takes the configuration away, which Prow has to refuse.
		if present, err = whereabouts(ctx, merged, base); err != nil {
			return plan.Settings{}, err
		}
	}
	found, err := foundSettings(ctx, merged, present, flags)
	if err != nil {
		return plan.Settings{}, err
	}
	if flags.ProwConfig != "" {
		found.ProwConfig = flags.ProwConfig
	}
	if flags.JobConfig != "" {
		found.JobConfig = flags.JobConfig
	}
	if flags.PluginConfig != "" {
		found.PluginConfig = flags.PluginConfig
	}
	if len(flags.SupplementalProwConfigDirs) > 0 {
		found.SupplementalProwConfigDirs = flags.SupplementalProwConfigDirs
	}
	return found, nil
}

// whereabouts returns the blobs of a tree that tell where the configuration is,
// by their paths.
func whereabouts(ctx context.Context, merged *repo.Merged, tree string) (map[string]string, error) {
	paths := []string{settingsFile}
	for _, l := range layouts {
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

// tells reports whether a tree says where its configuration is.
func tells(present map[string]string) bool {
	hasMain := func(l plan.Settings) bool { return present[l.ProwConfig] != "" }
	return present[settingsFile] != "" || slices.ContainsFunc(layouts, hasMain)
}

// foundSettings are those of the settings file, else of a layout.
func foundSettings(ctx context.Context, merged *repo.Merged, present map[string]string, flags plan.Settings) (plan.Settings, error) {
	if blob := present[settingsFile]; blob != "" {
		var s plan.Settings
		err := merged.Blobs(ctx, []string{blob}, func(_ string, content []byte) error {
			var err error
			s, err = parseSettings(content)
			return err
		})
		return s, err
	}
	var mains []string
	for _, l := range layouts {
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
		return plan.Settings{}, nil
	}
	return plan.Settings{}, fmt.Errorf("no Prow configuration found: there is none of %s; set --prow-config and --job-config, or write %s",
		strings.Join(mains, ", "), settingsFile)
}

func parseSettings(content []byte) (plan.Settings, error) {
	var s plan.Settings
	if err := yaml.UnmarshalStrict(content, &s); err != nil {
		return s, fmt.Errorf("%s: %w", settingsFile, err)
	}
	s, err := normalise(s, "")
	if err != nil {
		return s, fmt.Errorf("%s: %w", settingsFile, err)
	}
	if s.ProwConfig == "" {
		return s, fmt.Errorf("%s: prow_config, the path of Prow's config.yaml, is missing", settingsFile)
	}
	return s, nil
}

// normalise writes paths as git does. Root, if not empty, is the work tree, in
// which paths may be absolute.
func normalise(s plan.Settings, root string) (plan.Settings, error) {
	s.SupplementalProwConfigDirs = slices.Clone(s.SupplementalProwConfigDirs)
	type named struct {
		name string
		path *string
	}
	all := []named{{"prow-config", &s.ProwConfig}, {"job-config", &s.JobConfig}, {"plugin-config", &s.PluginConfig}}
	for i := range s.SupplementalProwConfigDirs {
		all = append(all, named{"supplemental-prow-config-dir", &s.SupplementalProwConfigDirs[i]})
	}
	for _, n := range all {
		if *n.path == "" {
			continue
		}
		p := path.Clean(filepath.ToSlash(*n.path))
		if below, ok := strings.CutPrefix(p, filepath.ToSlash(root)+"/"); ok && root != "" {
			p = below
		}
		if !filepath.IsLocal(p) {
			return s, fmt.Errorf("%s: %q leads out of the repository; paths are from its root", n.name, *n.path)
		}
		*n.path = p
	}
	return s, nil
}

var remotePath = regexp.MustCompile(`[:/]([^/:]+)/([^/]+?)(\.git)?/?$`)

// Identity is the org and repository that the clone is of, as far as its
// remotes tell.
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
