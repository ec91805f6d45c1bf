package gate

import (
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
)

// identity is the user and the groups with which a container uses the powers of its pod.
type identity struct {
	user, group *int64
	// groups are the supplementary groups.
	groups []int64
	// root says that the container can become any user.
	root bool
	// message is the path of the termination message; empty for the default path.
	message string
}

// identities returns the identities of all containers of a job.
func identities(spec prowapi.ProwJobSpec) []identity {
	if spec.PodSpec == nil {
		return nil
	}
	pod := asDecorated(spec)
	var out []identity
	for c := range containersOf(pod) {
		own := c.SecurityContext
		if own == nil {
			own = &corev1.SecurityContext{}
		}
		id := identity{user: first(own.RunAsUser, pod.SecurityContext.RunAsUser), group: first(own.RunAsGroup, pod.SecurityContext.RunAsGroup)}
		id.groups = slices.Clone(pod.SecurityContext.SupplementalGroups)
		if g := pod.SecurityContext.FSGroup; g != nil {
			id.groups = append(id.groups, *g)
		}
		id.root = id.user != nil && *id.user == 0 && (own.Capabilities == nil || !slices.ContainsFunc(own.Capabilities.Drop, func(name corev1.Capability) bool {
			return name == "ALL" || name == "SETUID" || name == "CAP_SETUID"
		}))
		if c.TerminationMessagePath != corev1.TerminationMessagePathDefault {
			id.message = c.TerminationMessagePath
		}
		out = append(out, id)
	}
	return out
}

// beyond lists in what an identity exceeds another. A user that the pod does not set is
// chosen by the image, and a job may use any image.
func (id identity) beyond(base identity) []Ask {
	var out []Ask
	add := func(is bool, kind Kind, name string) {
		if is {
			out = append(out, Ask{RuleConfinement, containersPath, Use{Kind: kind, Name: name}})
		}
	}
	if base.user != nil && !base.root {
		add(id.user == nil, KindImageUser, "")
		add(id.user != nil && *id.user != *base.user, KindUser, number(id.user))
	}
	in := func(group int64) bool {
		return base.group != nil && group == *base.group || slices.Contains(base.groups, group)
	}
	add(base.group != nil && id.group == nil, KindImageGroup, "")
	add(id.group != nil && !in(*id.group), KindGroup, number(id.group))
	for _, group := range id.groups {
		add(!in(group), KindGroup, number(&group))
	}
	add(id.message != "" && id.message != base.message, KindMessagePath, id.message)
	return out
}

func number(p *int64) string {
	if p == nil {
		return ""
	}
	return strconv.FormatInt(*p, 10)
}

// otherwise lists in what the containers of a job exceed every identity at base.
func otherwise(head, base prowapi.ProwJobSpec) []Ask {
	var out []Ask
	had := identities(base)
	for _, id := range identities(head) {
		var least []Ask
		for i, other := range had {
			if more := id.beyond(other); i == 0 || len(more) < len(least) {
				least = more
			}
		}
		out = append(out, least...)
	}
	return out
}
