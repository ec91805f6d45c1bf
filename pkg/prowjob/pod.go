package prowjob

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// The containers that Prow's decoration adds to a pod (pkg/pod-utils/decorate).
var decoration = map[string]bool{"sidecar": true, "clonerefs": true, "initupload": true, "place-entrypoint": true}

// mainContainers returns the names of the job's own containers.
func mainContainers(pod *corev1.Pod) []string {
	var names []string
	for _, c := range pod.Spec.Containers {
		if !decoration[c.Name] {
			names = append(names, c.Name)
		}
	}
	return names
}

// telling returns the containers whose logs explain why the job failed: a failed init
// container, else the job's failed containers, else all of the job's. The sidecar is
// included only if no other container failed: otherwise it merely passes on the job's
// failure.
func telling(pod *corev1.Pod) []string {
	for _, s := range pod.Status.InitContainerStatuses {
		if failed(s) {
			return []string{s.Name}
		}
	}
	statuses := map[string]corev1.ContainerStatus{}
	for _, s := range pod.Status.ContainerStatuses {
		statuses[s.Name] = s
	}
	var bad []string
	all := mainContainers(pod)
	for _, name := range all {
		if failed(statuses[name]) {
			bad = append(bad, name)
		}
	}
	if len(bad) > 0 {
		return bad
	}
	if s, ok := statuses["sidecar"]; ok && failed(s) {
		all = append(all, s.Name)
	}
	return all
}

func failed(s corev1.ContainerStatus) bool {
	return s.State.Terminated != nil && s.State.Terminated.ExitCode != 0
}

// waitingFor returns why the pod waits, in one line; empty if it does not.
func waitingFor(pod *corev1.Pod) string {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return strings.TrimSpace(fmt.Sprintf("%s: %s", c.Reason, c.Message))
		}
	}
	statuses := append(append([]corev1.ContainerStatus(nil), pod.Status.InitContainerStatuses...), pod.Status.ContainerStatuses...)
	for _, s := range statuses {
		w := s.State.Waiting
		if w == nil || w.Reason == "" || w.Reason == "ContainerCreating" || w.Reason == "PodInitializing" {
			continue
		}
		return strings.TrimRight(fmt.Sprintf("container %s: %s: %s", s.Name, w.Reason, w.Message), ": ")
	}
	return ""
}
