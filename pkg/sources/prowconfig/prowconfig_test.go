package prowconfig

import (
	"testing"
	"time"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
	"sigs.k8s.io/prow/pkg/config"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
)

// The named default must be one that differs, not just the one that now applies.
func TestDecorationChain(t *testing.T) {
	entry := func(repo, timeout string) *config.DefaultDecorationConfigEntry {
		d, err := time.ParseDuration(timeout)
		if err != nil {
			t.Fatal(err)
		}
		return &config.DefaultDecorationConfigEntry{OrgRepo: repo, Config: &prowapi.DecorationConfig{Timeout: &prowapi.Duration{Duration: d}}}
	}
	defaults := func(entries ...*config.DefaultDecorationConfigEntry) *affected.Defaults {
		d := &affected.Defaults{Config: &config.Config{}}
		d.Config.Plank.DefaultDecorationConfigs = entries
		return d
	}
	all, org, repo := entry("", "1h"), entry("org", "2h"), entry("org/a", "3h")
	for name, tc := range map[string]struct {
		before, after *affected.Defaults
		want          string
	}{
		"changed":   {defaults(all, org), defaults(all, entry("org", "4h")), "plank.default_decoration_config_entries[1]"},
		"added":     {defaults(all, org), defaults(all, org, repo), "plank.default_decoration_config_entries[2]"},
		"removed":   {defaults(all, org, repo), defaults(all, org), "plank.default_decoration_config_entries[2] before"},
		"reordered": {defaults(all, org, repo), defaults(all, repo, org), "order of plank.default_decoration_config_entries"},
		"elsewhere": {defaults(org, all), defaults(repo), "plank.default_decoration_config_entries[0]"},
	} {
		t.Run(name, func(t *testing.T) {
			d := &affected.Delta{Old: tc.before, New: tc.after}
			if got := decorationChain(d, &affected.Entry{Own: affected.Own{DefaultsRepo: "org/a"}}, affected.Field{Path: "timeout"}); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
