//go:build integration

package plane

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// TestUpgradeAndRollback upgrades an installation from the commit in REHEARSAL_UPGRADE_FROM
// to the present one and back, while stories run: first config/, then the programs one
// after the other.
func TestUpgradeAndRollback(t *testing.T) {
	from := os.Getenv("REHEARSAL_UPGRADE_FROM")
	if from == "" {
		t.Skip("builds another version: set REHEARSAL_UPGRADE_FROM to a commit")
	}
	root, err := rig.FindRoot()
	if err != nil {
		t.Fatal(err)
	}
	old := filepath.Join(t.TempDir(), "old")
	if out, err := exec.Command("git", "-C", root, "worktree", "add", "--detach", old, from).CombinedOutput(); err != nil {
		t.Skipf("the history is not here: %v\n%s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("git", "-C", root, "worktree", "remove", "--force", old).Run() })
	releases := []release{{name: "the earlier one", root: old}, {name: "the present one", root: root}}
	for i := range releases {
		releases[i].programs = filepath.Join(t.TempDir(), "programs")
		if err := Build(t.Context(), releases[i].root, releases[i].programs); err != nil {
			t.Fatal(err)
		}
	}
	p := Start(t, Options{
		Root: old, Programs: releases[0].programs, Controllers: 1, Receivers: 1, Tasks: Tasks{Jobs: true, Report: true},
		Jobs: StoryJobs, Verdict: StoryVerdict, Settings: storySettings,
	})
	l := newTeller(t, p, 6)
	for i := range 4 {
		l.keep()
		time.Sleep(15 * time.Second) // so that some stories are half done
		to := releases[(i+1)%2]
		p.rollTo(to)
		t.Logf("%s runs now; %d stories began", to.name, l.next)
	}
	l.keep()
	t.Log(l.end())
}

// release is a version of everything that is installed.
type release struct{ name, root, programs string }

// rollTo replaces the running release by another one, like kubectl apply with two
// Deployments: each new process starts before the old one ends.
func (p *Plane) rollTo(r release) {
	p.t.Helper()
	p.check(p.applyConfig(r.root))
	p.check(p.publishWebhook())
	p.Programs = r.programs // of tasks that start from now on
	receivers, controllers := p.Receivers, p.Controllers
	_, err := p.AddReceiver(r.programs)
	p.check(err)
	_, err = p.AddController(r.programs)
	p.check(err)
	time.Sleep(5 * time.Second) // until they are ready
	for _, gone := range append(append([]*Replica{}, receivers...), controllers...) {
		gone.Terminate()
	}
}
