package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// span is when the first and the last of several objects reached a stage.
type span struct{ first, last time.Duration }

// stages are the stages of the pods of a PipelineRun's tasks.
type stages struct{ created, scheduled, started, running span }

// watchStages watches the pods of tasks through their stages.
func watchStages(ctx context.Context, kube kubernetes.Interface, namespace, selector string) (*sightings, error) {
	return watchFor(ctx, kube.CoreV1().Pods(namespace), selector, exists[*corev1.Pod], podScheduled, podStarted)
}

// read waits until n pods have started.
func (s *stages) read(ctx context.Context, pods *sightings, n int, begin time.Time) error {
	for stage, into := range []*span{&s.created, &s.scheduled, &s.started} {
		var err error
		if *into, err = pods.wait(ctx, stage, n, begin); err != nil {
			return fmt.Errorf("pods of tasks: %w", err)
		}
	}
	return nil
}

// exists is a stage that every object has reached.
func exists[T any](T) bool { return true }

func podScheduled(pod *corev1.Pod) bool { return pod.Spec.NodeName != "" }

// podStarted reports whether a container of the pod has started.
func podStarted(pod *corev1.Pod) bool {
	for _, c := range pod.Status.ContainerStatuses {
		if c.State.Running != nil || c.State.Terminated != nil {
			return true
		}
	}
	return false
}

// processes returns when the programs of finished steps started: Tekton starts them in
// containers that have existed for a while.
func processes(ctx context.Context, kube kubernetes.Interface, namespace, selector string, n int, begin time.Time) (span, error) {
	pods, err := kube.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return span{}, err
	}
	var times []time.Time
	for _, pod := range pods.Items {
		for _, c := range pod.Status.ContainerStatuses {
			if at, ok := programStarted(c.State.Terminated); ok && at.After(begin) {
				times = append(times, at)
			}
		}
	}
	if len(times) < n {
		return span{}, fmt.Errorf("%d of %d programs say when they began", len(times), n)
	}
	slices.SortFunc(times, func(a, b time.Time) int { return cmp.Compare(a.UnixNano(), b.UnixNano()) })
	return span{first: times[0].Sub(begin), last: times[n-1].Sub(begin)}, nil
}

// programStarted reads the message of Tekton's entrypoint.
func programStarted(end *corev1.ContainerStateTerminated) (time.Time, bool) {
	if end == nil {
		return time.Time{}, false
	}
	var said []struct{ Key, Value string }
	if err := json.Unmarshal([]byte(end.Message), &said); err != nil {
		return time.Time{}, false
	}
	for _, line := range said {
		if line.Key == "StartedAt" {
			at, err := time.Parse(time.RFC3339Nano, line.Value)
			return at, err == nil
		}
	}
	return time.Time{}, false
}
