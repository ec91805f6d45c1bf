package gate

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
)

// defaultMaxTimeout is Prow's own default for a job.
const defaultMaxTimeout = 24 * time.Hour

// overCaps lists in what a job is over a bound, and more so than at base.
func (c Config) overCaps(change Change) []Ask {
	var out []Ask
	bound := cmp.Or(c.MaxTimeout, defaultMaxTimeout)
	for path, own := range timeouts(change.Head.Spec) {
		// Prow takes a time-out that is not positive for none.
		if own > 0 && own <= bound || everyBase(change, func(b Job) bool { return longer(timeouts(b.Spec)[path], own) }) {
			continue
		}
		out = append(out, Ask{Rule: ruleTimeout, Path: path, Value: own.String()})
	}
	total := totals(change.Head.Spec.PodSpec)
	for _, name := range sortedKeys(c.MaxResources) {
		most := c.MaxResources[name]
		own, asks := total[name]
		if !asks || own.Cmp(most) <= 0 {
			continue
		}
		if everyBase(change, func(b Job) bool { had := totals(b.Spec.PodSpec)[name]; return had.Cmp(own) >= 0 }) {
			continue
		}
		out = append(out, Ask{Rule: ruleResources, Path: "pod_spec.containers.resources", Value: fmt.Sprintf("%s: %s", name, own.String())})
	}
	return out
}

// everyBase says whether all jobs of base that stand for the head's, in its own
// cluster, have something.
func everyBase(change Change, has func(Job) bool) bool {
	return len(change.Base) > 0 && !slices.ContainsFunc(change.Base, func(b Job) bool {
		return b.cluster() != change.Head.cluster() || !has(b)
	})
}

// longer says whether had is a time-out that is no shorter than own.
func longer(had, own time.Duration) bool { return had != 0 && (had < 0 || own > 0 && had >= own) }

// timeouts are what a job says itself about how long it may run, by field.
func timeouts(spec prowapi.ProwJobSpec) map[string]time.Duration {
	out := map[string]time.Duration{}
	if dc := spec.DecorationConfig; dc != nil {
		if dc.Timeout != nil {
			out["decoration_config.timeout"] = dc.Timeout.Duration
		}
		if dc.PodRunningTimeout != nil {
			out["decoration_config.pod_running_timeout"] = dc.PodRunningTimeout.Duration
		}
	}
	if pod := spec.PodSpec; pod != nil && pod.ActiveDeadlineSeconds != nil {
		seconds := min(*pod.ActiveDeadlineSeconds, int64(10*365*24*time.Hour/time.Second))
		out["pod_spec.activeDeadlineSeconds"] = time.Duration(seconds) * time.Second
	}
	return out
}

// totals are the larger of what all containers of a pod request and are limited
// to together.
func totals(pod *corev1.PodSpec) map[string]resource.Quantity {
	requests, limits := corev1.ResourceList{}, corev1.ResourceList{}
	sum := func(into, list corev1.ResourceList) {
		for name, quantity := range list {
			have := into[name]
			have.Add(quantity)
			into[name] = have
		}
	}
	out := map[string]resource.Quantity{}
	if pod == nil {
		return out
	}
	for _, c := range slices.Concat(pod.InitContainers, pod.Containers) {
		sum(requests, c.Resources.Requests)
		sum(limits, c.Resources.Limits)
	}
	for _, c := range pod.EphemeralContainers {
		sum(requests, c.Resources.Requests)
		sum(limits, c.Resources.Limits)
	}
	lists := []corev1.ResourceList{requests, limits}
	if r := pod.Resources; r != nil {
		lists = append(lists, r.Requests, r.Limits)
	}
	for _, list := range lists {
		for name, quantity := range list {
			if have, ok := out[string(name)]; !ok || quantity.Cmp(have) > 0 {
				out[string(name)] = quantity
			}
		}
	}
	return out
}
