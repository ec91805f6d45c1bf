//go:build e2e

package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/test/github"
	"github.com/rehearsal-dev/rehearsal/test/hostile"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// TestHostile has a pull request with everything that a job must not get without approval,
// and somebody who requests runs of all its jobs.
func TestHostile(t *testing.T) {
	parallel(t)
	n := int(world.taken.Add(1)) - 1
	s := stage(t, world.org, world.repositories[n], 10*time.Minute)
	p := hostile.Hostile()
	base := inRig(p.Base)
	base[rig.PluginsPath] = "{}\n"
	_, err := world.hub.CreateRepo(s.ctx, github.NewRepo{
		Org: s.Pull.Org, Repo: s.Pull.Repo, Files: base,
		Roles: map[string]string{maintainer: "write", rig.Bot: "write", author: "write"},
	})
	s.must(err)
	s.openWith(inRig(p.Head))
	s.comment(rig.PlanComment, "Nothing can be rehearsed yet", "privileges-allowed",
		"reads a secret", "runs as a service account", "gets a token", "mounts files of its node", "is privileged on its node",
		"shares resources with its node", "adds a capability", "is less confined", "runs in a cluster", "uses a device",
		"changes what runs", "clones from an address of its own", "has a label", "has an annotation", "may run longer",
		"restricted: ", "hidden: ", "checkout: ")
	s.say(maintainer, "/pj-rehearse all")
	s.say(maintainer, "/pj-rehearse pull-edited-privileged pull-new-secret-projected pull-edited-clone-ext pull-new-preset")
	for _, r := range s.ended(2) {
		if r.State != v1alpha1.RunRejected {
			t.Errorf("the run %s is %s, want Rejected", r.ID, r.State)
		}
	}
	s.idle()
}

// inRig moves the files to the paths in the settings of the cluster.
func inRig(files map[string]string) map[string]string {
	out := map[string]string{}
	for path, content := range files {
		if path == hostile.ProwConfig {
			out[rig.ProwConfigPath] = content
			continue
		}
		out[strings.Replace(path, hostile.Jobs+"/", rig.JobsPath+"/", 1)] = content
	}
	return out
}
