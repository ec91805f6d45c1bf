package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
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

// watchFor notes when each new object fulfils a condition for the first time.
func watchFor[T metav1.Object](ctx context.Context, start func(context.Context, metav1.ListOptions) (watch.Interface, error),
	options metav1.ListOptions, fulfils func(T) bool,
) (*sightings, error) {
	w, err := start(ctx, options)
	if err != nil {
		return nil, err
	}
	s := &sightings{stop: w.Stop, news: make(chan struct{}, 1)}
	go func() {
		seen := map[types.UID]bool{}
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
