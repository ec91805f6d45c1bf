package gate

import (
	"iter"
	"regexp"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// mount is a volume mount, with what its container knows by name.
type mount struct {
	corev1.VolumeMount
	env  []corev1.EnvVar
	from []corev1.EnvFromSource
}

// mounts are the mounts of a volume, in all kinds of containers.
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

// part is which part of the volume is mounted; empty for all of it. Where that
// depends on variables, what these are belongs to it.
func (m mount) part() string {
	if m.SubPathExpr == "" {
		return word(m.SubPath)
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
	// A variable knows those before it, and another of its name takes its place, so
	// the order counts.
	var where []string
	for _, e := range m.env {
		switch {
		case !needed[e.Name]:
		case e.ValueFrom != nil:
			where = append(where, word(e.Name)+" from "+text(tree(e.ValueFrom)))
		default:
			where = append(where, word(e.Name)+"="+word(e.Value))
		}
	}
	if len(needed) > 0 && len(m.from) > 0 {
		where = append(where, "others from "+text(tree(m.from)))
	}
	if len(where) == 0 {
		return word(m.SubPathExpr)
	}
	return word(m.SubPathExpr) + " where " + strings.Join(where, " and ")
}

// variable is how a name is referred to where Kubernetes expands it.
var variable = regexp.MustCompile(`\$\(([^()]*)\)`)

// plainWord is text that cannot be mistaken for the words around it.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9._/:@$()~+=#%-]*$`)

// word is text as a part of a sentence, quoted where it might be taken for more.
func word(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return strconv.Quote(s)
}

// grades end what is said of a mount, from the least that it is good for to the
// most: the first two are of volumes that have others mounted in them.
var grades = []string{", with nothing in it to write to", ", with nothing in it to write to where that can be had", "", toWriteTo}

// toWriteTo ends what is said of a volume that is not only read.
const (
	toWriteTo = ", to write to"
	onlyRead  = 2
)

func (m mount) grade() string {
	switch {
	case !m.ReadOnly:
		return toWriteTo
	case m.RecursiveReadOnly == nil:
	case *m.RecursiveReadOnly == corev1.RecursiveReadOnlyEnabled:
		return grades[0]
	case *m.RecursiveReadOnly == corev1.RecursiveReadOnlyIfPossible:
		return grades[1]
	}
	return grades[onlyRead]
}

// graded splits what is said of a mount from what it is good for.
func graded(value string) (what string, grade int) {
	for i, end := range grades {
		if cut, ok := strings.CutSuffix(value, end); ok && end != "" {
			return cut, i
		}
	}
	return value, onlyRead
}

// ways are the ways in which a volume is mounted: which part of it, where, and
// whether it can be written to.
func (g *collector) ways(volume string) []string {
	var out []string
	for _, m := range g.mounts(volume) {
		how := ", at " + word(m.MountPath)
		if part := m.part(); part != "" {
			how = ", " + part + " of it" + how
		}
		out = append(out, how+m.grade())
		if p := m.MountPropagation; p != nil && *p != corev1.MountPropagationNone {
			out = append(out, how+", with mount propagation "+word(string(*p))+m.grade())
		}
	}
	if len(out) == 0 {
		return []string{""}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
