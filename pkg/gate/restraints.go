package gate

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
)

// powers are the kinds of privileges that go further the less confines the pod.
var powers = []string{
	ruleHost, ruleHostPath, rulePrivileged, ruleCapability, ruleConfinement, ruleSysctl, ruleVolume, ruleDevice,
}

// loosened lists what confines a job at base and does not any more, and as whom it
// is what it is not at base. That matters
// for the powers that base grants it as confined as it is there, and to no other
// job: by itself it is what every pod is without a word. Used is all that the head
// uses.
func loosened(change Change, used []Ask) []Ask {
	if !slices.ContainsFunc(used, func(a Ask) bool { return slices.Contains(powers, a.Rule) }) {
		return nil
	}
	kept := restraints(change.Head.Spec)
	var out []Ask
	for _, base := range change.Base {
		out = append(out, otherwise(change.Head.Spec, base.Spec)...)
		for _, r := range restraints(base.Spec) {
			all := Ask{Rule: ruleConfinement, Path: r.Path, Value: withoutCapability + "ALL"}
			if slices.Contains(kept, r) || strings.HasPrefix(r.Value, withoutCapability) && slices.Contains(kept, all) {
				continue
			}
			r.Value = "no longer " + r.Value
			out = append(out, r)
		}
	}
	return out
}

const withoutCapability = "without the capability "

// restraints are what confines all containers of a job's pod, and where it runs.
func restraints(spec prowapi.ProwJobSpec) []Ask {
	if spec.PodSpec == nil {
		return nil
	}
	pod := asDecorated(spec)
	var out []Ask
	add := func(is bool, path, what string) {
		if is {
			out = append(out, Ask{Rule: ruleConfinement, Path: "pod_spec." + path, Value: what})
		}
	}
	add(pod.HostUsers != nil && !*pod.HostUsers, "hostUsers", "in a user namespace")
	if class := pod.RuntimeClassName; class != nil {
		add(*class != "", "runtimeClassName", "in the runtime class "+*class)
	}
	for _, key := range sortedKeys(pod.NodeSelector) {
		add(true, "nodeSelector", "on nodes with "+key+"="+pod.NodeSelector[key])
	}
	if a := pod.Affinity; a != nil && a.NodeAffinity != nil {
		if required := a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution; required != nil {
			add(true, "affinity.nodeAffinity", "on nodes that fit "+text(tree(required)))
		}
	}
	if a := pod.Affinity; a != nil && a.PodAffinity != nil {
		for _, term := range a.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution {
			add(true, "affinity.podAffinity", "near pods that fit "+text(tree(term)))
		}
	}
	if a := pod.Affinity; a != nil && a.PodAntiAffinity != nil {
		for _, term := range a.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution {
			add(true, "affinity.podAntiAffinity", "away from pods that fit "+text(tree(term)))
		}
	}
	if policy := pod.SecurityContext.SupplementalGroupsPolicy; policy != nil {
		add(*policy == corev1.SupplementalGroupsPolicyStrict, "securityContext.supplementalGroupsPolicy", "in no groups that its image names")
	}
	i := -1
	for c := range containersOf(pod) {
		i++
		own := containerRestraints(pod.SecurityContext, c.SecurityContext)
		if i == 0 {
			out = append(out, own...)
			continue
		}
		out = slices.DeleteFunc(out, func(r Ask) bool {
			return strings.HasPrefix(r.Path, containersPath) && !slices.Contains(own, r)
		})
	}
	return out
}

// asDecorated is the pod with what decoration fills in of what confines it.
func asDecorated(spec prowapi.ProwJobSpec) *corev1.PodSpec {
	pod, dc := spec.PodSpec.DeepCopy(), spec.DecorationConfig
	if pod.SecurityContext == nil {
		pod.SecurityContext = &corev1.PodSecurityContext{}
	}
	if dc == nil {
		return pod
	}
	sc := pod.SecurityContext
	sc.RunAsUser, sc.RunAsGroup, sc.FSGroup = first(sc.RunAsUser, dc.RunAsUser), first(sc.RunAsGroup, dc.RunAsGroup), first(sc.FSGroup, dc.FsGroup)
	if pod.Affinity == nil && dc.SchedulingOptions != nil {
		pod.Affinity = dc.SchedulingOptions.Affinity
	}
	return pod
}

const containersPath = "pod_spec.containers.securityContext"

// containerRestraints are what confines one container: its own settings count
// before those of the pod.
func containerRestraints(pod *corev1.PodSecurityContext, own *corev1.SecurityContext) []Ask {
	if own == nil {
		own = &corev1.SecurityContext{}
	}
	var out []Ask
	add := func(is bool, what string) {
		if is {
			out = append(out, Ask{Rule: ruleConfinement, Path: containersPath, Value: what})
		}
	}
	user, nonRoot := first(own.RunAsUser, pod.RunAsUser), first(own.RunAsNonRoot, pod.RunAsNonRoot)
	add(user != nil && *user != 0 || nonRoot != nil && *nonRoot, "as another user than root")
	add(own.AllowPrivilegeEscalation != nil && !*own.AllowPrivilegeEscalation, "kept from more privileges")
	if p := first(own.SeccompProfile, pod.SeccompProfile); p != nil {
		add(p.Type != corev1.SeccompProfileTypeUnconfined, "with the seccomp profile "+text(tree(p)))
	}
	if p := first(own.AppArmorProfile, pod.AppArmorProfile); p != nil {
		add(p.Type != corev1.AppArmorProfileTypeUnconfined, "with the AppArmor profile "+text(tree(p)))
	}
	if o := first(own.SELinuxOptions, pod.SELinuxOptions); o != nil {
		add(true, "with SELinux "+text(tree(o)))
	}
	if o := first(own.WindowsOptions, pod.WindowsOptions); o != nil {
		add(o.RunAsUserName != nil, "with Windows "+text(tree(o)))
	}
	add(own.ReadOnlyRootFilesystem != nil && *own.ReadOnlyRootFilesystem, "with files that it cannot write to")
	if own.Capabilities != nil {
		for _, name := range own.Capabilities.Drop {
			add(true, withoutCapability+string(name))
		}
	}
	return out
}

// first is the first of two that is set.
func first[T any](a, b *T) *T {
	if a != nil {
		return a
	}
	return b
}
