//go:build integration

package plane

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
	"github.com/rehearsal-dev/rehearsal/test/github"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// samplePause is the time between two measurements of the programs.
const samplePause = 5 * time.Second

// most is the maximum growth of a measured value from the second to the last third of the
// time. Caches fill up in the first third.
const most = 1.05

// remembered is the maximum time for which an ended story is kept: sweeps read the comments
// of the last minutes again.
const remembered = 8 * time.Minute

// TestLoad runs stories for the duration in REHEARSAL_SOAK. Each is removed some time after
// its end, like a pull request that has been closed for a week. Neither goroutines nor
// memory grow meanwhile, and nothing is left at the end.
func TestLoad(t *testing.T) {
	span, err := time.ParseDuration(os.Getenv("REHEARSAL_SOAK"))
	if err != nil {
		t.Skip("takes minutes: set REHEARSAL_SOAK")
	}
	p := startStories(t, 1, 1)
	l, ended := newTeller(t, p, 8), &endedStories{}
	l.after = ended.add
	taken := map[string][]float64{}
	for end := time.Now().Add(span); time.Now().Before(end) && !t.Failed(); time.Sleep(samplePause) {
		l.keep()
		p.check(ended.forget(t.Context(), min(span/6, remembered)))
		now, err := p.taken(t.Context())
		p.check(err)
		for what, n := range now {
			taken[what] = append(taken[what], n)
		}
	}
	t.Log(l.end())
	for _, what := range slices.Sorted(maps.Keys(taken)) {
		all := taken[what]
		if len(all) < 3 {
			t.Fatalf("%d looks are too few", len(all))
		}
		second, last := all[len(all)/3:len(all)*2/3], all[len(all)*2/3:]
		before, after := low(second), low(last)
		t.Logf("%s: %.4g, and %.4g in the end: %.3f (at their highest %.4g and %.4g)", what, before, after, after/before, slices.Max(second), slices.Max(last))
		if after > before*most {
			t.Errorf("%s grow", what)
		}
	}
	p.check(ended.forget(t.Context(), 0))
	p.nothingLeft()
}

// endedStories are the stories that are to be removed.
type endedStories struct {
	mu   sync.Mutex
	list []endedStory
}

type endedStory struct {
	*Story
	at time.Time
}

func (e *endedStories) add(s *Story) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = append(e.list, endedStory{s, time.Now()})
	return nil
}

// forget removes the stories that ended at least this long ago.
func (e *endedStories) forget(ctx context.Context, after time.Duration) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	for len(e.list) > 0 && time.Since(e.list[0].at) >= after {
		if err := e.list[0].forget(ctx); err != nil {
			return err
		}
		e.list = e.list[1:]
	}
	return nil
}

// taken measures the programs. For memory, it takes the goal of the next garbage
// collection, which is twice the memory in use after the last one. GitHub's responses in
// the controller's cache are subtracted, because the cache does not reach its limit within
// an hour.
func (p *Plane) taken(ctx context.Context) (map[string]float64, error) {
	controller, err := rig.Scrape(ctx, p.Controllers[0].Metrics)
	if err != nil {
		return nil, err
	}
	receiver, err := rig.Scrape(ctx, p.Receivers[0].Metrics)
	if err != nil {
		return nil, err
	}
	if controller["rehearsal_github_answers_bytes"] == nil {
		return nil, errors.New("the controller does not say how large the answers are that it keeps")
	}
	return map[string]float64{
		"goroutines of the controller": controller.Sum("go_goroutine_count"),
		"bytes of the controller":      controller.Sum("go_memory_gc_goal_bytes") - 2*controller.Sum("rehearsal_github_answers_bytes"),
		"goroutines of the receiver":   receiver.Sum("go_goroutine_count"), "bytes of the receiver": receiver.Sum("go_memory_gc_goal_bytes"),
	}, nil
}

// low is the value when little is happening: a tenth of the measurements are lower. Memory
// that is allocated while the garbage collector runs counts as in use, and on a busy
// machine it runs for long. A leak raises this value as well.
func low(of []float64) float64 { return slices.Sorted(slices.Values(of))[len(of)/10] }

// forget closes the pull request if it is open, and removes everything about it, including
// what Tekton, sinker and the garbage collector would remove.
func (s *Story) forget(ctx context.Context) error {
	rh, err := s.rehearsal(ctx)
	if err != nil {
		return err
	}
	if rh.Status.Pull.Open {
		if _, err := s.p.Hub.ClosePull(ctx, github.PullAction{PullID: s.Pull.PullID}); err != nil {
			return err
		}
		// A later webhook would be about an unknown pull request.
		if _, err := s.p.Hub.WaitDeliveries(ctx, github.None{}); err != nil {
			return err
		}
	}
	if err := s.p.Rehearsals.RehearsalV1alpha1().Rehearsals(rig.Namespace).Delete(ctx, rh.Name, metav1.DeleteOptions{}); err != nil {
		return err
	}
	its := metav1.ListOptions{LabelSelector: run.LabelRehearsalUID + "=" + string(rh.UID)}
	for _, remove := range []func(context.Context, metav1.DeleteOptions, metav1.ListOptions) error{
		s.p.Tekton.TektonV1().PipelineRuns(rig.Namespace).DeleteCollection,
		s.p.Tekton.TektonV1().TaskRuns(rig.Namespace).DeleteCollection,
		s.p.Kube.CoreV1().ConfigMaps(rig.Namespace).DeleteCollection,
		s.p.Prow.ProwV1().ProwJobs(rig.ProwJobNamespace).DeleteCollection,
	} {
		if err := remove(ctx, metav1.DeleteOptions{}, its); err != nil {
			return err
		}
	}
	return nil
}

// nothingLeft waits until no Rehearsal is left. Sweeps may create one again.
func (p *Plane) nothingLeft() {
	p.t.Helper()
	rehearsals := p.Rehearsals.RehearsalV1alpha1().Rehearsals(rig.Namespace)
	p.check(rig.Until(p.ctx, storyTime, "all Rehearsals to be gone", func(ctx context.Context) (string, bool, error) {
		if err := rehearsals.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{}); err != nil {
			return "", false, err
		}
		list, err := rehearsals.List(ctx, metav1.ListOptions{})
		if err != nil {
			return "", false, err
		}
		return fmt.Sprintf("%d Rehearsals", len(list.Items)), len(list.Items) == 0, nil
	}))
}
