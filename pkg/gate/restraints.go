package gate

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
)

// powers are the privileges that become more dangerous in a less confined pod.
var powers = []Rule{
	RuleHost, RuleHostPath, RulePrivileged, RuleCapability, RuleConfinement, RuleSysctl, RuleVolume, RuleDevice,
}

// loosened lists the restraints that a job has at base and no longer has, and the users and
// groups that it does not have at base. They only matter for powers, because base grants
// these together with its restraints. Other jobs need no permission to be without
// restraints: every pod is by default. Used is everything that the head uses.
func loosened(change Change, used []Ask) []Ask {
	if !slices.ContainsFunc(used, func(a Ask) bool { return slices.Contains(powers, a.Rule) }) {
		return nil
	}
	kept := restraints(change.Head.Spec)
	var out []Ask
	for _, base := range change.Base {
		out = append(out, otherwise(change.Head.Spec, base.Spec)...)
		for _, r := range restraints(base.Spec) {
			all := Ask{RuleConfinement, r.Path, Use{Kind: KindDropped, Name: "ALL"}}
			if slices.Contains(kept, r) || r.Kind == KindDropped && slices.Contains(kept, all) {
				continue
			}
			r.Lost = true
			out = append(out, r)
		}
	}
	return out
}

// restraints lists what confines all containers of a job's pod, and where it runs.
func restraints(spec prowapi.ProwJobSpec) []Ask {
	if spec.PodSpec == nil {
		return nil
	}
	pod := asDecorated(spec)
	var out []Ask
	add := func(is bool, path string, use Use) {
		if is {
			out = append(out, Ask{RuleConfinement, "pod_spec." + path, use})
		}
	}
	add(pod.HostUsers != nil && !*pod.HostUsers, "hostUsers", Use{Kind: KindUserNamespace})
	if class := pod.RuntimeClassName; class != nil {
		add(*class != "", "runtimeClassName", Use{Kind: KindRuntimeClass, Name: *class})
	}
	for _, key := range sortedKeys(pod.NodeSelector) {
		add(true, "nodeSelector", Use{Kind: KindNodeSelector, Name: key, Part: pod.NodeSelector[key]})
	}
	if a := pod.Affinity; a != nil && a.NodeAffinity != nil {
		if required := a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution; required != nil {
			add(true, "affinity.nodeAffinity", Use{Kind: KindNodeAffinity, Name: text(tree(required))})
		}
	}
	if a := pod.Affinity; a != nil && a.PodAffinity != nil {
		for _, term := range a.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution {
			add(true, "affinity.podAffinity", Use{Kind: KindPodAffinity, Name: text(tree(term))})
		}
	}
	if a := pod.Affinity; a != nil && a.PodAntiAffinity != nil {
		for _, term := range a.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution {
			add(true, "affinity.podAntiAffinity", Use{Kind: KindAntiAffinity, Name: text(tree(term))})
		}
	}
	if policy := pod.SecurityContext.SupplementalGroupsPolicy; policy != nil {
		add(*policy == corev1.SupplementalGroupsPolicyStrict, "securityContext.supplementalGroupsPolicy", Use{Kind: KindNoImageGroups})
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

// asDecorated returns the pod with the restraints that decoration adds.
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

// containerRestraints lists what confines one container: its own settings override those of
// the pod.
func containerRestraints(pod *corev1.PodSecurityContext, own *corev1.SecurityContext) []Ask {
	if own == nil {
		own = &corev1.SecurityContext{}
	}
	var out []Ask
	add := func(is bool, kind Kind, name string) {
		if is {
			out = append(out, Ask{RuleConfinement, containersPath, Use{Kind: kind, Name: name}})
		}
	}
	user, nonRoot := first(own.RunAsUser, pod.RunAsUser), first(own.RunAsNonRoot, pod.RunAsNonRoot)
	add(user != nil && *user != 0 || nonRoot != nil && *nonRoot, KindNotRoot, "")
	add(own.AllowPrivilegeEscalation != nil && !*own.AllowPrivilegeEscalation, KindNoEscalation, "")
	if p := first(own.SeccompProfile, pod.SeccompProfile); p != nil {
		add(p.Type != corev1.SeccompProfileTypeUnconfined, KindSeccomp, text(tree(p)))
	}
	if p := first(own.AppArmorProfile, pod.AppArmorProfile); p != nil {
		add(p.Type != corev1.AppArmorProfileTypeUnconfined, KindAppArmor, text(tree(p)))
	}
	if o := first(own.SELinuxOptions, pod.SELinuxOptions); o != nil {
		add(true, KindSELinux, text(tree(o)))
	}
	if o := first(own.WindowsOptions, pod.WindowsOptions); o != nil {
		add(o.RunAsUserName != nil, KindWindows, text(tree(o)))
	}
	add(own.ReadOnlyRootFilesystem != nil && *own.ReadOnlyRootFilesystem, KindReadOnlyRoot, "")
	if own.Capabilities != nil {
		for _, name := range own.Capabilities.Drop {
			add(true, KindDropped, string(name))
		}
	}
	return out
}

// first returns the first of two that is set.
func first[T any](a, b *T) *T {
	if a != nil {
		return a
	}
	return b
}
