package gate

import (
	"cmp"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
)

const (
	// defaultMaxTimeout is Prow's own default for a job.
	defaultMaxTimeout = 24 * time.Hour
	// maxGrace is the longest grace period: a job can go on for this long after it was
	// aborted.
	maxGrace = time.Hour
)

// overCaps lists the limits that a job exceeds, unless every base job does so at least as
// much.
func (c Config) overCaps(change Change) []Ask {
	var out []Ask
	longest := cmp.Or(c.MaxTimeout, defaultMaxTimeout)
	always := graces(prowapi.ProwJobSpec{DecorationConfig: change.Decoration})
	over := func(of func(prowapi.ProwJobSpec) map[string]time.Duration, bound time.Duration) {
		for path, own := range of(change.Head.Spec) {
			// Prow treats a time-out that is not positive as no time-out.
			if own > 0 && own <= bound || longer(always[path], own) || everyBase(change, func(b Job) bool { return longer(of(b.Spec)[path], own) }) {
				continue
			}
			out = append(out, Ask{Rule: RuleTimeout, Path: path, Use: Use{Amount: own.String()}})
		}
	}
	over(timeouts, longest)
	over(graces, maxGrace)
	total := totals(change.Head.Spec)
	out = append(out, moreDevices(change, total)...)
	for _, name := range sortedKeys(c.MaxResources) {
		most := c.MaxResources[name]
		own, asks := total[name]
		if !asks || own.Cmp(most) <= 0 {
			continue
		}
		if everyBase(change, func(b Job) bool { had := totals(b.Spec)[name]; return had.Cmp(own) >= 0 }) {
			continue
		}
		out = append(out, Ask{Rule: RuleResources, Path: "resources", Use: Use{Name: name, Amount: own.String()}})
	}
	return out
}

// moreDevices lists the devices of which a job requests more than at base.
func moreDevices(change Change, total map[string]resource.Quantity) []Ask {
	var out []Ask
	for _, name := range sortedKeys(total) {
		own := total[name]
		enough := func(b Job) bool { had, has := totals(b.Spec)[name]; return !has || had.Cmp(own) >= 0 }
		if len(change.Base) > 0 && !allows(plainResources, name) && !everyBase(change, enough) {
			out = append(out, Ask{Rule: RuleDevice, Path: "resources", Use: Use{Name: name, Amount: own.String()}})
		}
	}
	return out
}

// everyBase reports whether there are base jobs, all in the head's cluster, and all of them
// have something.
func everyBase(change Change, has func(Job) bool) bool {
	return len(change.Base) > 0 && !slices.ContainsFunc(change.Base, func(b Job) bool {
		return b.cluster() != change.Head.cluster() || !has(b)
	})
}

// longer reports whether had is a time-out at least as long as own.
func longer(had, own time.Duration) bool { return had != 0 && (had < 0 || own > 0 && had >= own) }

// timeouts returns how long a job may run, by field.
func timeouts(spec prowapi.ProwJobSpec) map[string]time.Duration {
	out := map[string]time.Duration{}
	dc, pod := spec.DecorationConfig, spec.PodSpec
	if dc != nil && dc.PodRunningTimeout != nil {
		out["decoration_config.pod_running_timeout"] = dc.PodRunningTimeout.Duration
	}
	limited := len(out) > 0
	if pod != nil && pod.ActiveDeadlineSeconds != nil {
		out["pod_spec.activeDeadlineSeconds"] = seconds(*pod.ActiveDeadlineSeconds)
		limited = true
	}
	switch {
	case dc != nil && dc.Timeout != nil:
		out["decoration_config.timeout"] = dc.Timeout.Duration
	case !limited && pod != nil:
		// Without any limit, only the end of the run stops the job.
		out["decoration_config.timeout"] = defaultMaxTimeout
	}
	return out
}

// graces returns how long a job may take to stop, by field.
func graces(spec prowapi.ProwJobSpec) map[string]time.Duration {
	out := map[string]time.Duration{}
	if dc := spec.DecorationConfig; dc != nil && dc.GracePeriod.Get() != 0 {
		out["decoration_config.grace_period"] = dc.GracePeriod.Get()
	}
	if pod := spec.PodSpec; pod != nil && pod.TerminationGracePeriodSeconds != nil && *pod.TerminationGracePeriodSeconds != 0 {
		out["pod_spec.terminationGracePeriodSeconds"] = seconds(*pod.TerminationGracePeriodSeconds)
	}
	return out
}

// seconds converts to a duration, limited to ten years, because more could overflow.
func seconds(n int64) time.Duration {
	return time.Duration(min(n, int64(10*365*24*time.Hour/time.Second))) * time.Second
}

// totals returns, for each resource, the larger of the pod's total requests and total
// limits, including Prow's own containers.
func totals(spec prowapi.ProwJobSpec) map[string]resource.Quantity {
	pod := spec.PodSpec
	requests, limits := corev1.ResourceList{}, corev1.ResourceList{}
	sum := func(into, list corev1.ResourceList) {
		for name, quantity := range list {
			if quantity.Sign() > 0 {
				have := into[name]
				have.Add(quantity)
				into[name] = have
			}
		}
	}
	out := map[string]resource.Quantity{}
	if pod == nil {
		return out
	}
	for _, r := range containerResources(spec) {
		sum(requests, requested(r))
		sum(limits, r.Limits)
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

// requested returns a container's requests; a resource without one is requested at its
// limit.
func requested(r corev1.ResourceRequirements) corev1.ResourceList {
	out := corev1.ResourceList{}
	maps.Copy(out, r.Limits)
	maps.Copy(out, r.Requests)
	return out
}

// containerResources returns the resources of all containers of a job, including Prow's
// own, with the memory request that Prow sets by default.
func containerResources(spec prowapi.ProwJobSpec) []corev1.ResourceRequirements {
	var out []corev1.ResourceRequirements
	for _, c := range spec.PodSpec.InitContainers {
		out = append(out, c.Resources)
	}
	dc := spec.DecorationConfig
	for _, c := range spec.PodSpec.Containers {
		r := *c.Resources.DeepCopy()
		if _, has := r.Requests[corev1.ResourceMemory]; !has && dc != nil && dc.DefaultMemoryRequest != nil {
			r.Requests = requested(corev1.ResourceRequirements{Limits: corev1.ResourceList{corev1.ResourceMemory: *dc.DefaultMemoryRequest}, Requests: r.Requests})
		}
		out = append(out, r)
	}
	for _, c := range spec.PodSpec.EphemeralContainers {
		out = append(out, c.Resources)
	}
	if dc == nil || dc.Resources == nil {
		return out
	}
	for _, r := range []*corev1.ResourceRequirements{dc.Resources.CloneRefs, dc.Resources.InitUpload, dc.Resources.PlaceEntrypoint, dc.Resources.Sidecar} {
		if r != nil {
			out = append(out, *r)
		}
	}
	return out
}
