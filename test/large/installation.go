package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/prowjob"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// installation has everything that runs.
type installation struct {
	plane       *plane
	world       *world
	node        *kubelet
	bins        string
	credentials string
	programs    map[string]*program
	// metrics is the URL of our controller's metrics.
	metrics string
}

func newInstallation(ctx context.Context, dir string, o options) (*installation, error) {
	i := &installation{bins: o.bins, credentials: filepath.Join(dir, "github"), programs: map[string]*program{}}
	token, secret := rig.Random(), rig.Random()
	if err := os.Mkdir(i.credentials, 0o700); err != nil {
		return i, err
	}
	if err := os.WriteFile(filepath.Join(i.credentials, "token"), []byte(token), 0o600); err != nil {
		return i, err
	}
	var err error
	if i.plane, err = startPlane(dir); err != nil {
		return i, err
	}
	say("makes the config repositories")
	if i.world, err = newWorld(ctx, dir, token, o); err != nil {
		return i, err
	}
	port, err := rig.FreePort()
	if err != nil {
		return i, err
	}
	settings := o.settings(i.world.hub.URL())
	if err := i.plane.install(ctx, port, settings); err != nil {
		return i, err
	}
	say("starts the programs")
	if err := i.startTekton(); err != nil {
		return i, err
	}
	if err := i.startProw(); err != nil {
		return i, err
	}
	if err := i.startController(port); err != nil {
		return i, err
	}
	if err := i.startNode(ctx, o); err != nil {
		return i, err
	}
	url, err := i.startReceiver(settings, secret)
	if err != nil {
		return i, err
	}
	return i, i.world.hook(ctx, url, secret)
}

// settings are the defaults, except for the size of selections, for quotas that allow the
// runs, and for the limits of writes: GitHub's limits would stretch the measurement over
// hours.
func (o options) settings(hub string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "github: {endpoint: %s/api/v3, git_endpoint: %s, writes: {per_minute: 10000, per_hour: 100000}}\n", hub, hub)
	fmt.Fprintf(&b, "prow: {prowjob_namespace: %s, pod_namespace: %s}\n", rig.ProwJobNamespace, rig.PodNamespace)
	fmt.Fprintf(&b, "defaults: {limits: {sample: %d}}\n", max(o.largeJobs, o.jobs))
	if o.sweep > 0 {
		fmt.Fprintf(&b, "sweep_interval: %s\n", o.sweep)
	}
	b.WriteString("repositories:\n")
	for i := range o.repositories {
		fmt.Fprintf(&b, "- {repo: %s/%s, prow_config: %s, job_config: %s, plugin_config: %s}\n", org, repoName(i), rig.ProwConfigPath, rig.JobsPath, rig.PluginsPath)
	}
	return b.String()
}

// stop stops everything, our programs first.
func (i *installation) stop() {
	for _, name := range []string{"receiver", "controller", "prow", "tekton"} {
		if p := i.programs[name]; p != nil {
			p.stop()
		}
	}
	if i.node != nil {
		i.node.work.Wait()
		i.node.logs.CloseClientConnections()
	}
	if i.world != nil {
		_ = i.world.hub.Close() // its data is not needed
	}
	if i.plane != nil {
		_ = i.plane.stop() // nor is this
	}
}

// lookAgain is the interval of polling.
const lookAgain = time.Second

// rehearsals returns all Rehearsals from the API server's cache.
func (i *installation) rehearsals(ctx context.Context) ([]v1alpha1.Rehearsal, error) {
	list, err := i.plane.rehearsals.RehearsalV1alpha1().Rehearsals(rig.Namespace).List(ctx, metav1.ListOptions{ResourceVersion: "0"})
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

// waitShown waits until every pull request has its comment.
func (i *installation) waitShown(ctx context.Context, n int) error {
	return i.until(ctx, "the comments with the affected jobs", func(ctx context.Context) (string, bool, error) {
		all, err := i.rehearsals(ctx)
		shown := 0
		for _, rh := range all {
			if rh.Status.Plan != nil && rh.Status.Plan.Shown != nil {
				shown++
			}
		}
		return fmt.Sprintf("%d of %d", shown, n), shown == n, err
	})
}

// runs counts the runs in progress and those that are over.
func (i *installation) runs(ctx context.Context) (active, done int, err error) {
	all, err := i.rehearsals(ctx)
	for _, rh := range all {
		for _, r := range rh.Status.Runs {
			if r.State.Done() {
				done++
			} else if r.State == v1alpha1.RunRunning {
				active++
			}
		}
	}
	return active, done, err
}

// prowJobs counts the ProwJobs of runs, or of one Rehearsal if it is named. It only reads
// metadata, from the API server's cache, so that the measurement does not measure itself.
func (i *installation) prowJobs(ctx context.Context, of string) (int, error) {
	selector := run.LabelRun
	if of != "" {
		selector = run.LabelRehearsal + "=" + of
	}
	list, err := i.plane.metadata.Resource(prowapi.SchemeGroupVersion.WithResource("prowjobs")).Namespace(rig.ProwJobNamespace).
		List(ctx, metav1.ListOptions{LabelSelector: selector, ResourceVersion: "0"})
	if err != nil {
		return 0, err
	}
	return len(list.Items), nil
}

func (i *installation) until(ctx context.Context, what string, look func(context.Context) (string, bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		found, ok, err := look(ctx)
		if err == nil {
			err = i.dead()
		}
		if ok || err != nil {
			return err
		}
		progress(what, found)
		if err := prowjob.Sleep(ctx, lookAgain); err != nil {
			return fmt.Errorf("waited %s for %s; last seen: %s", patience, what, found)
		}
	}
}
