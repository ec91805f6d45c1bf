package gate

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
	"sigs.k8s.io/yaml"
)

func FuzzAsks(f *testing.F) {
	for _, tc := range asking {
		for _, kind := range containerKinds {
			f.Add(strings.ReplaceAll(tc.spec, "CONTAINER", kind), "")
		}
	}
	f.Add("", "pod_spec: {hostNetwork: true}")
	f.Fuzz(func(t *testing.T, head, base string) {
		var before, after prowapi.ProwJobSpec
		if yaml.Unmarshal([]byte(head), &after) != nil || yaml.Unmarshal([]byte(base), &before) != nil {
			return
		}
		h, b := Job{Spec: after}, Job{Spec: before}
		if f := Check(Config{}, Change{Head: h, Base: []Job{h}}); len(f.Asks) > 0 {
			t.Fatalf("the same job asks for %+v", f.Asks)
		}
		finding := Check(Config{}, Change{Head: h, Base: []Job{b}})
		if finding.Excluded != "" {
			return
		}
		for _, grave := range gravest(after.PodSpec) {
			if slices.Contains(gravest(before.PodSpec), grave) {
				continue
			}
			if len(finding.Asks) == 0 {
				t.Fatalf("%s is let through", grave)
			}
		}
	})
}

// gravest lists, independently of the gate, what it must never overlook.
func gravest(pod *corev1.PodSpec) []string {
	if pod == nil {
		return nil
	}
	var out []string
	add := func(is bool, format string, args ...any) {
		if is {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	add(pod.HostNetwork, "network")
	add(pod.HostPID, "pid")
	add(pod.HostIPC, "ipc")
	add(pod.ServiceAccountName != "", "account %s", pod.ServiceAccountName)
	add(pod.NodeName != "", "node %s", pod.NodeName)
	for _, v := range pod.Volumes {
		add(v.HostPath != nil, "host path %v", v.HostPath)
		add(v.Secret != nil, "secret %v", v.Secret)
		add(v.CSI != nil, "csi %v", v.CSI)
	}
	containers := slices.Concat(pod.InitContainers, pod.Containers)
	for _, e := range pod.EphemeralContainers {
		containers = append(containers, corev1.Container(e.EphemeralContainerCommon))
	}
	for _, c := range containers {
		for _, from := range c.EnvFrom {
			add(from.SecretRef != nil, "environment %v", from.SecretRef)
		}
		if sc := c.SecurityContext; sc != nil {
			add(sc.Privileged != nil && *sc.Privileged, "privileged")
			if sc.Capabilities != nil {
				for _, name := range sc.Capabilities.Add {
					add(true, "capability %s", name)
				}
			}
		}
	}
	return out
}
