package prowjob

import (
	"context"
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/pager"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
	prowclient "sigs.k8s.io/prow/pkg/client/clientset/versioned/typed/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// listPage is how many ProwJobs are read at a time: each may be near 100 KiB.
const listPage = 100

// Slim removes large fields from a ProwJob that are not needed to watch it: its pod's
// spec, and the managed fields. It changes pj.
func Slim(pj *prowapi.ProwJob) {
	pj.ManagedFields = nil
	pj.Spec.PodSpec, pj.Spec.DecorationConfig = nil, nil
	pj.Spec.PipelineRunSpec, pj.Spec.TektonPipelineRunSpec, pj.Spec.JenkinsSpec = nil, nil, nil
}

// slim returns a copy without the fields that Slim removes.
func slim(pj *prowapi.ProwJob) *prowapi.ProwJob {
	kept := *pj
	Slim(&kept)
	return &kept
}

// selector selects the ProwJobs of a run, and those of the runs that it has joined.
func selector(m run.Manifest) string {
	runs := sets.New(m.Name)
	for _, job := range m.Jobs {
		if job.Run != "" {
			runs.Insert(job.Run)
		}
	}
	return run.LabelRun + " in (" + strings.Join(sets.List(runs), ",") + ")"
}

// List reads the ProwJobs of a run by label, in pages, and returns slim copies by name.
// The version of the list is for a watch from there on. Only ProwJobs that the manifest
// names count: a rerun from Deck copies the labels.
func List(ctx context.Context, client prowclient.ProwJobInterface, m run.Manifest) (found map[string]*prowapi.ProwJob, version string, err error) {
	wanted := namesIn(m)
	found = map[string]*prowapi.ProwJob{}
	pages := pager.New(func(ctx context.Context, opts metav1.ListOptions) (runtime.Object, error) {
		list, err := client.List(ctx, opts)
		if err != nil {
			return nil, err
		}
		version = list.ResourceVersion
		return list, nil
	})
	pages.PageSize = listPage
	err = pages.EachListItem(ctx, metav1.ListOptions{LabelSelector: selector(m)}, func(o runtime.Object) error {
		if pj, ok := o.(*prowapi.ProwJob); ok && wanted.Has(pj.Name) {
			found[pj.Name] = slim(pj)
		}
		return nil
	})
	if err != nil {
		return nil, "", fmt.Errorf("listing the ProwJobs of run %s: %w", m.Name, err)
	}
	return found, version, nil
}

func namesIn(m run.Manifest) sets.Set[string] {
	names := sets.New[string]()
	for _, job := range m.Jobs {
		names.Insert(job.ProwJob)
	}
	return names
}

// Following keeps the ProwJobs of a run up to date with one list and a watch. It is for
// one goroutine.
type Following struct {
	client   prowclient.ProwJobInterface
	manifest run.Manifest
	wanted   sets.Set[string]
	seen     map[string]*prowapi.ProwJob
	events   watch.Interface
	cancel   context.CancelFunc
	// failed counts the watches that ended before their first event.
	failed int
}

// maxFollowPause bounds the time between two lists while watches fail.
const maxFollowPause = 30 * time.Second

// Follow starts to follow the ProwJobs of a run. It makes no call.
func Follow(client prowclient.ProwJobInterface, m run.Manifest) *Following {
	return &Following{client: client, manifest: m, wanted: namesIn(m)}
}

// Look returns the current outcomes and ProwJobs, in the order of the manifest. It lists
// if it is the first call or the watch has ended.
func (f *Following) Look(ctx context.Context) ([]run.Outcome, []*prowapi.ProwJob, error) {
	if f.events == nil {
		seen, version, err := List(ctx, f.client, f.manifest)
		if err != nil {
			return nil, nil, err
		}
		f.seen = seen
		f.watch(ctx, version)
	}
	outcomes, jobs := observe(f.manifest, f.seen)
	return outcomes, jobs, nil
}

// watch starts a watch that outlives the context of the Look that starts it.
func (f *Following) watch(ctx context.Context, version string) {
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	begun := context.AfterFunc(ctx, cancel)
	events, err := f.client.Watch(own, metav1.ListOptions{
		LabelSelector: selector(f.manifest), ResourceVersion: version, AllowWatchBookmarks: true,
	})
	begun()
	if err != nil {
		cancel()
		f.failed++
		return
	}
	f.events, f.cancel = events, cancel
}

// Wait processes events for a duration, or for longer if watches fail.
func (f *Following) Wait(ctx context.Context, d time.Duration) error {
	if f.events == nil {
		return f.pause(ctx, d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
			return nil
		case event, ok := <-f.events.ResultChan():
			if !ok || !f.take(event) {
				f.Stop()
				f.failed++
				return f.pause(ctx, d)
			}
		}
	}
}

// pause waits longer each time that a watch fails, up to maxFollowPause.
func (f *Following) pause(ctx context.Context, d time.Duration) error {
	return Sleep(ctx, min(d<<min(f.failed, 10), max(maxFollowPause, d)))
}

// take processes an event. It returns false if the watch must be replaced.
func (f *Following) take(event watch.Event) bool {
	pj, ok := event.Object.(*prowapi.ProwJob)
	if !ok {
		return false
	}
	f.failed = 0
	switch event.Type {
	case watch.Added, watch.Modified:
		if f.wanted.Has(pj.Name) {
			f.seen[pj.Name] = slim(pj)
		}
	case watch.Deleted:
		delete(f.seen, pj.Name)
	}
	return true
}

// Stop ends the watch.
func (f *Following) Stop() {
	if f.events != nil {
		f.events.Stop()
		f.cancel()
		f.events = nil
	}
}

// observe returns the outcomes of a run's jobs and their ProwJobs, in the order of the
// manifest. A job without a ProwJob has nil.
func observe(m run.Manifest, seen map[string]*prowapi.ProwJob) ([]run.Outcome, []*prowapi.ProwJob) {
	outcomes, jobs := make([]run.Outcome, len(m.Jobs)), make([]*prowapi.ProwJob, len(m.Jobs))
	for i, job := range m.Jobs {
		jobs[i] = seen[job.ProwJob]
		outcomes[i] = Observe(job, jobs[i])
	}
	return outcomes, jobs
}
