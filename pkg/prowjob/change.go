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
	// slowest is the longest pause between two failures, as a multiple of the first.
	slowest = 30
	// believed is the time after which a silent watch is replaced, as a multiple of the
	// pause.
	believed = 300
)

// backoff returns the pauses after failures: the first, doubled each time, up to slowest.
// Jitter spreads the retries of hundreds of tasks after a failure of their API server.
func backoff(first time.Duration) utilwait.Backoff {
	return utilwait.Backoff{Duration: first, Factor: 2, Jitter: 0.5, Steps: 10, Cap: slowest * first}
}

// change waits until the pod has another version than the one that was read. If reading
// or watching fails, it waits for the next pause.
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
			reported := event.Type == watch.Added && isPod && changed.ResourceVersion == pod.ResourceVersion
			if isPod && changed.Name == f.name && !reported {
				*again = backoff(f.interval)
				return nil
			}
		}
	}
}

// pause waits between two reads of a log: for the start of the container, or after a
// failed read for a pause that grows each time.
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
