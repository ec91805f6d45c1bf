package gate

import (
	"iter"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/legible"
)

// mount is a volume mount, with the variables of its container.
type mount struct {
	corev1.VolumeMount
	env  []corev1.EnvVar
	from []corev1.EnvFromSource
}

// mounts returns the mounts of a volume, in all kinds of containers.
func (g *collector) mounts(volume string) []mount {
	var out []mount
	for c := range containersOf(g.pod) {
		for _, m := range c.VolumeMounts {
			if m.Name == volume {
				out = append(out, mount{m, c.Env, c.EnvFrom})
			}
		}
	}
	return out
}

// containersOf yields the containers of all kinds.
func containersOf(pod *corev1.PodSpec) iter.Seq2[corev1.Container, string] {
	return func(yield func(corev1.Container, string) bool) {
		for _, c := range pod.InitContainers {
			if !yield(c, "initContainers") {
				return
			}
		}
		for _, c := range pod.Containers {
			if !yield(c, "containers") {
				return
			}
		}
		for _, c := range pod.EphemeralContainers {
			if !yield(corev1.Container(c.EphemeralContainerCommon), "ephemeralContainers") {
				return
			}
		}
	}
}

// part returns which part of the volume is mounted; empty for all of it. If that depends on
// variables, where lists their definitions.
func (m mount) part() (part, where string) {
	if m.SubPathExpr == "" {
		return m.SubPath, ""
	}
	needed := map[string]bool{}
	need := func(text string) {
		for _, match := range variable.FindAllStringSubmatch(text, -1) {
			needed[match[1]] = true
		}
	}
	need(m.SubPathExpr)
	for n := -1; n != len(needed); {
		n = len(needed)
		for _, e := range m.env {
			if needed[e.Name] {
				need(e.Value)
			}
		}
	}
	// A variable can use earlier ones, and a later one with the same name replaces it, so
	// the order matters.
	var all []string
	for _, e := range m.env {
		switch {
		case !needed[e.Name]:
		case e.ValueFrom != nil:
			all = append(all, legible.Word(e.Name)+" from "+text(tree(e.ValueFrom)))
		default:
			all = append(all, legible.Word(e.Name)+"="+legible.Word(e.Value))
		}
	}
	if len(needed) > 0 && len(m.from) > 0 {
		all = append(all, "others from "+text(tree(m.from)))
	}
	return m.SubPathExpr, strings.Join(all, " and ")
}

// variable matches a reference that Kubernetes expands.
var variable = regexp.MustCompile(`\$\(([^()]*)\)`)

func (m mount) grade() Grade {
	switch {
	case !m.ReadOnly:
		return Written
	case m.RecursiveReadOnly == nil:
	case *m.RecursiveReadOnly == corev1.RecursiveReadOnlyEnabled:
		return NothingToWrite
	case *m.RecursiveReadOnly == corev1.RecursiveReadOnlyIfPossible:
		return NothingToWriteIfPossible
	}
	return OnlyRead
}

// ways lists how a volume is mounted: which part, where, and whether it is writable.
func (g *collector) ways(volume string) []Use {
	var out []Use
	for _, m := range g.mounts(volume) {
		how := Use{At: m.MountPath, Grade: m.grade()}
		how.Mounted, how.Where = m.part()
		out = append(out, how)
		if p := m.MountPropagation; p != nil && *p != corev1.MountPropagationNone {
			how.Propagation = string(*p)
			out = append(out, how)
		}
	}
	if len(out) == 0 {
		return []Use{{}}
	}
	slices.SortFunc(out, Use.compare)
	return slices.Compact(out)
}
