package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	pipelinev1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// watcher keeps a local copy of the cluster objects that are shown.
type watcher struct {
	// changed receives a value whenever an object has changed.
	changed                            chan struct{}
	rehearsals, pipelineRuns, prowJobs cache.Store
	blind                              string
	// lost is set while the API server does not answer.
	lost atomic.Bool
}

// lookAt watches one Rehearsal, or all if the name is empty, until the context ends.
func (c *cluster) lookAt(ctx context.Context, name string) (*watcher, error) {
	w := &watcher{changed: make(chan struct{}, 1)}
	which := metav1.ListOptions{}
	if name != "" {
		which.FieldSelector = fields.OneTermEqualSelector(metav1.ObjectNameField, name).String()
	}
	var err error
	w.rehearsals, err = follow(ctx, w, c.rehearsals, which, &v1alpha1.Rehearsal{})
	return w, c.explain(err, "watch", "rehearsals")
}

// lookAfter watches one Rehearsal with its PipelineRuns and ProwJobs.
func (c *cluster) lookAfter(ctx context.Context, rh *v1alpha1.Rehearsal) (*watcher, error) {
	w, err := c.lookAt(ctx, rh.Name)
	if err != nil {
		return nil, err
	}
	ours := metav1.ListOptions{LabelSelector: run.LabelRehearsalUID + "=" + string(rh.UID)}
	if w.pipelineRuns, err = follow(ctx, w, c.pipelineRuns, ours, &pipelinev1.PipelineRun{}); err != nil {
		return nil, c.explain(err, "watch", "pipelineruns")
	}
	namespace := c.settings(ctx).Prow.ProwJobNamespace
	w.prowJobs, err = follow(ctx, w, c.prowJobs.ProwJobs(namespace), ours, &prowapi.ProwJob{})
	if apierrors.IsForbidden(err) || apierrors.IsNotFound(err) {
		w.blind = blindTo(namespace)
		err = nil
	}
	return w, c.explain(err, "watch", "prowjobs")
}

func blindTo(namespace string) string {
	return fmt.Sprintf("The states of the jobs cannot be shown because you may not watch ProwJobs in namespace %s; the counts are correct. The Role %s there grants it.", namespace, roleViewer)
}

// source is a client for objects of one kind, whose list is L.
type source[L runtime.Object] interface {
	List(context.Context, metav1.ListOptions) (L, error)
	Watch(context.Context, metav1.ListOptions) (watch.Interface, error)
}

// follow keeps a store in sync with the objects of a kind. It returns once the store is
// in sync, or with an error if the objects cannot be read.
func follow[L runtime.Object](ctx context.Context, w *watcher, from source[L], which metav1.ListOptions, of runtime.Object) (cache.Store, error) {
	with := func(o metav1.ListOptions) metav1.ListOptions {
		o.FieldSelector, o.LabelSelector = which.FieldSelector, which.LabelSelector
		return o
	}
	// An informer retries for ever. A list finds lasting errors first.
	if _, err := from.List(ctx, with(metav1.ListOptions{Limit: 1})); err != nil {
		return nil, err
	}
	informer := cache.NewSharedIndexInformer(cache.ToListWatcherWithWatchListSemantics(&cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			list, err := from.List(ctx, with(o))
			w.lost.Store(err != nil)
			return list, err
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			found, err := from.Watch(ctx, with(o))
			w.lost.Store(err != nil)
			return found, err
		},
	}, plainLists{}), of, 0, nil)
	// The default handler writes to standard error, into the frames that we draw.
	if err := informer.SetWatchErrorHandlerWithContext(func(context.Context, *cache.Reflector, error) { w.notify() }); err != nil {
		return nil, err
	}
	changed := cache.ResourceEventHandlerFuncs{
		AddFunc: func(any) { w.notify() }, UpdateFunc: func(any, any) { w.notify() }, DeleteFunc: func(any) { w.notify() },
	}
	if _, err := informer.AddEventHandler(changed); err != nil {
		return nil, err
	}
	go informer.RunWithContext(ctx)
	if !cache.WaitForCacheSync(ctx.Done(), informer.HasSynced) {
		return nil, ctx.Err()
	}
	return informer.GetStore(), nil
}

// plainLists keeps informers from streaming lists. Streaming pays off only for large
// lists, and not every API server supports it.
type plainLists struct{}

// IsWatchListSemanticsUnSupported is called by the informer.
func (plainLists) IsWatchListSemanticsUnSupported() bool { return true }

func (w *watcher) notify() {
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

// look returns the current state.
func (w *watcher) look() *snapshot {
	s := &snapshot{rehearsals: stored[*v1alpha1.Rehearsal](w.rehearsals), pipelineRuns: stored[*pipelinev1.PipelineRun](w.pipelineRuns), blind: w.blind}
	s.keep(stored[*prowapi.ProwJob](w.prowJobs))
	return s
}

func stored[T any](store cache.Store) []T {
	var all []T
	if store == nil {
		return nil
	}
	for _, object := range store.List() {
		if typed, ok := object.(T); ok {
			all = append(all, typed)
		}
	}
	return all
}

// keep stores ProwJobs by name, and sorts the other objects.
func (s *snapshot) keep(prowJobs []*prowapi.ProwJob) {
	s.prowJobs = map[string]*prowapi.ProwJob{}
	for _, pj := range prowJobs {
		s.prowJobs[pj.Name] = pj
	}
	slices.SortFunc(s.rehearsals, func(a, b *v1alpha1.Rehearsal) int { return comparePulls(a.Spec.Pull, b.Spec.Pull) })
	slices.SortFunc(s.pipelineRuns, func(a, b *pipelinev1.PipelineRun) int { return strings.Compare(a.Name, b.Name) })
}

// glance reads the objects of a Rehearsal once.
func (c *cluster) glance(ctx context.Context, rh *v1alpha1.Rehearsal) (*snapshot, error) {
	ours := metav1.ListOptions{LabelSelector: run.LabelRehearsalUID + "=" + string(rh.UID)}
	pipelineRuns, err := c.pipelineRuns.List(ctx, ours)
	if err != nil {
		return nil, c.explain(err, "list", "pipelineruns")
	}
	s := &snapshot{rehearsals: []*v1alpha1.Rehearsal{rh}}
	for i := range pipelineRuns.Items {
		s.pipelineRuns = append(s.pipelineRuns, &pipelineRuns.Items[i])
	}
	namespace := c.settings(ctx).Prow.ProwJobNamespace
	list, err := c.prowJobs.ProwJobs(namespace).List(ctx, ours)
	if apierrors.IsForbidden(err) || apierrors.IsNotFound(err) {
		s.blind, err, list = blindTo(namespace), nil, &prowapi.ProwJobList{}
	}
	if err != nil {
		return nil, c.explain(err, "list", "prowjobs")
	}
	var prowJobs []*prowapi.ProwJob
	for i := range list.Items {
		prowJobs = append(prowJobs, &list.Items[i])
	}
	s.keep(prowJobs)
	return s, nil
}
