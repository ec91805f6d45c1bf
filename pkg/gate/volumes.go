package gate

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// volumes adds what the volumes of the pod grant.
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

// volume adds what one source of a volume grants. Unknown kinds are not harmless.
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
			how.Name, how.Part = text(m["path"]), said(m["type"])
			g.add(RuleHostPath, path, how)
		}
	default:
		for _, how := range g.ways(name) {
			how.Name, how.Part = kind, text(v)
			g.add(RuleVolume, path, how)
		}
	}
}

// usualToken is the default lifetime of a token, in seconds.
const usualToken = 3600

// tokenOf adds a token that is mounted, and its lifetime if it is longer than usual.
func (g *collector) tokenOf(at string, from map[string]any) {
	use := Use{Name: g.account(), For: said(from["audience"])}
	g.add(RuleToken, at, use)
	if n, ok := from["expirationSeconds"].(float64); ok && n > usualToken {
		use.Amount = seconds(int64(n)).String()
		g.add(RuleToken, at+".expirationSeconds", use)
	}
}

// pulls adds the images that a pull secret opens: that base grants it for some images is no
// grant for others.
func (g *collector) pulls(path string, v any) {
	list, _ := v.([]any)
	var images []string
	for c := range containersOf(g.pod) {
		images = append(images, repositoryOf(c.Image))
	}
	for i, element := range list {
		m, _ := element.(map[string]any)
		for _, image := range images {
			g.add(RulePullSecret, fmt.Sprintf("%s[%d]", path, i), Use{Name: text(m["name"]), For: image})
		}
	}
}

func (g *collector) projected(path string, m map[string]any) {
	for _, key := range sortedKeys(m) {
		if key != "sources" && key != "defaultMode" {
			g.add(RuleUnknown, path+"."+key, Use{Name: key, Part: text(m[key])})
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
				g.add(RuleVolume, at, Use{Name: kind, Part: text(source[kind])})
			}
		}
	}
}

// secret adds the keys of a secret that the pod can read, or the whole secret.
func (g *collector) secret(path, name string, items any, mounts []mount) {
	var parts []Use
	list, _ := items.([]any)
	for _, item := range list {
		m, _ := item.(map[string]any)
		parts = append(parts, Use{Kind: KindKey, Name: name, Part: text(m["key"])})
	}
	if len(parts) == 0 {
		for _, mount := range mounts {
			part, where := mount.part()
			if part == "" {
				parts = nil
				break
			}
			parts = append(parts, Use{Kind: KindKey, Name: name, Part: part, Where: where})
		}
	}
	if len(parts) == 0 {
		g.add(RuleSecret, path, Use{Name: name})
		return
	}
	slices.SortFunc(parts, Use.compare)
	for _, use := range slices.Compact(parts) {
		g.add(RuleSecret, path, use)
	}
}

// secretKey adds a secret that is read into the environment.
func (g *collector) secretKey(path string, v any) {
	m, _ := v.(map[string]any)
	use := Use{Name: text(m["name"])}
	if key := m["key"]; !empty(key) {
		use.Kind, use.Part = KindKey, text(key)
	}
	g.add(RuleSecret, path, use)
}

func (g *collector) configMap(path string, v any) {
	m, _ := v.(map[string]any)
	if name := text(m["name"]); !slices.Contains(g.own, name) {
		g.add(RuleConfigMap, path, Use{Name: name})
	}
}

// mounted checks the name of a volume that a container mounts. A volume that the pod does
// not define comes from the decoration, which keeps credentials in some volumes.
func (g *collector) mounted(path string, v any) {
	name := text(v)
	if !slices.ContainsFunc(g.pod.Volumes, func(v corev1.Volume) bool { return v.Name == name }) {
		g.add(RuleVolume, path, Use{Kind: KindDecoration, Name: name})
	}
}
