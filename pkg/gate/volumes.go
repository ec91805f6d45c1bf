package gate

import (
	"fmt"
	"iter"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// volumes adds what the volumes of the pod give it.
func (g *collector) volumes(path string, v any) {
	list, _ := v.([]any)
	for i, element := range list {
		volume, _ := element.(map[string]any)
		name := text(volume["name"])
		at := fmt.Sprintf("%s[%d]", path, i)
		for _, kind := range sortedKeys(volume) {
			if kind != "name" {
				g.volume(at+"."+kind, name, kind, volume[kind])
			}
		}
	}
}

// volume adds what one source of a volume gives. Kinds that are not known to be
// harmless are not.
func (g *collector) volume(path, name, kind string, v any) {
	m, _ := v.(map[string]any)
	switch kind {
	case "emptyDir", "downwardAPI":
	case "configMap":
		g.configMap(path, v)
	case "secret":
		g.secret(path, text(m["secretName"]), m["items"], g.mounts(name))
	case "projected":
		g.projected(path, m)
	case "hostPath":
		for _, how := range g.ways(name) {
			g.add(ruleHostPath, path, text(m["path"])+kindOf(m["type"])+how)
		}
	default:
		for _, how := range g.ways(name) {
			g.add(ruleVolume, path, kind+" "+text(v)+how)
		}
	}
}

// tokenFor follows the service account whose token is for others than the API
// server, pullFor the secret that an image is pulled with.
const (
	tokenFor = " for "
	pullFor  = " for "
)

// pulls adds the images that a pull secret opens: what it is good for at base is
// no word for whatever else it opens.
func (g *collector) pulls(path string, v any) {
	list, _ := v.([]any)
	var images []string
	for _, c := range slices.Concat(g.pod.InitContainers, g.pod.Containers) {
		images = append(images, repositoryOf(c.Image))
	}
	for i, element := range list {
		m, _ := element.(map[string]any)
		for _, image := range images {
			g.add(rulePullSecret, fmt.Sprintf("%s[%d]", path, i), text(m["name"])+pullFor+image)
		}
	}
}

func kindOf(v any) string {
	if empty(v) {
		return ""
	}
	return " (" + text(v) + ")"
}

func (g *collector) projected(path string, m map[string]any) {
	for _, key := range sortedKeys(m) {
		if key != "sources" && key != "defaultMode" {
			g.add(ruleUnknown, path+"."+key, key+": "+text(m[key]))
		}
	}
	sources, _ := m["sources"].([]any)
	for i, element := range sources {
		source, _ := element.(map[string]any)
		for _, kind := range sortedKeys(source) {
			at := fmt.Sprintf("%s.sources[%d].%s", path, i, kind)
			from, _ := source[kind].(map[string]any)
			switch kind {
			case "downwardAPI":
			case "configMap":
				g.configMap(at, source[kind])
			case "secret":
				g.secret(at, text(from["name"]), from["items"], nil)
			case "serviceAccountToken":
				value := g.account()
				if audience := from["audience"]; !empty(audience) {
					value += tokenFor + text(audience)
				}
				g.add(ruleToken, at, value)
			default:
				g.add(ruleVolume, at, kind+" "+text(source[kind]))
			}
		}
	}
}

// secret adds the keys of a secret that the pod can read, or all of it.
func (g *collector) secret(path, name string, items any, mounts []corev1.VolumeMount) {
	keys := []string{}
	list, _ := items.([]any)
	for _, item := range list {
		m, _ := item.(map[string]any)
		keys = append(keys, text(m["key"]))
	}
	if len(keys) == 0 {
		for _, mount := range mounts {
			if mount.SubPath == "" {
				keys = nil
				break
			}
			keys = append(keys, mount.SubPath)
		}
	}
	if len(keys) == 0 {
		g.add(ruleSecret, path, name)
		return
	}
	slices.Sort(keys)
	for _, key := range slices.Compact(keys) {
		g.add(ruleSecret, path, name+"/"+key)
	}
}

// secretKey adds a secret that is read into the environment.
func (g *collector) secretKey(path string, v any) {
	m, _ := v.(map[string]any)
	value := text(m["name"])
	if key := m["key"]; !empty(key) {
		value += "/" + text(key)
	}
	g.add(ruleSecret, path, value)
}

func (g *collector) configMap(path string, v any) {
	m, _ := v.(map[string]any)
	if name := text(m["name"]); !slices.Contains(g.own, name) {
		g.add(ruleConfigMap, path, name)
	}
}

// mounted looks at the name of a volume that a container mounts. One that the pod
// does not have is of decoration, which keeps credentials in some.
func (g *collector) mounted(path string, v any) {
	name := text(v)
	if !slices.ContainsFunc(g.pod.Volumes, func(v corev1.Volume) bool { return v.Name == name }) {
		g.add(ruleVolume, path, "the volume "+name+" of the decoration")
	}
}

// mounts are the mounts of a volume, in all kinds of containers.
func (g *collector) mounts(volume string) []corev1.VolumeMount {
	var out []corev1.VolumeMount
	for list := range mountLists(g.pod) {
		for _, m := range list {
			if m.Name == volume {
				out = append(out, m)
			}
		}
	}
	return out
}

func mountLists(pod *corev1.PodSpec) iter.Seq[[]corev1.VolumeMount] {
	return func(yield func([]corev1.VolumeMount) bool) {
		for _, c := range slices.Concat(pod.InitContainers, pod.Containers) {
			if !yield(c.VolumeMounts) {
				return
			}
		}
		for _, c := range pod.EphemeralContainers {
			if !yield(c.VolumeMounts) {
				return
			}
		}
	}
}

// toWriteTo ends what is said of a volume that is not only read.
const toWriteTo = ", to write to"

// ways are the ways in which a volume is mounted: which part, and whether it can
// be written to.
func (g *collector) ways(volume string) []string {
	var out []string
	for _, m := range g.mounts(volume) {
		how := ""
		if part := m.SubPath + m.SubPathExpr; part != "" {
			how += ", " + part + " of it"
		}
		if !m.ReadOnly {
			how += toWriteTo
		}
		out = append(out, how)
	}
	if len(out) == 0 {
		return []string{""}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
