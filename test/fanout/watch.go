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

// patience is the time limit for any condition on a busy machine.
const patience = 15 * time.Minute

// sightings are the times at which objects were first observed in each of several stages.
type sightings struct {
	stop  func()
	mutex sync.Mutex
	times [][]time.Time // by stage, in order
	news  chan struct{}
}

// list is the list type of a generated client.
type list interface {
	runtime.Object
	metav1.ListInterface
}

// objects is one kind of objects in one namespace, as provided by a generated client.
type objects[L list] interface {
	List(context.Context, metav1.ListOptions) (L, error)
	Watch(context.Context, metav1.ListOptions) (watch.Interface, error)
}

// watchFor records when each new object reaches each stage.
func watchFor[L list, T metav1.Object](ctx context.Context, client objects[L], selector string, stages ...func(T) bool) (*sightings, error) {
	there, err := client.List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil, err
	}
	old := map[types.UID]bool{}
	err = meta.EachListItem(there, func(o runtime.Object) error {
		object, err := meta.Accessor(o)
		if err == nil {
			old[object.GetUID()] = true
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
	s := &sightings{stop: w.Stop, times: make([][]time.Time, len(stages)), news: make(chan struct{}, 1)}
	go func() {
		past := map[types.UID]int{} // how many stages an object has reached
		for e := range w.ResultChan() {
			object, ok := e.Object.(T)
			if !ok || e.Type == watch.Deleted || old[object.GetUID()] {
				continue
			}
			uid := object.GetUID()
			for ; past[uid] < len(stages) && stages[past[uid]](object); past[uid]++ {
				s.add(past[uid], time.Now())
			}
		}
	}()
	return s, nil
}

func (s *sightings) add(stage int, at time.Time) {
	s.mutex.Lock()
	s.times[stage] = append(s.times[stage], at)
	s.mutex.Unlock()
	select {
	case s.news <- struct{}{}:
	default:
	}
}

// wait waits until n objects have reached a stage, and returns when the first and the last
// of them did, relative to begin.
func (s *sightings) wait(ctx context.Context, stage, n int, begin time.Time) (span, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		s.mutex.Lock()
		times := s.times[stage]
		s.mutex.Unlock()
		if len(times) >= n {
			return span{first: times[0].Sub(begin), last: times[n-1].Sub(begin)}, nil
		}
		select {
		case <-s.news:
		case <-ctx.Done():
			return span{}, fmt.Errorf("%d of %d were seen in time: %w", len(times), n, ctx.Err())
		}
	}
}
