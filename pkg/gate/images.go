package gate

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// neverPulled adds the images for which no registry is ever asked.
func (g *collector) neverPulled() {
	for i, c := range numbered(g.pod) {
		if c.ImagePullPolicy == corev1.PullNever {
			g.add(RulePullSecret, i+".imagePullPolicy", Use{Kind: KindCached, Name: repositoryOf(c.Image)})
		}
	}
}

// numbered yields the containers of all kinds by where they are.
func numbered(pod *corev1.PodSpec) func(func(string, corev1.Container) bool) {
	return func(yield func(string, corev1.Container) bool) {
		count := map[string]int{}
		for c, kind := range containersOf(pod) {
			if !yield(fmt.Sprintf("pod_spec.%s[%d]", kind, count[kind]), c) {
				return
			}
			count[kind]++
		}
	}
}

// cached lists the images that the head may take from a node without the right to
// pull them: others of a registry for which the job has a pull secret at base, and
// none in the head. With one, they are asked about as what it opens.
func cached(change Change) []Ask {
	head := change.Head.Spec.PodSpec
	if head == nil || len(head.ImagePullSecrets) > 0 {
		return nil
	}
	var closed, known []string
	for _, base := range change.Base {
		pod := base.Spec.PodSpec
		if pod == nil {
			continue
		}
		for c := range containersOf(pod) {
			known = append(known, repositoryOf(c.Image))
			if len(pod.ImagePullSecrets) > 0 {
				closed = append(closed, ownerOf(c.Image))
			}
		}
	}
	var out []Ask
	for at, c := range numbered(head) {
		if askedAlways(c) || !slices.Contains(closed, ownerOf(c.Image)) || slices.Contains(known, repositoryOf(c.Image)) {
			continue
		}
		out = append(out, Ask{Rule: RulePullSecret, Path: at + ".imagePullPolicy", Use: Use{Kind: KindCached, Name: repositoryOf(c.Image)}})
	}
	return out
}

// ownerOf is where images are that the same pull secret opens: their registry and,
// in the one that everybody uses, whose they are.
func ownerOf(image string) string {
	host, path, _ := strings.Cut(repositoryOf(image), "/")
	owner, _, _ := strings.Cut(path, "/")
	if host != "docker.io" {
		return host
	}
	return host + "/" + owner
}

// askedAlways says whether the registry is asked each time, as Kubernetes has it
// where nothing is said: for what has no tag, or the tag latest.
func askedAlways(c corev1.Container) bool {
	if c.ImagePullPolicy != "" {
		return c.ImagePullPolicy == corev1.PullAlways
	}
	name, _, pinned := strings.Cut(c.Image, "@")
	tag := strings.LastIndexByte(name, ':')
	return !pinned && (tag <= strings.LastIndexByte(name, '/') || name[tag+1:] == "latest")
}
