//go:build e2e

package e2e

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/rehearsal-dev/rehearsal/test/github"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// The config repositories whose webhooks go only to Prow's hook. crier leaves comments only
// in the second, hook has plugins of its own for the third, and tide merges in tideRepos.
const (
	hookedRepo  = "hooked"
	noisyRepo   = "noisy"
	pluggedRepo = "plugged"
)

func hookedOrg() string { return world.org + "-hooked" }

// hookedRepositories lists the repositories behind hook.
func hookedRepositories() []string {
	var all []string
	for _, repo := range append([]string{hookedRepo, noisyRepo, pluggedRepo}, tideRepos...) {
		all = append(all, hookedOrg()+"/"+repo)
	}
	return all
}

// startProw makes hook forward the webhooks of its organisation, and crier report on all
// pull requests, without comments except in one repository.
func startProw(ctx context.Context, in rig.Installation) error {
	quiet := slices.DeleteFunc(slices.Clone(in.Repositories), func(r string) bool { return r == hookedOrg()+"/"+noisyRepo })
	err := world.cluster.StartProw(ctx, in, rig.ProwOnGitHub{
		Hooked: hookedRepositories(), Quiet: quiet, Tide: tideConfig(),
		Plugins: map[string][]string{hookedOrg() + "/" + pluggedRepo: commandedPlugins},
	})
	if err != nil {
		return err
	}
	hook, err := world.cluster.HookURL(ctx)
	if err != nil {
		return err
	}
	_, err = world.hub.AddHook(ctx, github.Hook{Org: hookedOrg(), URL: hook, Secret: in.WebhookSecret})
	return err
}

// tellHooked returns a story in one of these repositories. Its jobs exist, but do something
// else; those with a decoration get it from Prow's configuration.
func tellHooked(t *testing.T, repo string, jobs ...rig.Job) *story {
	t.Helper()
	ctx, cancel := context.WithTimeout(world.ctx, 10*time.Minute)
	t.Cleanup(cancel)
	s := &story{Conversation: rig.Conversation{Hub: world.hub, Cluster: world.cluster, Bot: bot}, t: t, ctx: ctx, jobs: jobs}
	s.Pull.Org, s.Pull.Repo = hookedOrg(), repo
	plank, err := s.Cluster.PlankConfig(ctx)
	s.must(err)
	before := []rig.Job{{Name: "pull-widget-untouched", Script: "true"}}
	for _, j := range jobs {
		before = append(before, rig.Job{Name: j.Name, Script: "echo as it was before"})
	}
	_, err = world.hub.CreateRepo(ctx, github.NewRepo{
		Org: s.Pull.Org, Repo: s.Pull.Repo,
		Files: map[string]string{
			rig.ProwConfigPath: rig.ProwConfig + plank, rig.PluginsPath: "{}\n", jobsPath: s.jobsFile(before...),
		},
		Roles: map[string]string{maintainer: "write", rig.Bot: "write", author: "write"},
	})
	s.must(err)
	t.Cleanup(s.epilogue)
	return s
}
