package main

import (
	"context"
	"fmt"
	"regexp"
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
// the layout that the repository has.
func findSettings(ctx context.Context, merged *repo.Merged, flags plan.Settings) (plan.Settings, error) {
	found, err := readSettings(ctx, merged)
	if err != nil {
		return plan.Settings{}, err
	}
	if found.ProwConfig == "" && flags.ProwConfig == "" {
		if found, err = findLayout(ctx, merged); err != nil {
			return plan.Settings{}, err
		}
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
	return clean(found), nil
}

// clean lets people end directories with a slash.
func clean(s plan.Settings) plan.Settings {
	trim := func(p string) string { return strings.TrimPrefix(strings.TrimRight(p, "/"), "./") }
	s.ProwConfig, s.JobConfig, s.PluginConfig = trim(s.ProwConfig), trim(s.JobConfig), trim(s.PluginConfig)
	for i, d := range s.SupplementalProwConfigDirs {
		s.SupplementalProwConfigDirs[i] = trim(d)
	}
	return s
}

func readSettings(ctx context.Context, merged *repo.Merged) (plan.Settings, error) {
	entries, err := merged.List(ctx, merged.Tree, settingsFile)
	if err != nil || len(entries) != 1 {
		return plan.Settings{}, err
	}
	var s plan.Settings
	err = merged.Blobs(ctx, []string{entries[0].Blob}, func(_ string, content []byte) error {
		s, err = parseSettings(content)
		return err
	})
	return s, err
}

func parseSettings(content []byte) (plan.Settings, error) {
	var s plan.Settings
	if err := yaml.UnmarshalStrict(content, &s); err != nil {
		return s, fmt.Errorf("%s: %w", settingsFile, err)
	}
	if s.ProwConfig == "" {
		return s, fmt.Errorf("%s: prow_config, the path of Prow's config.yaml, is missing", settingsFile)
	}
	return clean(s), nil
}

func findLayout(ctx context.Context, merged *repo.Merged) (plan.Settings, error) {
	var mains, all []string
	for _, l := range layouts {
		all = append(all, l.ProwConfig, l.PluginConfig)
		mains = append(mains, l.ProwConfig)
	}
	entries, err := merged.List(ctx, merged.Tree, all...)
	if err != nil {
		return plan.Settings{}, err
	}
	present := map[string]bool{}
	for _, e := range entries {
		present[e.Path] = true
	}
	for _, l := range layouts {
		if !present[l.ProwConfig] {
			continue
		}
		if !present[l.PluginConfig] {
			l.PluginConfig = ""
		}
		return l, nil
	}
	return plan.Settings{}, fmt.Errorf("no Prow configuration found: none of %s exists; set --prow-config and --job-config, or write %s",
		strings.Join(mains, ", "), settingsFile)
}

var remotePath = regexp.MustCompile(`[:/]([^/:]+)/([^/]+?)(\.git)?/?$`)

// identity is the org and repository that the clone is of, as far as its
// remotes tell.
func (o *options) identity(ctx context.Context, clone *repo.Clone) (org, name string) {
	if org, name, ok := strings.Cut(o.repository, "/"); ok {
		return org, name
	}
	for _, remote := range []string{"upstream", "origin"} {
		if found := remotePath.FindStringSubmatch(clone.RemoteURL(ctx, remote)); found != nil {
			return found[1], found[2]
		}
	}
	return "local", "config"
}
