package gate

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// neverPulled adds the images that are never pulled from a registry.
func (g *collector) neverPulled() {
	for i, c := range numbered(g.pod) {
		if c.ImagePullPolicy == corev1.PullNever {
			g.add(RulePullSecret, i+".imagePullPolicy", Use{Kind: KindCached, Name: repositoryOf(c.Image)})
		}
	}
}

// numbered yields the containers of all kinds with their paths.
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

// cached lists the images that the head may take from a node's cache without the right to
// pull them: other images of a registry for which the job has a pull secret at base, but
// none in the head. With a pull secret, they are requested by pulls.
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

// ownerOf returns the images that a pull secret probably opens: those of the same registry,
// and for docker.io of the same owner.
func ownerOf(image string) string {
	host, path, _ := strings.Cut(repositoryOf(image), "/")
	owner, _, _ := strings.Cut(path, "/")
	if host != "docker.io" {
		return host
	}
	return host + "/" + owner
}

// askedAlways reports whether the image is pulled every time. By Kubernetes' default, this
// is so for images without a tag and for the tag latest.
func askedAlways(c corev1.Container) bool {
	if c.ImagePullPolicy != "" {
		return c.ImagePullPolicy == corev1.PullAlways
	}
	name, _, pinned := strings.Cut(c.Image, "@")
	tag := strings.LastIndexByte(name, ':')
	return !pinned && (tag <= strings.LastIndexByte(name, '/') || name[tag+1:] == "latest")
}
