package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"
)

// patience is how long anything may take on a busy machine.
const patience = 15 * time.Minute

// sightings are the times at which objects were first seen to be as wanted.
type sightings struct {
	stop  func()
	mutex sync.Mutex
	times []time.Time
	news  chan struct{}
}

// list is what a generated client lists.
type list interface {
	runtime.Object
	metav1.ListInterface
}

// objects is one kind of objects in one namespace, as a generated client has it.
type objects[L list] interface {
	List(context.Context, metav1.ListOptions) (L, error)
	Watch(context.Context, metav1.ListOptions) (watch.Interface, error)
}

// watchFor notes when each object that is not there yet fulfils a condition for the
// first time.
func watchFor[L list, T metav1.Object](ctx context.Context, client objects[L], selector string, fulfils func(T) bool) (*sightings, error) {
	there, err := client.List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil, err
	}
	seen := map[types.UID]bool{}
	err = meta.EachListItem(there, func(o runtime.Object) error {
		object, err := meta.Accessor(o)
		if err == nil {
			seen[object.GetUID()] = true
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	w, err := watchtools.NewRetryWatcherWithContext(ctx, there.GetResourceVersion(), &cache.ListWatch{
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			o.LabelSelector = selector
			return client.Watch(ctx, o)
		},
	})
	if err != nil {
		return nil, err
	}
	s := &sightings{stop: w.Stop, news: make(chan struct{}, 1)}
	go func() {
		for e := range w.ResultChan() {
			object, ok := e.Object.(T)
			if !ok || e.Type == watch.Deleted || seen[object.GetUID()] || !fulfils(object) {
				continue
			}
			seen[object.GetUID()] = true
			s.add(time.Now())
		}
	}()
	return s, nil
}

func (s *sightings) add(at time.Time) {
	s.mutex.Lock()
	s.times = append(s.times, at)
	s.mutex.Unlock()
	select {
	case s.news <- struct{}{}:
	default:
	}
}

// last waits until n objects were seen since begin, and returns after how long the
// last of these was.
func (s *sightings) last(ctx context.Context, n int, begin time.Time) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		s.mutex.Lock()
		var since []time.Time
		for _, at := range s.times {
			if at.After(begin) {
				since = append(since, at)
			}
		}
		s.mutex.Unlock()
		if len(since) >= n {
			return since[n-1].Sub(begin), nil
		}
		select {
		case <-s.news:
		case <-ctx.Done():
			return 0, fmt.Errorf("%d of %d were seen in time: %w", len(since), n, ctx.Err())
		}
	}
}
