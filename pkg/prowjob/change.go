package prowjob

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	utilwait "k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
)

const (
	// slowest is how many times longer than the first the longest pause between two
	// failures is.
	slowest = 30
	// believed is for how many pauses a watch that says nothing is believed.
	believed = 300
)

// backoff is for what failed: the first pause, twice as long each time, up to
// slowest. Hundreds of tasks that lose the same API server come back spread out.
func backoff(first time.Duration) utilwait.Backoff {
	return utilwait.Backoff{Duration: first, Factor: 2, Jitter: 0.5, Steps: 10, Cap: slowest * first}
}

// change waits for another version of the pod than the one that was read, or, where
// reading or watching failed, for some time.
func (f *follower) change(ctx context.Context, pod *corev1.Pod, failed error, again *utilwait.Backoff) error {
	if failed != nil {
		return Sleep(ctx, again.Step())
	}
	w, err := f.pods.Watch(ctx, metav1.ListOptions{
		FieldSelector:   fields.OneTermEqualSelector(metav1.ObjectNameField, f.name).String(),
		ResourceVersion: pod.ResourceVersion,
	})
	if err != nil {
		return Sleep(ctx, again.Step())
	}
	defer w.Stop()
	stale := time.NewTimer(believed * f.interval)
	defer stale.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-stale.C:
			return nil
		case event, ok := <-w.ResultChan():
			if !ok || event.Type == watch.Error {
				return Sleep(ctx, again.Step())
			}
			changed, isPod := event.Object.(*corev1.Pod)
			told := event.Type == watch.Added && isPod && changed.ResourceVersion == pod.ResourceVersion
			if isPod && changed.Name == f.name && !told {
				*again = backoff(f.interval)
				return nil
			}
		}
	}
}

// pause comes between two readings of a log: a container that has not started is
// waited for, and a reading that failed is tried later each time.
func (f *follower) pause(ctx context.Context, s *stream, pod *corev1.Pod, failed error, again *utilwait.Backoff) error {
	state := containerState(pod, s.container)
	switch {
	case failed == nil && state.Running == nil && state.Terminated == nil:
		return f.change(ctx, pod, nil, again)
	case failed != nil || s.failed && state.Terminated == nil:
		return Sleep(ctx, again.Step())
	}
	*again = backoff(f.interval)
	return Sleep(ctx, f.interval)
}
