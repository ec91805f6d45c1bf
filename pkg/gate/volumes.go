package gate

import (
	"fmt"
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
			g.add(ruleHostPath, path, word(text(m["path"]))+kindOf(m["type"])+how)
		}
	default:
		for _, how := range g.ways(name) {
			g.add(ruleVolume, path, kind+" "+text(v)+how)
		}
	}
}

// tokenFor follows the service account whose token is for others than the API
// server, lasting one that is good for longer than usual, pullFor the secret that an
// image is pulled with.
const (
	tokenFor = " for "
	lasting  = ", lasting "
	pullFor  = " for "
)

// usualToken is how long a token is good for where nobody says, in seconds.
const usualToken = 3600

// tokenOf adds a token that is mounted, and that it is good for long.
func (g *collector) tokenOf(at string, from map[string]any) {
	value := g.account()
	if audience := from["audience"]; !empty(audience) {
		value += tokenFor + word(text(audience))
	}
	g.add(ruleToken, at, value)
	if n, ok := from["expirationSeconds"].(float64); ok && n > usualToken {
		g.add(ruleToken, at+".expirationSeconds", value+lasting+seconds(int64(n)).String())
	}
}

// pulls adds the images that a pull secret opens: what it is good for at base is
// no word for whatever else it opens.
func (g *collector) pulls(path string, v any) {
	list, _ := v.([]any)
	var images []string
	for c := range containersOf(g.pod) {
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
	return " (" + word(text(v)) + ")"
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
				g.tokenOf(at, from)
			default:
				g.add(ruleVolume, at, kind+" "+text(source[kind]))
			}
		}
	}
}

// secret adds the keys of a secret that the pod can read, or all of it.
func (g *collector) secret(path, name string, items any, mounts []mount) {
	keys := []string{}
	list, _ := items.([]any)
	for _, item := range list {
		m, _ := item.(map[string]any)
		keys = append(keys, text(m["key"]))
	}
	if len(keys) == 0 {
		for _, mount := range mounts {
			part := mount.part()
			if part == "" {
				keys = nil
				break
			}
			keys = append(keys, part)
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
